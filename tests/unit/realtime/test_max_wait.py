"""A publisher that has a little time waits for a cooldown to end, which saves a task."""

import asyncio

import pytest

from handlers.realtime.model import Outcome, Published, Trail, Update
from handlers.realtime.ports import CoolingDown, Led, Superseded
from tests.fakes.delivery import NOW, Fakes, watcher
from tests.fakes.realtime import Cooldown, MemoryStore

CHANNEL = "link:a"
INTERVAL_MS = 200


class Contested(MemoryStore):
    """A publisher that waits finds that another one has pushed meanwhile."""

    leads = 0
    contested = False

    async def lead(
        self, update: Update, now_ms: int, interval_ms: int
    ) -> Led | CoolingDown | Superseded:
        self.leads += 1
        if self.contested:
            self.cooldowns[CHANNEL] = Cooldown(now_ms + INTERVAL_MS)
        return await super().lead(update, now_ms, interval_ms)


@pytest.fixture
def store() -> Contested:
    return Contested()


@pytest.fixture
def fakes(store: Contested) -> Fakes:
    fakes = Fakes(store=store)
    watcher(store, "c", CHANNEL)
    return fakes


def send(fakes: Fakes, version: int, max_wait_ms: int = INTERVAL_MS) -> Published:
    update = Update(CHANNEL, {}, version, NOW, epoch=1)
    mode = fakes.engine.mode(CHANNEL)
    return asyncio.run(mode.publish(fakes.engine, update, [f"m{version}"], max_wait_ms))


def test_a_publisher_waits_for_a_cooldown_that_ends_in_time(fakes: Fakes, store: Contested) -> None:
    send(fakes, 1)
    fakes.now += 50
    assert send(fakes, 2) == Published(subscribers=1, outcomes={Outcome.DELIVERED: 1})
    assert fakes.now == NOW + INTERVAL_MS
    assert fakes.queue.sent == []
    assert store.leads == 3


@pytest.mark.parametrize("max_wait_ms", [0, INTERVAL_MS - 1])
def test_a_publisher_defers_its_value_at_once_where_the_cooldown_takes_longer(
    fakes: Fakes, max_wait_ms: int
) -> None:
    send(fakes, 1)
    assert send(fakes, 2, max_wait_ms) == Published(conflated=True)
    assert fakes.now == NOW
    assert fakes.queue.sent == [(Trail(CHANNEL, "m2", NOW + INTERVAL_MS), 0)]


def test_a_publisher_that_meets_another_cooldown_defers_its_value(
    fakes: Fakes, store: Contested
) -> None:
    send(fakes, 1)
    store.contested = True
    assert send(fakes, 2) == Published(conflated=True)
    assert fakes.now == NOW + INTERVAL_MS
    assert store.leads == 3
    assert fakes.queue.sent == [(Trail(CHANNEL, "m2", NOW + 2 * INTERVAL_MS), 0)]


def test_a_publisher_with_an_old_value_does_not_wait(fakes: Fakes) -> None:
    send(fakes, 5)
    assert send(fakes, 4) == Published(stale=True)
    assert fakes.now == NOW
