"""The management API as the poster meets it: a real server on loopback answers."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from handlers import aws
from handlers.realtime.delivery import posts as module
from handlers.realtime.delivery.posts import ManagementPosts
from handlers.realtime.model import Misconfigured, Outcome
from tests.fakes.peer import OK, Peer, client, peer

ANSWERS = {
    "gone": (410, ""),
    "invalid": (400, "Invalid connectionId: invalid"),
    "bad": (400, "something else"),
    "denied": (403, "not authorized to perform: execute-api"),
    "throttled": (429, ""),
    "large": (413, ""),
    "broken": (500, ""),
}


async def answer(connection_id: str, writer: asyncio.StreamWriter, _: int) -> None:
    """By the name of the connection; one that is `slow` gets no answer."""
    if connection_id == "slow":
        return
    if connection_id not in ANSWERS:
        writer.write(OK)
        return
    status, message = ANSWERS[connection_id]
    body = json.dumps({"message": message}).encode()
    head = f"HTTP/1.1 {status} x\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)


@asynccontextmanager
async def posts() -> AsyncGenerator[tuple[Peer, ManagementPosts]]:
    async with peer(answer) as state:
        push = client(state)
        yield state, ManagementPosts(push, f"http://127.0.0.1:{state.port}/dev")
        push.close()


def post(*ids: str, seconds: float = 5.0, data: bytes = b"{}") -> dict[str, Outcome]:
    async def run() -> dict[str, Outcome]:
        async with posts() as (_, adapter):
            return dict(await adapter.post_all(ids, data, seconds))

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("connection_id", "outcome"),
    [
        ("L0SM9cOFvHcCIhw=", Outcome.DELIVERED),
        ("gone", Outcome.GONE),
        ("invalid", Outcome.GONE),
        ("bad", Outcome.FAILED),
        ("throttled", Outcome.SLOW),
        ("large", Outcome.TOO_LARGE),
        ("broken", Outcome.FAILED),
    ],
)
def test_each_answer_has_its_outcome(connection_id: str, outcome: Outcome) -> None:
    assert post(connection_id) == {connection_id: outcome}


def test_one_that_does_not_answer_delays_nobody_past_the_budget() -> None:
    assert post("a=", "slow", "gone", "b=", seconds=1) == {
        "a=": Outcome.DELIVERED,
        "slow": Outcome.UNANSWERED,
        "gone": Outcome.GONE,
        "b=": Outcome.DELIVERED,
    }


def test_one_that_does_not_answer_in_a_calls_own_time_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "CALL_SECONDS", 1)
    assert post("a=", "slow") == {"a=": Outcome.DELIVERED, "slow": Outcome.FAILED}


def test_what_there_is_no_time_for_is_not_started() -> None:
    outcomes = post(*[f"c{number}" for number in range(50)], seconds=0.0)
    assert Outcome.UNSTARTED in outcomes.values()


def test_a_refused_caller_is_an_error_that_says_what_is_missing() -> None:
    with pytest.raises(Misconfigured, match="execute-api:ManageConnections with POST"):
        post("a=", "denied", "gone")


def test_failures_are_logged_once_a_batch_and_without_the_frame(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CALL_SECONDS", 1)
    post("broken", "bad", "slow", "a=", data=b'{"secret":1}')
    (record,) = [record for record in caplog.records if record.name != "asyncio"]
    logged = vars(record)
    assert logged["levelname"] == "WARNING"
    assert logged["failures"] == {"500": 1, "400": 1, "timeout": 1}
    assert "secret" not in str(logged)


def test_nobody_to_post_to_is_no_call() -> None:
    assert post() == {}


def disconnect(status: int) -> Peer:
    async def run() -> Peer:
        async with peer(_deleting(status)) as state:
            endpoint = f"http://127.0.0.1:{state.port}/dev"
            await ManagementPosts(client(state), endpoint).disconnect("c=")
            aws.management(endpoint).close()
            return state

    return asyncio.run(run())


def _deleting(status: int) -> Callable[[str, asyncio.StreamWriter, int], Any]:
    async def behave(_: str, writer: asyncio.StreamWriter, __: int) -> None:
        writer.write(f"HTTP/1.1 {status} x\r\nContent-Length: 0\r\n\r\n".encode())

    return behave


@pytest.mark.parametrize("status", [204, 410])
def test_a_socket_is_closed_and_one_that_is_closed_already_is_no_error(status: int) -> None:
    assert [connection_id for connection_id, _ in disconnect(status).posts] == ["c="]


def test_a_caller_that_may_not_close_sockets_is_told_so() -> None:
    with pytest.raises(Misconfigured, match="execute-api:ManageConnections with DELETE"):
        disconnect(403)


@pytest.mark.usefixtures("dynamodb")
def test_posts_of_one_endpoint_share_their_sockets() -> None:
    endpoint = "https://abcdef1234.execute-api.eu-central-1.amazonaws.com/dev"
    assert module.management_posts(endpoint) is module.management_posts(endpoint)
