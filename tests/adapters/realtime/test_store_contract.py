"""What every store of the realtime ports does. The twin and DynamoDB pass the same tests."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from handlers.realtime.ports import (
    Connection,
    Store,
    Subscription,
    TooManySubscriptions,
    UnknownConnection,
    Update,
)
from handlers.realtime.store import DynamoStore
from tests.adapters.realtime.conftest import TABLE
from tests.doubles.realtime import MemoryStore

CONNECTION = Connection("L0SM9cOFvHcCIhw=", "anonymous", 1_763_787_600_123, 1_763_794_800)
ID = CONNECTION.connection_id
ROW = Subscription(ID, "api", "subscribe", 1_763_787_600_123, 1_763_794_800)
FIRST = Update("link:a", {"clicks": 4, "né": [1.5, None, {"x": "y"}]}, 4, at=100, epoch=10)


@pytest.fixture(params=["memory", "dynamodb"])
def store(request: pytest.FixtureRequest) -> Store:
    if request.param == "memory":
        return MemoryStore()
    return DynamoStore(request.getfixturevalue("dynamodb"), TABLE)


def test_a_connection_is_removed_once_and_given_back(store: Store) -> None:
    async def run() -> list[Connection | None]:
        await store.put_connection(CONNECTION)
        return [await store.remove_connection(ID), await store.remove_connection(ID)]

    assert asyncio.run(run()) == [CONNECTION, None]


def test_a_connection_keeps_the_channels_it_came_with(store: Store) -> None:
    connection = replace(CONNECTION, channels=frozenset(["link:a"]))

    async def run() -> Connection | None:
        await store.put_connection(connection)
        return await store.remove_connection(ID)

    assert asyncio.run(run()) == connection


def test_channels_are_added_up_to_the_maximum_and_the_same_one_again(store: Store) -> None:
    async def run() -> Connection:
        await store.put_connection(CONNECTION)
        await store.add_channel(ID, "link:a", 2)
        await store.add_channel(ID, "link:b", 2)
        with pytest.raises(TooManySubscriptions):
            await store.add_channel(ID, "link:c", 2)
        return await store.add_channel(ID, "link:a", 2)

    expected = replace(CONNECTION, channels=frozenset(["link:a", "link:b"]))
    assert asyncio.run(run()) == expected


def test_a_channel_is_not_added_to_a_connection_that_has_ended(store: Store) -> None:
    async def run() -> Connection | None:
        with pytest.raises(UnknownConnection):
            await store.add_channel(ID, "link:a", 2)
        await store.remove_channel(ID, "link:a")
        return await store.remove_connection(ID)

    assert asyncio.run(run()) is None


def test_removed_channels_make_room(store: Store) -> None:
    async def run() -> Connection | None:
        await store.put_connection(CONNECTION)
        await store.add_channel(ID, "link:a", 1)
        await store.remove_channel(ID, "link:a")
        await store.remove_channel(ID, "link:a")
        await store.add_channel(ID, "link:b", 1)
        return await store.remove_connection(ID)

    assert asyncio.run(run()) == replace(CONNECTION, channels=frozenset(["link:b"]))


def test_a_subscription_is_read_where_it_was_put_and_replaces_an_earlier_one(store: Store) -> None:
    async def run() -> list[Subscription]:
        await store.put_subscription("link:a", replace(ROW, via="connect"))
        await store.put_subscription("link:a", ROW)
        await store.put_subscription("link:ab", replace(ROW, connection_id="other"))
        return list((await store.subscriptions("link:a", None)).subscriptions)

    assert asyncio.run(run()) == [ROW]


def test_reading_on_after_a_connection_leaves_out_what_came_before(store: Store) -> None:
    async def run() -> list[str]:
        for connection_id in ("c", "a", "b"):
            row = replace(ROW, connection_id=connection_id)
            await store.put_subscription("link:a", row)
        page = await store.subscriptions("link:a", "a")
        return [subscription.connection_id for subscription in page.subscriptions]

    assert asyncio.run(run()) == ["b", "c"]


def test_deleting_rows_touches_the_given_channels_of_the_given_connection(store: Store) -> None:
    other = replace(ROW, connection_id="other")

    async def run() -> dict[str, list[Subscription]]:
        for channel in ("link:a", "link:b", "link:c", "link:d"):
            await store.put_subscription(channel, ROW)
            await store.put_subscription(channel, other)
        assert not await store.delete_subscriptions(ID, ["link:a", "link:b", "link:none"])
        await store.delete_subscription("link:c", ID)
        await store.delete_subscription("link:c", ID)
        return {
            channel: list((await store.subscriptions(channel, None)).subscriptions)
            for channel in ("link:a", "link:b", "link:c", "link:d")
        }

    left = asyncio.run(run())
    assert left == {"link:a": [other], "link:b": [other], "link:c": [other], "link:d": [ROW, other]}


def test_a_state_is_read_as_it_was_written(store: Store) -> None:
    async def run() -> None:
        assert await store.read_state("link:a") is None
        written = await store.write_state(FIRST)
        assert written == await store.read_state("link:a")
        assert written is not None
        assert (written.epoch, written.version, written.at) == (10, 4, 100)
        assert written.value == FIRST.value

    asyncio.run(run())


@pytest.mark.parametrize(
    ("change", "position"),
    [
        (lambda: replace(FIRST, version=5), (10, 5)),
        (lambda: replace(FIRST, version=4, at=101), (10, 4)),
        (lambda: replace(FIRST, version=1, epoch=11), (11, 1)),
        (lambda: replace(FIRST, version=5, epoch=None), (10, 5)),
        (lambda: replace(FIRST, version=4, epoch=None), (10, 4)),
        (lambda: replace(FIRST, version=3), None),
        (lambda: replace(FIRST, version=9, epoch=9), None),
        (lambda: replace(FIRST, version=3, epoch=None), None),
    ],
)
def test_a_state_only_gives_way_to_one_that_is_not_older(
    store: Store, change: Callable[[], Update], position: tuple[int, int] | None
) -> None:
    async def run() -> None:
        before = await store.write_state(FIRST)
        written = await store.write_state(change())
        assert ((written.epoch, written.version) if written else None) == position
        assert await store.read_state("link:a") == (written or before)

    asyncio.run(run())


def test_a_state_without_an_epoch_starts_one_when_it_happened(store: Store) -> None:
    state = asyncio.run(store.write_state(replace(FIRST, epoch=None)))
    assert state is not None
    assert state.epoch == 100
