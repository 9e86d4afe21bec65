"""Aggregators with overlapping batches of one link, in every order of their calls."""

from collections.abc import Sequence
from datetime import date

import pytest

from handlers.clicks.counting import Aggregator, Message
from handlers.clicks.ports import Publish
from handlers.realtime.delivery.workers import work as work_on
from handlers.realtime.ports import Update
from handlers.realtime.publisher import publish
from handlers.shortener.click import Click
from handlers.shortener.tally import Tally
from tests.doubles.clicks import EPOCH, MemoryClicks
from tests.doubles.delivery import Twins, watcher
from tests.doubles.schedule import Actor, crashing, finish, interleavings

CODE = "first"
MIDNIGHT = 1_763_769_600_000
TODAY, YESTERDAY = date(2025, 11, 22), date(2025, 11, 21)
BEFORE = Tally(clicks=4, epoch=EPOCH, day=YESTERDAY, day_clicks=4)
AT = {1: MIDNIGHT, 2: MIDNIGHT - 1, 3: MIDNIGHT + 1}
"""The second click is of the day before."""

BATCHES = ([[1, 2], [2, 3]], [[1], [3]], [[3], [3]], [[1], [2], [3]])


def message(number: int) -> Message:
    click = Click(click_id=f"click-{number}", code=CODE, at=AT[number])
    return Message(f"message-{number}", click)


async def work(store: MemoryClicks, publish: Publish, messages: Sequence[Message]) -> None:
    aggregator = Aggregator(store, publish, store.pause)
    report = await aggregator.aggregate(messages, now_ms=MIDNIGHT + 1000)
    assert report.failed == []


def link_from_yesterday() -> MemoryClicks:
    store = MemoryClicks(CODE)
    link = store.links[CODE]
    link.clicks, link.day, link.day_clicks = BEFORE.clicks, BEFORE.day, BEFORE.day_clicks
    return store


def end(store: MemoryClicks) -> tuple[int, int, int, int, int]:
    """Of the total, the days, the last total published and those published too early."""
    days, last = store.days, max(update.version for update in store.published)
    clicks = store.links[CODE].clicks
    return clicks, days[CODE, YESTERDAY], days[CODE, TODAY], last, len(store.ahead)


@pytest.mark.parametrize("batches", BATCHES, ids=str)
def test_overlapping_batches_count_each_click_once_and_on_its_day_over_midnight(
    batches: Sequence[list[int]],
) -> None:
    def world() -> tuple[MemoryClicks, Sequence[Actor]]:
        store = link_from_yesterday()
        messages = [[message(n) for n in batch] for batch in batches]
        return store, [work(store, store.publish, batch) for batch in messages]

    counted = {n for batch in batches for n in batch}
    late = len(counted & {2})
    # Three have some 100,000 orders; those with few interruptions show most faults.
    orders = interleavings(world, preemptions=None if len(batches) == 2 else 3)
    ends = [end(store) for _, store in orders]
    assert len(ends) > 5
    total = BEFORE.clicks + len(counted)
    assert set(ends) == {(total, BEFORE.day_clicks + late, len(counted) - late, total, 0)}


@pytest.mark.parametrize("steps", range(6))
def test_a_death_at_any_call_and_a_redelivery_change_nothing_in_the_end(steps: int) -> None:
    def world() -> tuple[MemoryClicks, Sequence[Actor]]:
        store = link_from_yesterday()
        first, second, third = (message(n) for n in AT)
        dying = crashing(lambda: work(store, store.publish, [first, second]), steps)
        return store, [dying, work(store, store.publish, [second, third])]

    ends = {end(store) for _, store in interleavings(world)}
    assert ends == {(7, 5, 2, 7, 0)}


def test_a_watcher_ends_with_the_true_total_whatever_the_order_of_counting_and_publishing() -> None:
    def world() -> tuple[Twins, Sequence[Actor]]:
        clicks, twins = MemoryClicks(CODE), Twins()
        watcher(twins.store, "watcher", f"link:{CODE}")

        async def publish_really(update: Update, tokens: Sequence[str], patience_ms: int) -> None:
            await publish(twins.engine, update, tokens, patience_ms)

        first, second, third = map(message, AT)
        return twins, [
            work(clicks, publish_really, [first, second]),
            work(clicks, publish_really, [second, third]),
        ]

    conflated = 0
    for schedule, twins in interleavings(world):
        for task in twins.queue.tasks:
            finish(work_on(twins.engine, task))
            conflated += 1
        shown = [frame["realtime"]["version"] for frame in twins.posts.frames["watcher"]]
        assert max(shown) == 3, schedule
    assert conflated
