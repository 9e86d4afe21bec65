import asyncio
import json

import pytest

from handlers.realtime.channels import ForbiddenChannel, Rules, UnknownChannel
from handlers.realtime.ports import (
    Connection,
    State,
    Subscription,
    TooManySubscriptions,
    UnknownConnection,
    Update,
)
from handlers.realtime.subscriptions import (
    DELETE_ATTEMPTS,
    Peer,
    RowsLeft,
    connect,
    disconnect,
    subscribe,
    unsubscribe,
)
from tests.doubles.realtime import MemoryStore

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


def watch(store: MemoryStore, channel: str, *, now_ms: int = NOW) -> State | None:
    return asyncio.run(subscribe(store, RULES, channel, peer=PEER, maximum=2, now_ms=now_ms))


def test_connecting_leaves_the_connection_and_its_row() -> None:
    store = MemoryStore()
    connection = Connection("c=", "anonymous", NOW, NOW // 1000 + 7200, frozenset(["link:a"]))
    asyncio.run(connect(store, channel="link:a", connection=connection, api_id="api"))
    assert store.connections == {"c=": connection}
    assert store.rows == {
        ("link:a", "c="): Subscription("c=", "api", "connect", NOW, NOW // 1000 + 7200)
    }


def test_connecting_writes_the_row_last() -> None:
    store = MemoryStore()
    opening = connect(store, channel="link:a", connection=OPEN, api_id="api")
    opening.send(None)
    opening.send(None)
    opening.close()
    assert store.connections
    assert not store.rows


def test_a_subscription_returns_the_newest_value(store: MemoryStore) -> None:
    asyncio.run(store.write_state(Update("link:a", {"clicks": 4}, 4, NOW, 1)))
    assert watch(store, "link:a") == State("link:a", 1, 4, {"clicks": 4}, NOW)
    assert store.connections["c="].channels == {"link:a"}
    assert store.rows["link:a", "c="].via == "subscribe"


def test_a_channel_without_a_value_can_be_watched(store: MemoryStore) -> None:
    assert watch(store, "link:a") is None
    assert ("link:a", "c=") in store.rows


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


def test_disconnecting_deletes_exactly_that_connections_rows(store: MemoryStore) -> None:
    many(store, 60)
    assert asyncio.run(disconnect(store, "c=")) == 60
    assert not store.connections
    assert {connection_id for _, connection_id in store.rows} == {"other"}
    assert len(store.rows) == 60


def test_disconnecting_twice_is_disconnecting_once(store: MemoryStore) -> None:
    many(store, 3)
    asyncio.run(disconnect(store, "c="))
    assert asyncio.run(disconnect(store, "c=")) == 0


class Pauses(list[float]):
    async def sleep(self, seconds: float) -> None:
        self.append(seconds)


def test_rows_left_unprocessed_are_deleted_after_a_growing_pause(store: MemoryStore) -> None:
    many(store, 3)
    store.refused_deletes = 2
    pauses = Pauses()
    asyncio.run(disconnect(store, "c=", sleep=pauses.sleep))
    assert len(store.rows) == 3
    assert len(pauses) == 2
    assert 0 <= pauses[0] <= 0.1
    assert 0 <= pauses[1] <= 0.2


def test_rows_that_stay_unprocessed_are_an_error_and_not_a_loop(store: MemoryStore) -> None:
    many(store, 3)
    store.refused_deletes = 100
    pauses = Pauses()
    with pytest.raises(RowsLeft, match="after 5 attempts"):
        asyncio.run(disconnect(store, "c=", sleep=pauses.sleep))
    assert len(pauses) == DELETE_ATTEMPTS - 1
