"""The management API as the poster meets it.

A real server on loopback answers, since to moto no connection is ever gone.
"""

import asyncio
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import unquote

import boto3
import pytest
from botocore.config import Config

from handlers.realtime.ports import Misconfigured, Outcome
from handlers.realtime.push import ManagementPosts

if TYPE_CHECKING:
    from types_boto3_apigatewaymanagementapi.client import ApiGatewayManagementApiClient

ANSWERS = {
    "gone": (410, "GoneException", ""),
    "invalid": (400, "BadRequestException", "Invalid connectionId: invalid"),
    "bad": (400, "ValidationException", "something else"),
    "denied": (403, "AccessDeniedException", "not authorized to perform: execute-api"),
    "throttled": (429, "LimitExceededException", ""),
    "broken": (500, "InternalServerError", ""),
}


class ManagementApi(BaseHTTPRequestHandler):
    """Answers by the name of the connection; one that is `slow` waits until the server stops."""

    protocol_version = "HTTP/1.1"
    stopping = threading.Event()
    received: dict[str, list[bytes]]

    def do_POST(self) -> None:
        connection_id = unquote(self.path).rpartition("/")[2]
        data = self.rfile.read(int(self.headers["Content-Length"]))
        self.received.setdefault(connection_id, []).append(data)
        if connection_id == "slow":
            self.stopping.wait(10)
        status, code, message = ANSWERS.get(connection_id, (200, "", ""))
        body = json.dumps({"message": message}).encode() if code else b""
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if code:
            self.send_header("x-amzn-ErrorType", code)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        pass


@pytest.fixture
def received() -> dict[str, list[bytes]]:
    return {}


@pytest.fixture
def endpoint(received: dict[str, list[bytes]]) -> Iterator[str]:
    stopping = threading.Event()
    handler = type("Handler", (ManagementApi,), {"stopping": stopping, "received": received})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/dev"
        stopping.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def client(endpoint: str) -> Iterator["ApiGatewayManagementApiClient"]:
    config = Config(read_timeout=0.3, retries={"mode": "standard", "total_max_attempts": 2})
    client = boto3.client("apigatewaymanagementapi", endpoint_url=endpoint, config=config)
    yield client
    client.close()


@pytest.fixture
def posts(client: "ApiGatewayManagementApiClient") -> Iterator[ManagementPosts]:
    with ThreadPoolExecutor(8) as executor:
        yield ManagementPosts(client, executor)


@pytest.mark.parametrize(
    ("connection_id", "outcome"),
    [
        ("L0SM9cOFvHcCIhw=", Outcome.DELIVERED),
        ("gone", Outcome.GONE),
        ("invalid", Outcome.GONE),
        ("bad", Outcome.FAILED),
        ("throttled", Outcome.FAILED),
        ("broken", Outcome.FAILED),
        ("slow", Outcome.FAILED),
    ],
)
def test_each_answer_has_its_outcome(
    posts: ManagementPosts, connection_id: str, outcome: Outcome
) -> None:
    assert asyncio.run(posts.post_all([connection_id], b"{}")) == {connection_id: outcome}


def test_each_connection_has_its_own_outcome_and_gets_the_very_bytes(
    posts: ManagementPosts, received: dict[str, list[bytes]]
) -> None:
    ids = ["a=", "gone", "broken", "slow", "b="]
    data = '{"name":"é"}'.encode()
    outcomes = asyncio.run(posts.post_all(ids, data))
    assert [outcomes[connection_id] for connection_id in ids] == [
        Outcome.DELIVERED,
        Outcome.GONE,
        Outcome.FAILED,
        Outcome.FAILED,
        Outcome.DELIVERED,
    ]
    assert received["a="] == received["b="] == [data]


def test_a_failed_post_is_tried_twice_and_a_gone_one_once(
    posts: ManagementPosts, received: dict[str, list[bytes]]
) -> None:
    asyncio.run(posts.post_all(["broken", "gone"], b"{}"))
    assert {connection_id: len(data) for connection_id, data in received.items()} == {
        "broken": 2,
        "gone": 1,
    }


def test_a_refused_caller_is_an_error_that_says_what_is_missing(posts: ManagementPosts) -> None:
    with pytest.raises(Misconfigured, match="execute-api:ManageConnections"):
        asyncio.run(posts.post_all(["a=", "denied", "gone"], b"{}"))


def test_a_failure_is_logged_without_the_frame(
    posts: ManagementPosts, caplog: pytest.LogCaptureFixture
) -> None:
    asyncio.run(posts.post_all(["broken"], b'{"secret":1}'))
    (record,) = caplog.records
    logged = vars(record)
    assert logged["levelname"] == "WARNING"
    assert (logged["connection_id"], logged["error"]) == ("broken", "InternalServerError")
    assert "secret" not in str(logged)


def test_nobody_to_post_to_is_no_call(
    posts: ManagementPosts, received: dict[str, list[bytes]]
) -> None:
    assert asyncio.run(posts.post_all([], b"{}")) == {}
    assert received == {}


def test_an_endpoint_that_nobody_serves_fails_each_post() -> None:
    nowhere = boto3.client(
        "apigatewaymanagementapi",
        endpoint_url="http://127.0.0.1:9/dev",
        config=Config(retries={"total_max_attempts": 1}),
    )
    with ThreadPoolExecutor(2) as executor:
        outcomes = asyncio.run(ManagementPosts(nowhere, executor).post_all(["a=", "b="], b"{}"))
    nowhere.close()
    assert set(outcomes.values()) == {Outcome.FAILED}
