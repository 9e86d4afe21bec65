"""What both the twin and DynamoDB do with sessions."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from handlers.realtime.identity.session_store import DynamoSessionStore
from handlers.realtime.identity.sessions import Session, SessionStore, part_of
from handlers.realtime.model import Connection
from handlers.realtime.store import DynamoStore
from tests.adapters.realtime.conftest import TABLE
from tests.fakes.realtime import MemoryStore
from tests.fakes.schedule import finish
from tests.fakes.sessions import MemorySessions


class Both:
    """A session store and the store of the same table."""

    def __init__(self, kind: str, request: pytest.FixtureRequest) -> None:
        self.store: MemoryStore | DynamoStore
        self.sessions: SessionStore
        self.is_memory = kind == "memory"
        if self.is_memory:
            self.store = MemoryStore()
            self.sessions = MemorySessions(self.store, page_size=1)
        else:
            client = request.getfixturevalue("dynamodb")
            self.store = DynamoStore(client, TABLE)
            self.sessions = DynamoSessionStore(client, TABLE)

    def run(self, call: Coroutine[Any, Any, Any]) -> Any:
        return finish(call) if self.is_memory else asyncio.run(call)

    def all_sessions(self, principal: str) -> list[Session]:
        found: list[Session] = []
        after = None
        while True:
            page = self.run(self.sessions.sessions(principal, after))
            found += page.sessions
            if page.after is None:
                return found
            after = page.after


@pytest.fixture(params=["memory", "dynamodb"])
def both(request: pytest.FixtureRequest) -> Both:
    return Both(request.param, request)


def connection(connection_id: str, principal: str = "alice", **fields: Any) -> Connection:
    usual: dict[str, Any] = {
        "connected_at": 1_763_787_600_123,
        "expires_at": 1_763_791_200,
        "claims": {"sub": principal},
        "issued_at": 1_763_787_500,
    }
    return Connection(connection_id, principal, **{**usual, **fields})


def test_a_principals_sessions_are_theirs_alone_and_in_order(both: Both) -> None:
    for of in (connection("b="), connection("a="), connection("c=", "alice2")):
        both.run(both.sessions.put_session(of))
    both.run(both.sessions.put_revocation("alice", 7))
    assert both.all_sessions("alice") == [
        Session("a=", 1_763_787_600_123, 1_763_787_500),
        Session("b=", 1_763_787_600_123, 1_763_787_500),
    ]
    both.run(both.sessions.delete_session("alice", "a="))
    both.run(both.sessions.delete_session("alice", "gone"))
    assert [session.connection_id for session in both.all_sessions("alice")] == ["b="]


def test_an_anonymous_connection_has_no_session(both: Both) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the twin's text is not the store's
        both.run(both.sessions.put_session(connection("a=", issued_at=None)))


def test_a_revocation_never_goes_back(both: Both) -> None:
    assert both.run(both.sessions.revoked_at("alice")) is None
    for at in (5, 9, 7):
        both.run(both.sessions.put_revocation("alice", at))
    assert both.run(both.sessions.revoked_at("alice")) == 9
    assert both.run(both.sessions.revoked_at("bob")) is None


def test_what_is_due_is_found_in_its_minute_and_part(both: Both) -> None:
    due = 1_763_791_200
    for connection_id, at in (("a=", due), ("a=", due + 61), ("b=", due + 59)):
        both.run(both.sessions.put_expiry(connection_id, at))

    def found(minute: int) -> set[tuple[str, int]]:
        pages = (both.run(both.sessions.expiries(minute, part)) for part in range(8))
        return {expiry for page in pages for expiry in page}

    assert found(due // 60) == {("a=", due), ("b=", due + 59)}
    assert found(due // 60 + 1) == {("a=", due + 61)}
    part = part_of("a=")
    assert list(both.run(both.sessions.expiries(due // 60 + 1, part))) == [("a=", due + 61)]
    both.run(both.sessions.delete_expiry("a=", due))
    both.run(both.sessions.delete_expiry("gone", due))
    assert found(due // 60) == {("b=", due + 59)}


def test_a_connection_is_read_with_all_that_its_permissions_hang_on(both: Both) -> None:
    assert both.run(both.sessions.read_connection("a=")) is None
    stored = connection(
        "a=",
        channels=frozenset(["user:alice"]),
        bound_to=frozenset(["user:alice", "news:1"]),
        claims={"sub": "alice", "custom:tenant": "ä"},
    )
    both.run(both.store.put_connection(stored))
    assert both.run(both.sessions.read_connection("a=")) == stored
    assert both.run(both.store.remove_connection("a=")) == stored
    anonymous = connection("b=", issued_at=None, claims={})
    both.run(both.store.put_connection(anonymous))
    assert both.run(both.sessions.read_connection("b=")) == anonymous


def test_how_far_was_swept_is_remembered(both: Both) -> None:
    assert both.run(both.sessions.swept_until()) is None
    both.run(both.sessions.put_swept(29_396_520))
    assert both.run(both.sessions.swept_until()) == 29_396_520
