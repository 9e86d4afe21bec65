"""What every store does with connections and rows. The fake and DynamoDB pass the same tests."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from handlers.realtime.model import (
    Connection,
    Page,
    Subscription,
    TooManySubscriptions,
    UnknownConnection,
)
from handlers.realtime.ports import Store

CONNECTION = Connection("L0SM9cOFvHcCIhw=", "anonymous", 1_763_787_600_123, 1_763_794_800)
ID = CONNECTION.connection_id
ROW = Subscription(ID, "api", "subscribe", 1_763_787_600_123, 1_763_794_800)


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
        return list((await store.subscriptions("link:a")).subscriptions)

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
            channel: list((await store.subscriptions(channel)).subscriptions)
            for channel in ("link:a", "link:b", "link:c", "link:d")
        }

    left = asyncio.run(run())
    assert left == {"link:a": [other], "link:b": [other], "link:c": [other], "link:d": [ROW, other]}


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        ({}, "abcde"),
        ({"after": "b"}, "cde"),
        ({"after": "bb"}, "cde"),
        ({"until": "b"}, "ab"),
        ({"after": "a", "until": "c"}, "bc"),
        ({"after": "a", "until": "cc"}, "bc"),
        ({"limit": 2}, "ab"),
        ({"after": "a", "until": "d", "limit": 2}, "bc"),
        ({"after": "e"}, ""),
    ],
)
def test_rows_are_read_between_bounds_in_the_order_of_their_ids(
    store: Store, bounds: dict[str, Any], expected: str
) -> None:
    async def run() -> list[str]:
        for connection_id in "ceadb":
            await store.put_subscription("link:a", replace(ROW, connection_id=connection_id))
        page = await store.subscriptions("link:a", **bounds)
        return [subscription.connection_id for subscription in page.subscriptions]

    assert asyncio.run(run()) == list(expected)


def test_a_page_that_is_cut_off_says_where_the_next_one_starts(store: Store) -> None:
    async def run() -> list[Page]:
        for connection_id in "abc":
            await store.put_subscription("link:a", replace(ROW, connection_id=connection_id))
        first = await store.subscriptions("link:a", limit=2)
        return [first, await store.subscriptions("link:a", first.after)]

    first, second = asyncio.run(run())
    assert (len(first.subscriptions), first.after) == (2, "b")
    assert (len(second.subscriptions), second.after) == (1, None)


def test_one_row_is_read_by_channel_and_connection(store: Store) -> None:
    async def run() -> list[Subscription | None]:
        await store.put_subscription("link:a", ROW)
        return [await store.subscription(channel, ID) for channel in ("link:a", "link:b")]

    assert asyncio.run(run()) == [ROW, None]
