import asyncio
import dataclasses
import json

import pytest

from handlers.realtime.channels import ForbiddenChannel, Rules, UnknownChannel
from handlers.realtime.connections import DELETE_ATTEMPTS, RowsLeft, delete_connection
from handlers.realtime.engine import Tables
from handlers.realtime.functions.tables import mode_of
from handlers.realtime.model import (
    Connection,
    Position,
    Retry,
    State,
    Subscription,
    TooManySubscriptions,
    UnknownConnection,
    Update,
)
from handlers.realtime.subscriptions import Handshake, Peer, connect, subscribe, unsubscribe
from tests.fakes.delivery import RULES as DELIVERY_RULES
from tests.fakes.log import MemoryLog
from tests.fakes.realtime import MemoryQueue, MemoryStore
from tests.fakes.schedule import finish

NOW = 1_763_787_600_123
PEER = Peer("c=", "api")
OPEN = Connection("c=", "anonymous", NOW, NOW // 1000 + 7200)
RULES = Rules.parse(
    json.dumps(
        [
            {
                "pattern": pattern,
                "access": access,
                "delivery": "latest",
                "min_interval_ms": 200,
                "publishers": [],
            }
            for pattern, access in [("user:{sub}", "owner"), ("link:*", "public")]
        ]
    )
)


@pytest.fixture
def store() -> MemoryStore:
    store = MemoryStore()
    store.connections["c="] = OPEN
    return store


def watch(store: MemoryStore, channel: str, *, now_ms: int = NOW) -> None:
    asyncio.run(subscribe(store, RULES, channel, peer=PEER, maximum=2, now_ms=now_ms))


@dataclasses.dataclass
class Opening:
    """A handshake that can be stopped between its calls."""

    channel: str = "link:a"
    since: Position | None = None
    store: MemoryStore = dataclasses.field(default_factory=MemoryStore)
    log: MemoryLog = dataclasses.field(default_factory=MemoryLog)
    queue: MemoryQueue = dataclasses.field(default_factory=MemoryQueue)

    def __post_init__(self) -> None:
        connection = dataclasses.replace(OPEN, channels=frozenset([self.channel]))
        handshake = Handshake(self.channel, connection, "api", self.since)
        tables = Tables(store=self.store, states=self.store, log=self.log)
        rule = DELIVERY_RULES.find(self.channel)
        assert rule
        self.coroutine = connect(tables, self.queue, mode_of(rule), handshake)

    def calls(self, count: int) -> None:
        for _ in range(count + 1):
            self.coroutine.send(None)

    def finish(self) -> bool:
        return finish(self.coroutine)


def state(version: int, epoch: int = 1) -> State:
    return State("link:a", epoch, version, {"clicks": version}, NOW)


def test_connecting_leaves_the_connection_and_its_row() -> None:
    opening = Opening()
    assert not opening.finish()
    store = opening.store
    connection = Connection("c=", "anonymous", NOW, NOW // 1000 + 7200, frozenset(["link:a"]))
    assert store.connections == {"c=": connection}
    assert opening.queue.sent == []
    assert store.rows == {
        ("link:a", "c="): Subscription("c=", "api", "connect", NOW, NOW // 1000 + 7200)
    }


def test_connecting_writes_the_row_last() -> None:
    opening = Opening()
    opening.calls(2)
    assert opening.store.connections
    assert not opening.store.rows
    opening.finish()


@pytest.mark.parametrize("before", [None, 3])
def test_a_value_written_during_the_handshake_is_sent_after_it(before: int | None) -> None:
    opening = Opening()
    if before:
        opening.store.states["link:a"] = state(before)
    opening.calls(1)
    opening.store.states["link:a"] = state(4)
    assert opening.finish()
    position = Position(1, before) if before else None
    assert opening.queue.sent == [(Retry("link:a", ("c=",), position, span=True), 1)]


def test_what_was_there_before_the_handshake_is_not_sent() -> None:
    opening = Opening()
    opening.store.states["link:a"] = state(4)
    assert not opening.finish()


@pytest.mark.parametrize(
    ("since", "lacks"),
    [
        (Position(1, 3), True),
        (Position(1, 4), False),
        (Position(1, 5), False),
        (Position(0, 9), True),
        (Position(2, 1), False),
    ],
)
def test_a_client_that_says_what_it_has_is_sent_what_is_newer(
    since: Position, *, lacks: bool
) -> None:
    opening = Opening(since=since)
    opening.store.states["link:a"] = state(4)
    assert opening.finish() == lacks
    expected = [(Retry("link:a", ("c=",), since, span=True), 1)]
    assert opening.queue.sent == (expected if lacks else [])


def test_on_a_channel_of_events_those_numbered_during_the_handshake_are_sent_after_it() -> None:
    opening = Opening("order:1")
    event = Update("order:1", {}, 0, NOW, id="a")
    asyncio.run(opening.log.append(Position(7, 0), event, NOW))
    opening.calls(1)
    asyncio.run(opening.log.append(Position(7, 1), dataclasses.replace(event, id="b"), NOW))
    assert opening.finish()
    assert opening.queue.sent == [(Retry("order:1", ("c=",), Position(7, 1), span=True), 1)]


def test_a_subscription_is_a_row_and_a_channel_of_its_connection(store: MemoryStore) -> None:
    watch(store, "link:a")
    assert store.connections["c="].channels == {"link:a"}
    assert store.rows["link:a", "c="].via == "subscribe"


@pytest.mark.parametrize(
    ("channel", "refusal"), [("user:42", ForbiddenChannel), ("order:1", UnknownChannel)]
)
def test_a_channel_that_may_not_be_watched_leaves_nothing(
    store: MemoryStore, channel: str, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        watch(store, channel)
    assert store.connections == {"c=": OPEN}
    assert not store.rows


def test_a_connection_watches_no_more_channels_than_it_may(store: MemoryStore) -> None:
    watch(store, "link:a")
    watch(store, "link:b")
    with pytest.raises(TooManySubscriptions):
        watch(store, "link:c")
    watch(store, "link:a")
    assert set(store.rows) == {("link:a", "c="), ("link:b", "c=")}


def test_a_connection_that_has_ended_cannot_subscribe() -> None:
    store = MemoryStore()
    with pytest.raises(UnknownConnection):
        watch(store, "link:a")
    assert not store.rows


def test_a_connection_whose_time_is_over_cannot_subscribe(store: MemoryStore) -> None:
    watch(store, "link:a", now_ms=OPEN.expires_at * 1000 - 1)
    with pytest.raises(UnknownConnection, match="expired"):
        watch(store, "link:b", now_ms=OPEN.expires_at * 1000)
    assert set(store.rows) == {("link:a", "c=")}


def test_unsubscribing_twice_is_unsubscribing_once(store: MemoryStore) -> None:
    watch(store, "link:a")
    watch(store, "link:b")
    for _ in range(2):
        asyncio.run(unsubscribe(store, "link:a", connection_id="c="))
    assert set(store.rows) == {("link:b", "c=")}
    assert store.connections["c="].channels == {"link:b"}


def many(store: MemoryStore, count: int) -> None:
    channels = [f"link:{number}" for number in range(count)]
    store.connections["c="] = Connection("c=", "anonymous", NOW, 1, frozenset(channels))
    for channel in channels:
        for connection_id in ("c=", "other"):
            store.rows[channel, connection_id] = Subscription(connection_id, "api", "connect", 1, 1)


def test_deleting_a_connection_deletes_exactly_that_connections_rows(store: MemoryStore) -> None:
    many(store, 60)
    assert asyncio.run(delete_connection(store, "c=")) == 60
    assert not store.connections
    assert {connection_id for _, connection_id in store.rows} == {"other"}
    assert len(store.rows) == 60


def test_deleting_a_connection_twice_is_deleting_it_once(store: MemoryStore) -> None:
    many(store, 3)
    asyncio.run(delete_connection(store, "c="))
    assert asyncio.run(delete_connection(store, "c=")) == 0


class Pauses(list[float]):
    async def sleep(self, seconds: float) -> None:
        self.append(seconds)


def test_rows_left_unprocessed_are_deleted_after_a_growing_pause(store: MemoryStore) -> None:
    many(store, 3)
    store.refused_deletes = 2
    pauses = Pauses()
    asyncio.run(delete_connection(store, "c=", sleep=pauses.sleep))
    assert len(store.rows) == 3
    assert len(pauses) == 2
    assert 0 <= pauses[0] <= 0.1
    assert 0 <= pauses[1] <= 0.2


def test_rows_that_stay_unprocessed_are_an_error_and_not_a_loop(store: MemoryStore) -> None:
    many(store, 3)
    store.refused_deletes = 100
    pauses = Pauses()
    with pytest.raises(RowsLeft, match="after 5 attempts"):
        asyncio.run(delete_connection(store, "c=", sleep=pauses.sleep))
    assert len(pauses) == DELETE_ATTEMPTS - 1
