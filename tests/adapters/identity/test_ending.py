"""The functions that log out and expire, on a table in moto, with sockets that only count."""

import asyncio
import time
from collections.abc import Iterator
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from handlers.realtime.functions import expire, revoke
from handlers.realtime.functions.revoke import MalformedRequest
from handlers.realtime.identity.session_store import DynamoSessionStore
from handlers.realtime.identity.sessions import ConnectionsLeft
from tests.adapters.realtime.conftest import TABLE
from tests.fakes.gateway import Clock, Gateway
from tests.fakes.issuer import Issuer
from tests.fakes.sessions import Sockets

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient

CONTEXT = object()


@pytest.fixture
def sockets(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sockets]:  # noqa: ARG001 - its table
    sockets = Sockets()
    monkeypatch.setenv("MANAGEMENT_ENDPOINT", "https://abcdef1234.example.com/dev")

    def posts(_: str) -> Sockets:
        return sockets

    functions: list[ModuleType] = [revoke, expire]
    for function in functions:
        monkeypatch.setattr(function, "management_posts", posts)
    yield sockets
    revoke.ending.cache_clear()
    expire.ending.cache_clear()


@pytest.fixture
def kept(dynamodb: "DynamoDBClient") -> DynamoSessionStore:
    return DynamoSessionStore(dynamodb, TABLE)


def opened(
    gateway: Gateway, authority: Issuer, sockets: Sockets, connection_id: str, **claims: Any
) -> None:
    token = authority.token(**claims)
    assert gateway.open(connection_id, {}, {"authorization": f"Bearer {token}"}) == 101
    sockets.open.add(connection_id)


def test_logging_out_closes_the_principals_sockets_and_refuses_their_token(
    gateway: Gateway, authority: Issuer, sockets: Sockets
) -> None:
    opened(gateway, authority, sockets, "a=")
    opened(gateway, authority, sockets, "b=")
    opened(gateway, authority, sockets, "c=", sub="bob")
    before = {"authorization": f"Bearer {authority.token()}"}
    assert revoke.handler({"principal": "alice"}, CONTEXT) == {"connections": 2}
    assert sockets.open == {"c="}
    assert gateway.say("a=", action="subscribe", channel="user:alice")["code"] == (
        "connection_expired"
    )
    assert gateway.open("d=", {}, before) == 403
    later = {"authorization": f"Bearer {authority.token(iat=int(time.time()) + 20)}"}
    assert gateway.open("e=", {}, later) == 101


def test_a_ticket_of_before_opens_nothing_afterwards(
    gateway: Gateway, authority: Issuer, sockets: Sockets
) -> None:
    ticket = gateway.post_ticket(authority.claims())["ticket"]
    revoke.handler({"principal": "alice"}, CONTEXT)
    assert gateway.open("a=", {"ticket": ticket}) == 403
    assert sockets.open == set()


def test_whoever_asks_to_log_out_learns_that_it_has_to_be_done_again(
    gateway: Gateway, authority: Issuer, sockets: Sockets
) -> None:
    opened(gateway, authority, sockets, "a=")
    sockets.stubborn = {"a="}
    with pytest.raises(ConnectionsLeft):
        revoke.handler({"principal": "alice"}, CONTEXT)
    sockets.stubborn = set()
    assert revoke.handler({"principal": "alice"}, CONTEXT) == {"connections": 1}


@pytest.mark.parametrize(
    "event", [{}, {"principal": ""}, {"principal": 7}, {"principal": "x" * 513}]
)
@pytest.mark.usefixtures("sockets")
def test_an_event_that_names_nobody_logs_nobody_out(event: dict[str, Any]) -> None:
    with pytest.raises(MalformedRequest):
        revoke.handler(event, CONTEXT)


def test_the_sweeper_closes_what_is_due_and_notes_how_far_it_came(
    gateway: Gateway, authority: Issuer, sockets: Sockets, kept: DynamoSessionStore
) -> None:
    opened(gateway, authority, sockets, "a=")
    opened(gateway, authority, sockets, "b=", sub="bob")
    minute = int(time.time()) // 60
    asyncio.run(kept.put_swept(minute - 3))
    asyncio.run(kept.put_expiry("a=", minute * 60 - 100))
    assert expire.handler({}, CONTEXT) == {"connections": 1}
    assert sockets.open == {"b="}
    assert (asyncio.run(kept.swept_until()) or 0) >= minute
    assert expire.handler({}, CONTEXT) == {"connections": 0}


def test_a_connection_due_later_in_the_minute_of_a_sweep_is_closed_by_the_next_one(
    gateway: Gateway,
    authority: Issuer,
    sockets: Sockets,
    kept: DynamoSessionStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened(gateway, authority, sockets, "a=")
    minute = int(time.time()) // 60
    clock = Clock((minute * 60 + 10) * 1000)
    monkeypatch.setattr(expire, "time", clock)
    asyncio.run(kept.put_expiry("a=", minute * 60 + 30))
    assert expire.handler({}, CONTEXT) == {"connections": 0}
    clock.now_ms += 60_000
    assert expire.handler({}, CONTEXT) == {"connections": 1}
    assert sockets.open == set()


def test_a_sweep_that_left_something_is_begun_again_where_it_began(
    gateway: Gateway, authority: Issuer, sockets: Sockets, kept: DynamoSessionStore
) -> None:
    opened(gateway, authority, sockets, "a=")
    minute = int(time.time()) // 60
    asyncio.run(kept.put_swept(minute - 3))
    asyncio.run(kept.put_expiry("a=", minute * 60 - 100))
    sockets.stubborn = {"a="}
    with pytest.raises(ConnectionsLeft):
        expire.handler({}, CONTEXT)
    assert asyncio.run(kept.swept_until()) == minute - 3
    sockets.stubborn = set()
    assert expire.handler({}, CONTEXT) == {"connections": 1}
