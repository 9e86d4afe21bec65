"""A publisher that has a little time waits for a hold to end, in place of leaving a task behind."""

import asyncio

import pytest

from handlers.realtime.delivery.engine import Published
from handlers.realtime.delivery.tasks import Flush
from handlers.realtime.latest.publish import Update, publish
from handlers.realtime.model import Claim
from tests.fakes.delivery import NOW, Twins, watcher
from tests.fakes.realtime import Hold, MemoryStore

CHANNEL = "link:a"
INTERVAL_MS = 200


class Contested(MemoryStore):
    """Whoever waits finds that another one has claimed the channel meanwhile."""

    claims = 0
    contested = False

    async def claim(self, update: Update, now_ms: int, interval_ms: int) -> Claim:
        self.claims += 1
        if self.contested:
            self.holds[CHANNEL] = Hold(now_ms + INTERVAL_MS)
        return await super().claim(update, now_ms, interval_ms)


@pytest.fixture
def store() -> Contested:
    return Contested()


@pytest.fixture
def twins(store: Contested) -> Twins:
    twins = Twins(store=store)
    watcher(store, "c", CHANNEL)
    return twins


def send(twins: Twins, version: int, max_wait_ms: int = INTERVAL_MS) -> Published:
    update = Update(CHANNEL, {}, version, NOW, epoch=1)
    return asyncio.run(publish(twins.engine, update, [f"m{version}"], max_wait_ms))


def test_a_hold_that_ends_within_the_time_to_wait_is_waited_for(
    twins: Twins, store: Contested
) -> None:
    send(twins, 1)
    twins.now += 50
    assert send(twins, 2) == Published(subscribers=1, delivered=1)
    assert twins.now == NOW + INTERVAL_MS
    assert twins.queue.sent == []
    assert store.claims == 3


@pytest.mark.parametrize("max_wait_ms", [0, INTERVAL_MS - 1])
def test_a_hold_that_takes_longer_is_joined_at_once(twins: Twins, max_wait_ms: int) -> None:
    send(twins, 1)
    assert send(twins, 2, max_wait_ms) == Published(conflated=True)
    assert twins.now == NOW
    assert twins.queue.sent == [(Flush(CHANNEL, "m2", NOW + INTERVAL_MS), 0)]


def test_who_finds_the_channel_held_again_joins(twins: Twins, store: Contested) -> None:
    send(twins, 1)
    store.contested = True
    assert send(twins, 2) == Published(conflated=True)
    assert twins.now == NOW + INTERVAL_MS
    assert store.claims == 3
    assert twins.queue.sent == [(Flush(CHANNEL, "m2", NOW + 2 * INTERVAL_MS), 0)]


def test_who_waits_for_an_old_value_says_so(twins: Twins) -> None:
    send(twins, 5)
    assert send(twins, 4) == Published(stale=True)
    assert twins.now == NOW
