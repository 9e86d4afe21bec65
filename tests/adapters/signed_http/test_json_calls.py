"""Calls to a peer that closes, hangs, drips or answers oddly."""

import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from typing import Any

import pytest

from handlers.environment import Credentials
from handlers.signed_http import json_calls
from handlers.signed_http.json_calls import DYNAMODB, CallError, JsonCalls

Script = Callable[[socket.socket, threading.Event], bool]
"""Answers one request. Returns whether the connection stays open."""


class Peer:
    """Each connection goes on with the script; after its end it answers `{}`."""

    def __init__(self, *script: Script) -> None:
        self._script = list(script)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self.closing = threading.Event()
        self.requests: list[bytes] = []
        self.connections = 0

    def serve(self) -> None:
        while True:
            try:
                peer, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._talk, args=(peer,), daemon=True).start()

    def _talk(self, peer: socket.socket) -> None:
        with peer:
            while data := peer.recv(65_536):
                self.requests.append(data)
                answer = self._script.pop(0) if self._script else json_answer({})
                if not answer(peer, self.closing):
                    return

    def close(self) -> None:
        self.closing.set()
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()


@contextmanager
def peer(*script: Script) -> Generator[Peer]:
    running = Peer(*script)
    thread = threading.Thread(target=running.serve)
    thread.start()
    try:
        yield running
    finally:
        running.close()
        thread.join()


def answer(data: bytes, *, keep: bool = True) -> Script:
    def send(to: socket.socket, _: threading.Event) -> bool:
        to.sendall(data)
        return keep

    return send


def http(status: int, body: bytes) -> bytes:
    return b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body)


def json_answer(content: object, status: int = 200, *, keep: bool = True) -> Script:
    return answer(http(status, json.dumps(content).encode()), keep=keep)


def hang(_: socket.socket, closing: threading.Event) -> bool:
    closing.wait()
    return False


def drip(to: socket.socket, closing: threading.Event) -> bool:
    """An answer without an end, a byte at a time."""
    to.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n")
    while not closing.wait(0.01):
        to.sendall(b" ")
    return False


@contextmanager
def calls_to(peer: Peer) -> Generator[JsonCalls]:
    calls = JsonCalls(
        DYNAMODB,
        peer.url,
        region="eu-central-1",
        credentials=Credentials("AKIDEXAMPLE", "secret", "token"),
        tls=ssl.create_default_context(),
    )
    with closing(calls):
        yield calls


def get(calls: JsonCalls, seconds: float = 20) -> dict[str, Any]:
    return calls.call("GetItem", {"TableName": "links"}, seconds=seconds)


def test_calls_share_a_socket() -> None:
    with (
        peer(json_answer({"Item": 1}), json_answer({"Item": 2})) as running,
        calls_to(running) as calls,
    ):
        assert [get(calls), get(calls)] == [{"Item": 1}, {"Item": 2}]
        assert running.connections == 1


def test_a_socket_that_the_peer_closed_is_replaced_and_the_call_answered() -> None:
    with peer(json_answer({"Item": 1}, keep=False)) as running, calls_to(running) as calls:
        assert [get(calls), get(calls)] == [{"Item": 1}, {}]
        assert running.connections == 2


def test_a_fresh_socket_that_the_peer_closes_is_not_replaced() -> None:
    with peer(answer(b"", keep=False)) as running, calls_to(running) as calls:
        with pytest.raises(CallError, match="Connection") as caught:
            get(calls)
        assert caught.value.retryable
        assert len(running.requests) == 1


def test_a_socket_that_rested_for_30_s_of_wall_clock_is_replaced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [time.time()]
    monkeypatch.setattr(json_calls.time, "time", lambda: now[0])
    with peer() as running, calls_to(running) as calls:
        get(calls)
        now[0] += 30
        get(calls)
        assert running.connections == 1
        now[0] += 31
        get(calls)
        assert running.connections == 2


@pytest.mark.parametrize("script", [hang, drip])
def test_a_call_to_a_peer_that_hangs_or_drips_ends_at_its_deadline_and_is_not_repeated(
    script: Script,
) -> None:
    with peer(json_answer({}), script) as running, calls_to(running) as calls:
        get(calls)
        with pytest.raises(CallError, match="timeout") as caught:
            get(calls, seconds=0.1)
        assert caught.value.retryable
        assert (running.connections, len(running.requests)) == (1, 2)


def test_a_call_without_time_opens_no_socket() -> None:
    with peer() as running, calls_to(running) as calls:
        with pytest.raises(CallError, match="timeout"):
            get(calls, seconds=-1)
        assert running.requests == []


def test_a_peer_that_is_not_there_is_a_failure() -> None:
    with peer() as running:
        pass
    with calls_to(running) as calls, pytest.raises(CallError, match="ConnectionRefusedError"):
        get(calls)


@pytest.mark.parametrize(
    ("script", "code", "retryable"),
    [
        (json_answer({}, 500), "500", True),
        (json_answer({"__type": "a.b#ThrottlingException"}, 400), "ThrottlingException", True),
        (
            json_answer({"__type": "x#ProvisionedThroughputExceededException"}, 400),
            "ProvisionedThroughputExceededException",
            True,
        ),
        (json_answer({"__type": "AccessDeniedException"}, 400), "AccessDeniedException", False),
        (json_answer([], 200), "200", False),
        (json_answer(None, 200), "200", False),
        (answer(http(200, b"<html>")), "200", False),
        (answer(http(200, b"[" * 60_000)), "200", False),
        (answer(http(502, b"<html>")), "502", True),
        (answer(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", keep=False), "Connection", True),
        (answer(b"SSH-2.0\r\n", keep=False), "MalformedResponse", True),
    ],
)
def test_an_answer_that_is_no_result_is_a_failure(
    script: Script, code: str, *, retryable: bool
) -> None:
    with (
        peer(script) as running,
        calls_to(running) as calls,
        pytest.raises(CallError, match=code) as caught,
    ):
        get(calls)
    assert caught.value.retryable is retryable


@pytest.mark.parametrize("endpoint", ["", "dynamodb.eu-central-1.amazonaws.com", "ftp://a/"])
def test_an_endpoint_is_an_address_of_http(endpoint: str) -> None:
    with pytest.raises(ValueError, match=r"http\(s\)://host"):
        JsonCalls(
            DYNAMODB,
            endpoint,
            region="eu-central-1",
            credentials=Credentials("a", "b", None),
            tls=ssl.create_default_context(),
        )
