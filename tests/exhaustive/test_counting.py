"""Aggregators with overlapping batches of one link, in every order of their calls; and what goes
wrong when one condition or one step of the algorithm is left out."""

from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date

import pytest

from handlers.clicks.counting import (
    Aggregator,
    Busy,
    Counted,
    Eviction,
    Message,
    Publish,
    Rejected,
    Written,
)
from handlers.realtime.functions.fan_out import work as work_on
from handlers.realtime.model import Update
from handlers.shortener.link import Counters
from tests.fakes.clicks import EPOCH, Condition, MemoryClicks, click
from tests.fakes.delivery import Fakes, watcher
from tests.fakes.schedule import Actor, crashing, finish, interleavings

CODE = "first"
MIDNIGHT = 1_763_769_600_000
TODAY, YESTERDAY = date(2025, 11, 22), date(2025, 11, 21)
SOON = Eviction(at=3, least=2, young_ms=0, most=4)
AT = {1: MIDNIGHT, 2: MIDNIGHT - 1} | {n: MIDNIGHT + n for n in range(3, 9)}
"""The second click is of the day before."""


@dataclass(frozen=True)
class Case:
    counted: tuple[int, ...]
    """Before: these clicks are in COUNT, whose day is the last one's."""
    batches: tuple[tuple[int, ...], ...]
    afterwards: tuple[tuple[int, ...], ...] = ()
    """Further batches, each alone."""
    dies_after: int | None = None
    """Steps after which the first batch's process dies; the batch is delivered again."""


CASES = (
    Case((), ((1, 2), (2, 3))),
    Case((), ((3,), (3,))),
    Case((), ((1,), (2,), (3,))),
    Case((2,), ((2,), (1, 3))),
    # The oldest two of three leave while the next comes, one comes again, and one comes late.
    Case((1, 4), ((5,), (1,))),
    Case((1, 4), ((5,), (3,), (3,))),
    Case((1, 3), ((4, 5), (1, 2))),
    # While ids leave, an older one is counted; it must not be left behind under the new floor.
    Case((1, 4), ((5,), (3,)), afterwards=((6, 7, 8), (3,))),
    *(Case((2,), ((2, 1), (1, 3)), dies_after=steps) for steps in range(7)),
    *(Case((1, 4), ((3, 5), (3,)), dies_after=steps) for steps in range(7)),
)


def message(number: int) -> Message:
    return Message(f"message-{number}", click(number, at=AT[number]))


def started(case: Case, store: MemoryClicks) -> MemoryClicks:
    ids = frozenset(message(n).click.key for n in case.counted)
    day = message(case.counted[-1]).click.day if case.counted else YESTERDAY
    store.links[CODE] = Counters(
        epoch=EPOCH, day=day, clicks=len(ids), day_clicks=len(ids), ids=ids
    )
    return store


Work = Callable[[MemoryClicks, Sequence[Message]], Actor]


async def work(store: MemoryClicks, messages: Sequence[Message]) -> None:
    await counting(store, store.publish, messages)


async def counting(store: MemoryClicks, publish: Publish, messages: Sequence[Message]) -> None:
    aggregator = Aggregator(store, publish, store.pause, SOON)
    report = await aggregator.aggregate(messages, now_ms=MIDNIGHT + 1000)
    assert report.failed == []


def ends(case: Case, fresh: Callable[[], MemoryClicks], work: Work) -> Iterator[str | None]:
    """Of every order: what is wrong at its end, if something is."""

    def started_all() -> tuple[MemoryClicks, Sequence[Actor]]:
        store = started(case, fresh())
        batches = [[message(n) for n in batch] for batch in case.batches]
        actors = [work(store, batch) for batch in batches]
        if case.dies_after is not None:
            actors[0].close()
            actors[0] = crashing(lambda: work(store, batches[0]), case.dies_after)
        return store, actors

    # Orders with few interruptions show most faults; a third actor or a redelivery has too many.
    few = len(case.batches) > 2 or case.dies_after is not None
    for _, store in interleavings(started_all, preemptions=3 if few else None):
        for batch in case.afterwards:
            finish(work(store, [message(n) for n in batch]))
        yield wrong(case, store)


def wrong(case: Case, store: MemoryClicks) -> str | None:
    batches = case.batches + case.afterwards
    wanted = {*case.counted, *(n for batch in batches for n in batch)}
    clicks = [message(n).click for n in sorted(wanted)]
    past = sum(click.day == YESTERDAY for click in clicks)
    found = {
        "clicks": (store.links[CODE].clicks, len(clicks)),
        "yesterday": (store.days[CODE, YESTERDAY], past),
        "today": (store.days[CODE, TODAY], len(clicks) - past),
        "remembered": (store.remembered(CODE), sorted(click.key for click in clicks)),
        "shown": (max(update.version for update in store.published), len(clicks)),
        "ahead": (len(store.ahead), 0),
    }
    return next((name for name, (is_, must) in found.items() if is_ != must), None)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_overlapping_batches_count_each_click_once_and_show_the_total_in_every_order(
    case: Case,
) -> None:
    found = list(ends(case, MemoryClicks, work))
    assert len(found) > 1
    assert set(found) == {None}


def is_caught(fresh: Callable[[], MemoryClicks], work: Work) -> bool:
    def outcomes() -> Iterator[bool]:
        for case in CASES:
            try:
                yield any(ends(case, fresh, work))
            except (AssertionError, ValueError):  # a batch failed, or nothing was published
                yield True

    return any(outcomes())


@pytest.mark.exhaustive
@pytest.mark.parametrize("condition", [c for c in Condition if c is not Condition.LIVE])
def test_each_condition_of_a_write_is_needed(condition: Condition) -> None:
    assert is_caught(lambda: MemoryClicks(without=condition), work)


class ForgetsTheEvicted(MemoryClicks):
    async def evict(self, code: str, ids: Set[str], before: Counters) -> Written:
        written = await super().evict(code, ids, before)
        self.evicted[code][max(ids)] = set()
        return written


class TrustsARejection(MemoryClicks):
    """Shows the total of the rejection although a transaction followed it."""

    async def read(self, code: str) -> Counters | None:
        counters = await super().read(code)
        return counters and replace(counters, clicks=counters.clicks - 1)


class IgnoresDuplicates(MemoryClicks):
    """Tells the aggregator of no duplicate."""

    async def count(self, code: str, day: date, ids: Set[str]) -> Counted | Rejected | Busy:
        outcome = await super().count(code, day, ids)
        if isinstance(outcome, Rejected) and outcome.counters:
            return Rejected(replace(outcome.counters, ids=frozenset()))
        return outcome


class CountsWithoutRemembering(MemoryClicks):
    async def count(self, code: str, day: date, ids: Set[str]) -> Counted | Rejected | Busy:
        outcome = await super().count(code, day, ids)
        if isinstance(outcome, Counted):
            self.links[code] = replace(outcome.counters, ids=outcome.counters.ids - ids)
        return outcome


@pytest.mark.parametrize(
    "broken", [ForgetsTheEvicted, TrustsARejection, IgnoresDuplicates, CountsWithoutRemembering]
)
def test_each_step_of_the_algorithm_is_needed(broken: type[MemoryClicks]) -> None:
    assert is_caught(broken, work)


async def publishes_new_clicks_only(store: MemoryClicks, messages: Sequence[Message]) -> None:
    before = store.links[CODE].clicks

    async def publish(update: Update, tokens: Sequence[str], max_wait_ms: int) -> None:
        if store.links[CODE].clicks > before:
            await store.publish(update, tokens, max_wait_ms)

    await counting(store, publish, messages)


async def publishes_before_it_counts(store: MemoryClicks, messages: Sequence[Message]) -> None:
    total = store.links[CODE].clicks + len(messages)
    update = Update(f"link:{CODE}", {}, version=total, epoch=EPOCH, at=AT[1])
    await store.publish(update, [], 0)
    await counting(store, store.publish, messages)


@pytest.mark.exhaustive
@pytest.mark.parametrize("broken", [publishes_new_clicks_only, publishes_before_it_counts])
def test_a_total_is_published_after_the_count_and_for_duplicates_too(broken: Work) -> None:
    assert is_caught(MemoryClicks, broken)


def test_a_watcher_ends_with_the_true_total_in_any_order_of_counting_and_publishing() -> None:
    def started_all() -> tuple[Fakes, Sequence[Actor]]:
        clicks, fakes = started(Case((), ()), MemoryClicks()), Fakes()
        watcher(fakes.store, "watcher", f"link:{CODE}")

        async def publish_really(update: Update, tokens: Sequence[str], max_wait_ms: int) -> None:
            mode = fakes.engine.mode(update.channel)
            await mode.publish(fakes.engine, update, tokens, max_wait_ms)

        first, second, third = map(message, (1, 2, 3))
        return fakes, [
            counting(clicks, publish_really, [first, second]),
            counting(clicks, publish_really, [second, third]),
        ]

    conflated = 0
    for schedule, fakes in interleavings(started_all, preemptions=3):
        for task in fakes.queue.tasks:
            finish(work_on(fakes.engine, task))
            conflated += 1
        shown = [frame["realtime"]["version"] for frame in fakes.posts.frames["watcher"]]
        assert max(shown) == 3, schedule
    assert conflated
