"""A fan-out is measured end to end: the server, a client in a process of its own, the judgement."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bench.fanout.certificate import made
from bench.fanout.processes import BenchmarkError, Client, measure, server
from bench.fanout.server import whole_request

CLIENTS = ["ours", "floor", "boto3_threads"]


def client(module: str) -> Client:
    return Client(module, [sys.executable, "-m", f"bench.fanout.clients.{module}"], posts=40)


@pytest.mark.parametrize("module", CLIENTS)
def test_every_post_of_a_client_arrives_signed_and_once(module: str) -> None:
    with server() as running:
        job = replace(running.job(40), warm_up=10, batch=30)
        used = measure(client(module), job)
        assert 0 < used.cpu_seconds < 60
        assert running.check(job) > 0


def test_posts_arrive_over_tls_too(tmp_path: Path) -> None:
    with server(made(tmp_path)) as running:
        job = replace(running.job(40), warm_up=10)
        measure(client("ours"), job)
        running.check(job)


def test_a_run_that_posted_less_than_it_says_has_no_result() -> None:
    with server() as running:
        job = replace(running.job(40), warm_up=10)
        measure(client("floor"), job)
        with pytest.raises(BenchmarkError, match="10 ids were not posted to"):
            running.check(replace(job, posts=50))


def test_a_client_that_fails_has_no_result() -> None:
    with server() as running, pytest.raises(BenchmarkError, match="floor failed"):
        measure(client("floor"), replace(running.job(5), endpoint="http://127.0.0.1:9/x"))


def test_a_request_is_whole_once_its_body_is() -> None:
    request = b"POST / HTTP/1.1\r\ncontent-length: 4\r\n\r\nbody"
    assert not any(whole_request(request[:end]) for end in range(1, len(request)))
    assert whole_request(request)


def test_a_request_without_a_length_or_with_more_after_it_is_an_error() -> None:
    with pytest.raises(ValueError, match="Content-Length"):
        whole_request(b"POST / HTTP/1.1\r\n\r\n")
    with pytest.raises(ValueError, match="wait"):
        whole_request(b"POST / HTTP/1.1\r\ncontent-length: 1\r\n\r\nab")
