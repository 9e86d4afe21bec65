"""Finding the link to redirect to: its ends, the cache, and reads that fail."""

import json
import time
from typing import Any

import pytest

from handlers.shortener import redirect
from handlers.shortener.store import LinkStore
from tests.adapters.shortener.bus import (
    ERROR,
    TAKEN,
    TARGET,
    Answer,
    Peer,
    follow,
    followed,
    make,
    nobody,
    peer,
    way,
)
from tests.fakes.links import body_of


@pytest.mark.parametrize("code", ["nowhere", "ab", "a.b", "health", "%00", "a/b"])
def test_a_code_without_a_link_is_404_and_no_click(open_way: Peer, code: str) -> None:
    answer = follow(code)
    assert answer["statusCode"] == 404
    assert answer["headers"]["cache-control"] == "no-store"
    assert body_of(answer)["error"]["code"] == "not_found"
    assert open_way.bodies == []


@pytest.mark.usefixtures("open_way")
def test_a_text_that_can_be_no_code_costs_no_read(table: Peer) -> None:
    assert follow("a.b")["statusCode"] == 404
    assert table.bodies == []


def test_an_expired_link_and_a_deleted_one_are_410_and_no_click(
    links: LinkStore, open_way: Peer
) -> None:
    make(links, "expired", expires_at=1)
    make(links, "deleted")
    links.delete("deleted", owner="ada")
    for code in ("expired", "deleted"):
        answer = follow(code)
        assert answer["statusCode"] == 410
        assert answer["headers"]["cache-control"] == "no-store"
        assert body_of(answer)["error"]["code"] == "gone"
    assert open_way.bodies == []


@pytest.mark.usefixtures("open_way")
def test_a_person_gets_a_page_where_a_program_gets_json() -> None:
    answer = follow("nowhere", headers={"accept": "text/html,*/*;q=0.8"})
    assert answer["statusCode"] == 404
    assert answer["headers"] == {
        "cache-control": "no-store",
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": "default-src 'none'",
    }
    assert "<h1>There is no such link.</h1>" in answer["body"]


def test_a_link_is_read_once_and_a_miss_each_time(
    links: LinkStore, open_way: Peer, table: Peer
) -> None:
    assert follow()["statusCode"] == 404
    make(links)
    assert followed(follow())
    reads = len(table.bodies)
    assert followed(follow())
    assert len(table.bodies) == reads == 2
    follow("nowhere")
    follow("nowhere")
    assert len(table.bodies) == 4
    assert len(open_way.bodies) == 2


@pytest.mark.usefixtures("unhurried")
def test_the_cache_ends_by_the_wall_clock_however_often_a_link_is_followed(
    links: LinkStore, table: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The monotonic clock stands still while Lambda keeps the process frozen."""
    now = [time.time()]
    monkeypatch.setattr("time.time", lambda: now[0])
    make(links)
    with peer(TAKEN) as bus, way(monkeypatch, table.url, bus.url, nobody()):
        follow()
        links.delete("first", owner="ada")
        now[0] += 9
        assert followed(follow())
        now[0] += 2
        assert follow()["statusCode"] == 410
    assert len(bus.bodies) == 2


def test_a_link_that_expires_while_it_is_cached_leads_on_no_longer(
    links: LinkStore, open_way: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = int(time.time())
    make(links, expires_at=now + 60)
    assert followed(follow())
    monkeypatch.setattr("time.time_ns", lambda: (now + 60) * 1_000_000_000)
    assert follow()["statusCode"] == 410
    assert len(open_way.bodies) == 1


def test_a_read_that_dynamodb_throttles_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, open_way: Peer
) -> None:
    throttled = (400, {"__type": "x#ProvisionedThroughputExceededException"})
    answers: list[Answer] = [throttled, ERROR]
    item = {"target": {"S": TARGET}, "createdAt": {"N": "1"}, "PK": {"S": "LINK#first"}}

    def answer(_: dict[str, Any]) -> Answer:
        return answers.pop(0) if answers else (200, {"Item": item})

    monkeypatch.setattr(redirect, "READ_PAUSE_SECONDS", 0)
    with peer(answer) as table, way(monkeypatch, table.url, open_way.url, nobody()):
        assert followed(follow())
    assert len(table.bodies) == 3


@pytest.mark.parametrize("answer", [ERROR, (400, {"__type": "AccessDeniedException"}), (200, 7)])
def test_a_link_that_cannot_be_read_is_500_logged_and_answered_without_details(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], answer: Answer
) -> None:
    monkeypatch.setattr(redirect, "READ_PAUSE_SECONDS", 0)
    with peer(answer) as table, way(monkeypatch, table.url, nobody(), nobody()):
        answered = follow()
    assert (answered["statusCode"], body_of(answered)["error"]["code"]) == (500, "internal")
    [line] = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (line["level"], line["exception_name"]) == ("ERROR", "CallError")
    assert line["function_request_id"] == "8b9d2f3c-6f4e-4a55-9f0e-3b8d6c2b7a10"
    assert "CallError" not in str(answered)
