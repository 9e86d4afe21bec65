"""Two aggregators with overlapping batches of one link, in every order of their calls."""

from collections.abc import Sequence

import pytest

from handlers.clicks.counting import Aggregator, Message, Publish
from handlers.realtime.ports import Update
from handlers.realtime.publisher import publish
from handlers.realtime.workers import work as work_on
from handlers.shortener.click import Click
from tests.doubles.clicks import MemoryClicks
from tests.doubles.delivery import Twins, watcher
from tests.doubles.schedule import Actor, crashing, finish, interleavings

CODE = "first"
NOW = 1_763_787_600_000


def message(number: int) -> Message:
    click = Click(click_id=f"click-{number}", code=CODE, at=NOW - number)
    return Message(f"message-{number}", click)


async def work(store: MemoryClicks, publish: Publish, numbers: Sequence[int]) -> None:
    aggregator = Aggregator(store, publish, store.pause)
    report = await aggregator.aggregate([message(n) for n in numbers], now_ms=NOW)
    assert report.failed == []


def test_overlapping_batches_count_each_click_once_and_the_total_is_published() -> None:
    def world() -> tuple[MemoryClicks, Sequence[Actor]]:
        store = MemoryClicks(CODE)
        return store, [work(store, store.publish, [1, 2]), work(store, store.publish, [2, 3])]

    ends = [
        (store.links[CODE].clicks, max(update.version for update in store.published))
        for _, store in interleavings(world)
    ]
    assert len(ends) > 20
    assert set(ends) == {(3, 3)}


@pytest.mark.parametrize("steps", range(5))
def test_a_death_at_any_call_and_a_redelivery_change_nothing_in_the_end(steps: int) -> None:
    def world() -> tuple[MemoryClicks, Sequence[Actor]]:
        store = MemoryClicks(CODE)
        dying = crashing(lambda: work(store, store.publish, [1, 2]), steps)
        return store, [dying, work(store, store.publish, [2, 3])]

    ends = {
        (store.links[CODE].clicks, max(update.version for update in store.published))
        for _, store in interleavings(world)
    }
    assert ends == {(3, 3)}


def test_a_watcher_ends_with_the_true_total_whatever_the_order_of_counting_and_publishing() -> None:
    def world() -> tuple[Twins, Sequence[Actor]]:
        clicks, twins = MemoryClicks(CODE), Twins()
        watcher(twins.store, "watcher", f"link:{CODE}")

        async def publish_really(update: Update, tokens: Sequence[str]) -> None:
            await publish(twins.engine, update, tokens)

        return twins, [work(clicks, publish_really, [1, 2]), work(clicks, publish_really, [2, 3])]

    conflated = 0
    for schedule, twins in interleavings(world):
        for task in twins.queue.tasks:
            finish(work_on(twins.engine, task))
            conflated += 1
        shown = [frame["realtime"]["version"] for frame in twins.posts.frames["watcher"]]
        assert max(shown) == 3, schedule
    assert conflated
