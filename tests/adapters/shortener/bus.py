"""A bus and a queue for the redirect that answer, refuse, hang or are not there."""

import json
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from handlers.shortener import emit, redirect
from handlers.shortener.counters import Counters
from handlers.shortener.link import Link
from handlers.shortener.store import LinkStore
from tests.fakes.links import Context, http_event

TARGET = "https://example.com/a?token=secret"
TAKEN = (200, {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}], "MessageId": "1"})


class Peer(ThreadingHTTPServer):
    """Answers every request the same, or not until it is closed."""

    daemon_threads = True

    def __init__(self, answer: tuple[int, dict[str, Any]] | None) -> None:
        super().__init__(("127.0.0.1", 0), Requests)
        self.answer = answer
        self.bodies: list[dict[str, Any]] = []
        self.closing = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Requests(BaseHTTPRequestHandler):
    server: Peer  # pyright: ignore[reportIncompatibleVariableOverride] - the only one that makes it

    def do_POST(self) -> None:
        length = int(self.headers["content-length"])
        self.server.bodies.append(json.loads(self.rfile.read(length)))
        if self.server.answer is None:
            self.server.closing.wait()
            return
        status, content = self.server.answer
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("content-type", "application/x-amz-json-1.1")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        pass


@contextmanager
def peer(answer: tuple[int, dict[str, Any]] | None) -> Generator[Peer]:
    with Peer(answer) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.closing.set()
            server.shutdown()
            thread.join()


def nobody() -> str:
    """An address where nothing listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


@contextmanager
def way(monkeypatch: pytest.MonkeyPatch, bus: str, queue: str) -> Generator[None]:
    monkeypatch.setenv("AWS_ENDPOINT_URL_EVENTBRIDGE", bus)
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", queue)
    emitter = emit.connect(bus_name="clicks", queue_url=f"{queue}/123456789012/clicks")
    with monkeypatch.context() as patch:
        patch.setattr(redirect, "_emitter", lambda: emitter)
        yield


def make(links: LinkStore, code: str = "first", *, expires_at: int | None = None) -> None:
    link = Link(code=code, target=TARGET, owner="ada", created_at=1, expires_at=expires_at)
    assert links.create(link, Counters(epoch=1, day=date(2025, 11, 22)))


def follow(code: str = "first") -> dict[str, Any]:
    return redirect.handler(http_event("GET", f"/{code}"), Context("redirect"))
