"""A table, a bus and a queue for the redirect that answer, refuse, hang or are not there."""

import json
import socket
import ssl
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import closing, contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from handlers.environment import Credentials
from handlers.shortener import redirect
from handlers.shortener.emit import Emitter
from handlers.shortener.link import Counters, Link
from handlers.shortener.redirect import Redirect, links_cache
from handlers.shortener.store import LinkStore
from handlers.signed_http.json_calls import DYNAMODB, EVENTS, SQS, JsonCalls, Protocol
from tests.fakes.links import LINKS_TABLE, Context, http_event

TARGET = "https://example.com/a?token=secret"
ERROR = (500, {"message": "internal"})
TAKEN = (200, {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}], "MessageId": "1"})


Answer = tuple[int, Any] | None
"""Status and JSON; None: no answer until the peer is closed."""


class Peer(ThreadingHTTPServer):
    """Answers every request the same, or by a function of the request."""

    daemon_threads = True

    def __init__(self, answer: Answer | Callable[[dict[str, Any]], Answer]) -> None:
        super().__init__(("127.0.0.1", 0), Requests)
        self.answer = answer
        self.bodies: list[dict[str, Any]] = []
        self.received = threading.Event()
        self.closing = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Requests(BaseHTTPRequestHandler):
    server: Peer  # pyright: ignore[reportIncompatibleVariableOverride] - the only one that makes it

    def do_POST(self) -> None:
        length = int(self.headers["content-length"])
        request = json.loads(self.rfile.read(length))
        self.server.bodies.append(request)
        self.server.received.set()
        answer = self.server.answer
        if callable(answer):
            answer = answer(request)
        if answer is None:
            self.server.closing.wait()
            return
        status, content = answer
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("content-type", "application/x-amz-json-1.1")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        pass


@contextmanager
def peer(answer: Answer | Callable[[dict[str, Any]], Answer]) -> Generator[Peer]:
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
def calls(protocol: Protocol, url: str) -> Generator[JsonCalls]:
    made = JsonCalls(
        protocol,
        url,
        region="eu-central-1",
        credentials=Credentials("testing", "testing", None),
        tls=ssl.create_default_context(),
    )
    with closing(made):
        yield made


@contextmanager
def way(monkeypatch: pytest.MonkeyPatch, table: str, bus: str, queue: str) -> Generator[None]:
    """The function as a fresh process has it, with the peers at these addresses."""
    queue_url = "https://sqs.eu-central-1.amazonaws.com/123456789012/clicks"
    with (
        calls(DYNAMODB, table) as dynamodb,
        calls(EVENTS, bus) as events,
        calls(SQS, queue) as sqs,
        monkeypatch.context() as patch,
    ):
        emitter = Emitter(events, sqs, bus_name="clicks", queue_url=queue_url)
        made = Redirect(dynamodb, LINKS_TABLE, emitter, links_cache())
        patch.setattr(redirect, "redirect", lambda: made)
        yield


def make(links: LinkStore, code: str = "first", *, expires_at: int | None = None) -> None:
    link = Link(code=code, target=TARGET, owner="ada", created_at=1, expires_at=expires_at)
    assert links.create(link, Counters(epoch=1, day=date(2025, 11, 22)))


def followed(answer: dict[str, Any]) -> bool:
    return answer == {
        "statusCode": 302,
        "headers": {"location": TARGET, "cache-control": "no-store"},
        "body": "",
    }


def follow(
    code: str = "first", *, method: str = "GET", headers: Mapping[str, str] | None = None
) -> dict[str, Any]:
    event = http_event(method, f"/{code}")
    event["headers"] |= headers or {}
    return redirect.handler(event, Context("redirect"))
