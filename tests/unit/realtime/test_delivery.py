import asyncio
import dataclasses
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.realtime import protocol
from handlers.realtime.delivery.engine import Limits, Published, Push
from handlers.realtime.delivery.fan_out import PLANNED_SHARE, UNCOUNTED_MS, fan_out, fan_out_range
from handlers.realtime.delivery.serving import LAST_ATTEMPT, Unfinished
from handlers.realtime.delivery.tasks import Range, Task
from handlers.realtime.model import Outcome, Page, State
from tests.fakes.delivery import NOW, Twins, audience, watcher
from tests.fakes.realtime import Hold, MemoryPosts, MemoryQueue, MemoryStore

CHANNEL = "link:a"
STATE = State(CHANNEL, 7, 4, {"clicks": 4}, NOW - 30)
PUSH = Push.of(STATE)
MESSAGE = Push.of(State("order:1", 7, 4, {}, NOW), message=4)


def small(outcomes: dict[str, Outcome] | None = None) -> Twins:
    """Limits that a few connections reach."""
    return Twins(
        store=MemoryStore(page_size=3),
        posts=MemoryPosts(outcomes),
        limits=Limits(inline_maximum=2, range_size=4, posts_per_second=10),
    )


def planned_ms(count: int) -> int:
    """How far apart `small` keeps the pushes to so many, where the rule says 200 ms."""
    return max(200, round(count * 1000 / (10 * PLANNED_SHARE)))


def claimed(twins: Twins) -> None:
    twins.store.states[CHANNEL] = STATE
    twins.store.holds[CHANNEL] = Hold(NOW + 200, NOW)


def push(twins: Twins, push: Push = PUSH) -> Published:
    return asyncio.run(fan_out(twins.engine, push))


def push_range(twins: Twins, task: Range, push: Push = PUSH) -> Published:
    return asyncio.run(fan_out_range(twins.engine, push, task))


def test_a_small_audience_is_served_at_once_and_nobody_else() -> None:
    twins = small()
    audience(twins, 2)
    watcher(twins.store, "elsewhere", "link:b")
    assert push(twins) == Published(subscribers=2, delivered=2)
    assert set(twins.posts.frames) == {"c000", "c001"}
    assert twins.queue.sent == []


def test_what_was_pushed_says_how_old_it_was() -> None:
    twins = small()
    audience(twins, 1)
    assert push(twins).age_ms == 30
    assert push(Twins()).age_ms is None


@pytest.mark.parametrize("count", [3, 4, 7])
def test_a_large_audience_costs_the_publisher_one_task_and_no_post(count: int) -> None:
    twins = small()
    audience(twins, count)
    assert push(twins) == Published(tasks=1)
    assert twins.queue.sent == [(Range(CHANNEL, whole=True), 0)]
    assert not twins.posts.frames


def test_everybody_who_fits_into_one_task_is_served_by_it() -> None:
    twins = Twins(limits=Limits(inline_maximum=2, range_size=4))
    audience(twins, 4)
    assert push_range(twins, Range(CHANNEL, whole=True)) == Published(subscribers=4, delivered=4)


@given(count=st.integers(5, 30), late=st.sampled_from(["a", "c0035", "z"]))
def test_ranges_cover_everybody_once_and_whoever_comes_meanwhile(count: int, late: str) -> None:
    twins = small()
    ids = audience(twins, count)
    published = push_range(twins, Range(CHANNEL, message=4, whole=True))
    assert published.subscribers == count
    assert published.tasks == len(twins.queue.tasks)
    watcher(twins.store, late, CHANNEL)
    for task in twins.queue.tasks:
        assert isinstance(task, Range)
        assert task.message == 4
        assert push_range(twins, task).subscribers <= 5
    assert {key: len(frames) for key, frames in twins.posts.frames.items()} == dict.fromkeys(
        [*ids, late], 1
    )


@given(count=st.integers(5, 40), cut_size=st.integers(1, 12))
def test_an_audience_too_long_for_one_worker_is_cut_in_pieces_that_cover_it_once(
    count: int, cut_size: int
) -> None:
    twins = small()
    twins.limits = dataclasses.replace(twins.limits, cut_size=cut_size)
    claimed(twins)
    ids = audience(twins, count)
    pieces: list[Task] = [Range(CHANNEL, whole=True)]
    served = list[str]()
    while pieces:
        piece = pieces.pop(0)
        assert isinstance(piece, Range)
        twins.queue.sent.clear()
        twins.posts.frames.clear()
        push_range(twins, piece, Push.of(twins.store.states[CHANNEL]))
        pieces += twins.queue.tasks
        served += twins.posts.frames
    assert sorted(served) == ids
    assert twins.store.states[CHANNEL].interval_ms == planned_ms(count)


def test_a_range_is_not_cut_again_however_many_have_come() -> None:
    twins = small()
    audience(twins, 12)
    published = push_range(twins, Range(CHANNEL, after="c000"))
    assert published == Published(subscribers=11, delivered=11)
    assert twins.queue.sent == []


def test_the_interval_grows_with_the_subscribers_and_shrinks_to_the_rules_again() -> None:
    twins = small()
    claimed(twins)
    audience(twins, 12)
    push_range(twins, Range(CHANNEL, whole=True))
    assert twins.store.states[CHANNEL].interval_ms == planned_ms(12)
    twins.store.rows.clear()
    push(twins, Push.of(twins.store.states[CHANNEL]))
    assert twins.store.states[CHANNEL].interval_ms == 200


def test_a_large_audience_that_nobody_has_counted_holds_its_channel_until_somebody_has() -> None:
    twins = small()
    claimed(twins)
    audience(twins, 4)
    push(twins)
    assert twins.store.states[CHANNEL].interval_ms == UNCOUNTED_MS
    assert twins.store.holds[CHANNEL].until == NOW + UNCOUNTED_MS
    uncounted = Push.of(twins.store.states[CHANNEL])
    push_range(twins, Range(CHANNEL, whole=True), uncounted)
    assert twins.store.states[CHANNEL].interval_ms == planned_ms(4)
    push(twins, Push.of(twins.store.states[CHANNEL]))
    assert twins.store.states[CHANNEL].interval_ms == planned_ms(4)


class Watched(MemoryQueue):
    """Sees the interval that the channel has when tasks are sent."""

    twins: Twins

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[int | None] = []

    async def send(self, tasks: Sequence[Task], delay_seconds: int = 0) -> None:
        self.seen.append(self.twins.store.states[CHANNEL].interval_ms)
        await super().send(tasks, delay_seconds)


def test_the_interval_grows_with_what_is_counted_so_far_before_its_tasks_are_sent() -> None:
    twins = small()
    twins.queue = queue = Watched()
    queue.twins = twins
    claimed(twins)
    audience(twins, 8)
    push_range(twins, Range(CHANNEL, whole=True))
    assert queue.seen == [planned_ms(3), planned_ms(6), planned_ms(8)]
    assert twins.store.holds[CHANNEL].until == NOW + planned_ms(8)


def test_only_a_complete_count_shortens_the_interval() -> None:
    twins = small()
    twins.queue = queue = Watched()
    queue.twins = twins
    claimed(twins)
    long = replace(STATE, interval_ms=60_000)
    twins.store.states[CHANNEL] = long
    audience(twins, 8)
    push_range(twins, Range(CHANNEL, whole=True), Push.of(long))
    assert queue.seen == [60_000, 60_000, planned_ms(8)]


def test_the_first_page_is_read_once_by_the_worker_that_cuts() -> None:
    class Store(MemoryStore):
        read = 0

        async def subscriptions(self, *args: Any, **kwargs: Any) -> Page:
            self.read += 1
            return await super().subscriptions(*args, **kwargs)

    twins = small()
    twins.store = store = Store(page_size=100)
    audience(twins, 12)
    push_range(twins, Range(CHANNEL, whole=True))
    assert store.read == 2


def test_a_range_says_nothing_about_the_size_of_the_audience() -> None:
    twins = small()
    claimed(twins)
    audience(twins, 12)
    push_range(twins, Range(CHANNEL, until="c011"))
    assert twins.store.states[CHANNEL].interval_ms is None


def test_what_a_worker_leaves_over_keeps_the_bounds_of_its_range() -> None:
    twins = small({"c002": Outcome.UNSTARTED, "c003": Outcome.UNSTARTED})
    audience(twins, 9)
    push_range(twins, Range(CHANNEL, "c000", "c003"))
    assert twins.queue.tasks == [Range(CHANNEL, "c001", "c003", attempt=1)]
    twins.posts.outcomes["c001"] = Outcome.UNSTARTED
    push_range(twins, Range(CHANNEL, "c000", "c003"))
    assert twins.queue.tasks[1:] == [Range(CHANNEL, "c000", "c003", attempt=1)]


def test_what_is_left_over_again_and_again_is_given_back_to_the_queue() -> None:
    twins = small({"c001": Outcome.UNSTARTED})
    audience(twins, 2)
    task = Range(CHANNEL, "c000")
    for _ in range(LAST_ATTEMPT):
        push_range(twins, task)
        (task,) = (task for task in twins.queue.tasks if isinstance(task, Range))
        twins.queue.sent.clear()
    with pytest.raises(Unfinished, match=r"1 connections of link:a .* raise posts_per_second"):
        push_range(twins, task)


def test_the_frame_is_the_state() -> None:
    assert Push(CHANNEL, protocol.push(STATE), 7, 4, at=NOW - 30) == PUSH
