"""Sessions end with their token or with a log-out; `tests/exhaustive` has the races."""

from dataclasses import dataclass, field, replace
from functools import partial

import pytest

from handlers.realtime.channels import Rules
from handlers.realtime.functions.tables import mode_of
from handlers.realtime.identity.principal import ANONYMOUS
from handlers.realtime.identity.sessions import (
    LOOK_BACK_MINUTES,
    PARTS,
    ConnectionsLeft,
    Ending,
    admit,
    first_minute,
    revoke,
    sweep,
)
from handlers.realtime.model import Connection
from handlers.realtime.subscriptions import Handshake, connect
from tests.fakes.delivery import API, NOW, Fakes
from tests.fakes.schedule import finish, run_alone, step
from tests.fakes.sessions import MemorySessions, Sockets

RULES = Rules.parse(
    '[{"pattern":"user:{sub}","access":"owner","delivery":"latest","min_interval_ms":0,'
    '"publishers":[]},'
    '{"pattern":"news","access":"public","delivery":"latest","min_interval_ms":0,"publishers":[]}]'
)
CHANNEL = "user:alice"
PUBLIC = "news"
SECOND = NOW // 1000
OLD = Connection(
    connection_id="c=",
    principal="alice",
    connected_at=NOW,
    expires_at=SECOND + 630,
    channels=frozenset([CHANNEL]),
    claims={"sub": "alice"},
    issued_at=SECOND,
)


@dataclass
class World:
    """One handshake, and what is done to its principal meanwhile."""

    connection: Connection = OLD
    fakes: Fakes = field(default_factory=Fakes)
    sockets: Sockets = field(default_factory=Sockets)
    refused: bool = False

    def __post_init__(self) -> None:
        self.sessions = MemorySessions(self.fakes.store)
        self.ending = Ending(self.sessions, self.fakes.store, self.sockets)

    async def opening(self) -> None:
        """$connect, and then API Gateway, which opens the socket."""
        fakes, connection = self.fakes, self.connection
        channel = next(iter(connection.channels), None)
        handshake = Handshake(channel, connection, API)
        rule = RULES.find(channel) if channel else None
        mode = mode_of(rule) if rule else None
        work = partial(connect, fakes.engine, fakes.queue, mode, handshake)
        self.refused = not await admit(self.sessions, fakes.store, connection, work)
        if not self.refused:
            await step()
            self.sockets.open.add(connection.connection_id)

    async def revoking(self) -> None:
        await revoke(self.ending, "alice", NOW)

    def sweep(self, now_ms: int) -> None:
        since = SECOND // 60
        for part in range(PARTS):
            finish(sweep(self.ending, part, since, now_ms))


@pytest.mark.parametrize(
    ("issued_at", "refused"), [(SECOND - 1, True), (SECOND, True), (SECOND + 1, False)]
)
def test_a_token_of_later_is_let_in_and_left_alone(issued_at: int, *, refused: bool) -> None:
    connection = replace(OLD, issued_at=issued_at)
    before, after = World(connection), World(connection)
    run_alone(before.opening())
    run_alone(before.revoking())
    assert bool(before.sockets.open) != refused
    run_alone(after.revoking())
    run_alone(after.opening())
    assert (after.refused, bool(after.sockets.open)) == (refused, not refused)


def test_who_is_refused_leaves_nothing_behind() -> None:
    world = World()
    run_alone(world.revoking())
    run_alone(world.opening())
    store = world.fakes.store
    assert world.refused
    assert (store.connections, store.rows, world.sessions.rows) == ({}, {}, {})
    assert not any(world.sessions.due.values())


def test_another_principal_is_left_alone_and_an_anonymous_connection_costs_nothing() -> None:
    bob = World(replace(OLD, principal="bob", claims={"sub": "bob"}))
    run_alone(bob.opening())
    run_alone(bob.revoking())
    assert bob.sockets.open == {"c="}
    anybody = World(replace(OLD, principal=ANONYMOUS, issued_at=None, claims={}))
    run_alone(anybody.opening())
    assert (anybody.sessions.rows, anybody.sessions.due) == ({}, {})
    assert anybody.sockets.open == {"c="}


def several(count: int) -> World:
    """A principal with so many open sockets."""
    world = World()
    for number in range(count):
        world.connection = replace(OLD, connection_id=f"c{number}=", connected_at=NOW - 90_000)
        run_alone(world.opening())
    return world


def test_one_socket_that_cannot_be_closed_keeps_no_other_open_and_is_tried_again() -> None:
    world = several(5)
    world.sessions.page_size = 2
    world.sockets.stubborn = {"c1="}
    with pytest.raises(ConnectionsLeft, match="1 connection"):
        run_alone(world.revoking())
    assert world.sockets.open == {"c1="}
    world.sockets.stubborn = set()
    run_alone(world.revoking())
    assert (world.sockets.open, world.sessions.rows) == (set(), {})


def test_a_token_that_ends_ends_its_connection_within_a_minute_and_no_other() -> None:
    world = several(3)
    ends_at = OLD.expires_at * 1000
    world.sweep(ends_at - 1_000)
    assert len(world.sockets.open) == 3
    world.sweep(ends_at)
    assert world.sockets.open == set()
    assert (world.fakes.store.connections, world.sessions.rows) == ({}, {})
    assert not any(world.sessions.due.values())


def test_a_sweep_makes_up_for_the_minutes_that_were_missed() -> None:
    world = several(3)
    assert finish(first_minute(world.sessions, NOW)) == NOW // 60_000 - LOOK_BACK_MINUTES
    finish(world.sessions.put_swept(SECOND // 60))
    late = (OLD.expires_at + 45 * 60) * 1000
    assert finish(first_minute(world.sessions, late)) == SECOND // 60
    world.sweep(late)
    assert world.sockets.open == set()


def test_a_sweep_that_cannot_close_one_socket_closes_the_others_and_comes_again() -> None:
    world = several(3)
    world.sockets.stubborn = {"c1="}
    with pytest.raises(ConnectionsLeft):
        world.sweep(OLD.expires_at * 1000)
    assert "c1=" in world.sockets.open
    world.sockets.stubborn = set()
    world.sweep(OLD.expires_at * 1000)
    assert world.sockets.open == set()
