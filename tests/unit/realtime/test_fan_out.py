import asyncio
import dataclasses
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.realtime.delivery.fan_out import LAST_ATTEMPT, Unfinished, fan_out, fan_out_range
from handlers.realtime.engine import Limits
from handlers.realtime.latest.mode import PLANNED_SHARE, UNCOUNTED_MS
from handlers.realtime.model import Outcome, Page, Position, Published, Range, State, Task
from tests.fakes.delivery import NOW, Fakes, subscribers, watcher
from tests.fakes.realtime import Cooldown, MemoryPosts, MemoryStore

CHANNEL = "link:a"
STATE = State(CHANNEL, 7, 4, {"clicks": 4}, NOW - 30)
WHOLE = Range(CHANNEL, position=Position(7, 4), counted=0)


def small(outcomes: dict[str, Outcome] | None = None) -> Fakes:
    """Limits that a few connections reach."""
    fakes = Fakes(
        store=MemoryStore(page_size=9),
        posts=MemoryPosts(outcomes),
        limits=Limits(inline_maximum=2, range_size=4, posts_per_second=10),
    )
    fakes.store.states[CHANNEL] = STATE
    fakes.store.cooldowns[CHANNEL] = Cooldown(NOW + 200, NOW)
    return fakes


def planned_ms(count: int) -> int:
    """The interval of `small` for so many subscribers, where the rule's is 200 ms."""
    return max(200, round(count * 1000 / (10 * PLANNED_SHARE)))


def publish(fakes: Fakes) -> Published:
    state = fakes.store.states[CHANNEL]
    return asyncio.run(fan_out(fakes.engine, fakes.engine.mode(CHANNEL), state))


def work(fakes: Fakes, task: Task) -> Published:
    assert isinstance(task, Range)
    mode = fakes.engine.mode(task.channel)
    return asyncio.run(fan_out_range(fakes.engine, mode, task, seconds=20))


def delivered(count: int) -> Published:
    outcomes = Counter({Outcome.DELIVERED: count}) if count else Counter[Outcome]()
    return Published(subscribers=count, outcomes=outcomes)


def test_the_publisher_posts_to_the_few_subscribers_of_its_channel_and_to_no_other() -> None:
    fakes = small()
    subscribers(fakes, 2)
    watcher(fakes.store, "elsewhere", "link:b")
    assert publish(fakes) == delivered(2)
    assert set(fakes.posts.frames) == {"c000", "c001"}
    assert fakes.queue.sent == []


def test_a_fan_out_records_the_age_of_the_value_that_it_posted() -> None:
    fakes = small()
    assert publish(fakes).age_ms is None
    subscribers(fakes, 1)
    assert publish(fakes).age_ms == 30


@pytest.mark.parametrize("count", [3, 4, 7])
def test_a_large_channel_costs_the_publisher_one_task_and_no_post(count: int) -> None:
    fakes = small()
    subscribers(fakes, count)
    assert publish(fakes) == Published(tasks=1)
    assert fakes.queue.sent == [(WHOLE, 0)]
    assert not fakes.posts.frames


def test_one_worker_posts_to_all_subscribers_that_fit_into_a_range() -> None:
    fakes = small()
    subscribers(fakes, 4)
    assert work(fakes, WHOLE) == delivered(4)


@given(count=st.integers(7, 30), late=st.sampled_from(["a", "c0035", "z"]))
def test_ranges_cover_every_subscriber_once_and_one_that_comes_meanwhile(
    count: int, late: str
) -> None:
    fakes = small()
    ids = subscribers(fakes, count)
    published = work(fakes, WHOLE)
    assert published.subscribers == count
    assert published.tasks == len(fakes.queue.tasks)
    watcher(fakes.store, late, CHANNEL)
    for task in fakes.queue.tasks:
        assert work(fakes, task).subscribers <= 5
    assert {key: len(frames) for key, frames in fakes.posts.frames.items()} == dict.fromkeys(
        [*ids, late], 1
    )


@given(count=st.integers(7, 40), split_size=st.integers(1, 12))
def test_a_channel_too_long_for_one_worker_is_split_by_several_that_cover_it_once(
    count: int, split_size: int
) -> None:
    fakes = small()
    fakes.limits = dataclasses.replace(fakes.limits, split_size=split_size)
    ids = subscribers(fakes, count)
    tasks: list[Task] = [WHOLE]
    reached = list[str]()
    while tasks:
        fakes.queue.sent.clear()
        fakes.posts.frames.clear()
        work(fakes, tasks.pop(0))
        tasks += fakes.queue.tasks
        reached += fakes.posts.frames
    assert sorted(reached) == ids
    assert fakes.store.states[CHANNEL].interval_ms == planned_ms(count)


def test_a_range_that_has_grown_too_long_is_split_again_and_keeps_its_bounds() -> None:
    fakes = small()
    subscribers(fakes, 9)
    task = Range(CHANNEL, "c000", "c008", attempt=1)
    assert work(fakes, task) == Published(subscribers=8, tasks=3)
    assert [(t.after, t.until, t.attempt) for t in fakes.queue.tasks if isinstance(t, Range)] == [
        ("c000", "c004", 1),
        ("c004", "c008", 1),
        ("c008", "c008", 1),
    ]


def test_the_interval_grows_with_the_subscribers_and_shrinks_to_the_rules_again() -> None:
    fakes = small()
    subscribers(fakes, 6)
    work(fakes, WHOLE)
    assert fakes.store.states[CHANNEL].interval_ms == planned_ms(6)
    fakes.store.rows.clear()
    publish(fakes)
    assert fakes.store.states[CHANNEL].interval_ms == 200


def test_a_large_channel_keeps_a_long_interval_until_a_worker_has_counted_it() -> None:
    fakes = small()
    subscribers(fakes, 4)
    publish(fakes)
    assert fakes.store.states[CHANNEL].interval_ms == UNCOUNTED_MS
    assert fakes.store.cooldowns[CHANNEL].until == NOW + UNCOUNTED_MS
    work(fakes, WHOLE)
    assert fakes.store.states[CHANNEL].interval_ms == planned_ms(4)
    publish(fakes)
    assert fakes.store.states[CHANNEL].interval_ms == planned_ms(4)


def test_only_a_complete_count_shortens_the_interval() -> None:
    fakes = small()
    fakes.limits = dataclasses.replace(fakes.limits, split_size=8)
    fakes.store.states[CHANNEL] = replace(STATE, interval_ms=60_000)
    subscribers(fakes, 16)
    work(fakes, WHOLE)
    assert fakes.store.states[CHANNEL].interval_ms == 60_000
    work(fakes, fakes.queue.tasks[-1])
    assert fakes.store.states[CHANNEL].interval_ms == planned_ms(16)


def test_a_part_of_a_channel_says_nothing_about_its_size() -> None:
    fakes = small()
    subscribers(fakes, 6)
    work(fakes, Range(CHANNEL, until="c005"))
    assert fakes.store.states[CHANNEL].interval_ms is None


def test_a_worker_reads_the_value_after_the_rows_of_its_range() -> None:
    class Store(MemoryStore):
        async def subscriptions(self, *args: Any, **kwargs: Any) -> Page:
            self.states[CHANNEL] = replace(STATE, version=9)
            return await super().subscriptions(*args, **kwargs)

    fakes = small()
    fakes.store = Store()
    fakes.store.states[CHANNEL] = STATE
    subscribers(fakes, 1)
    work(fakes, WHOLE)
    assert [frame["realtime"]["version"] for frame in fakes.posts.frames["c000"]] == [9]


def test_the_unposted_rest_of_a_range_keeps_its_bounds() -> None:
    fakes = small({"c002": Outcome.UNSTARTED, "c003": Outcome.UNSTARTED})
    subscribers(fakes, 9)
    work(fakes, Range(CHANNEL, "c000", "c003"))
    assert fakes.queue.tasks == [Range(CHANNEL, "c001", "c003", attempt=1)]
    fakes.posts.outcomes["c001"] = Outcome.UNSTARTED
    work(fakes, Range(CHANNEL, "c000", "c003"))
    assert fakes.queue.tasks[1:] == [Range(CHANNEL, "c000", "c003", attempt=1)]


def test_a_publisher_leaves_the_unposted_rest_to_a_worker() -> None:
    fakes = small({"c001": Outcome.UNSTARTED})
    subscribers(fakes, 2)
    assert publish(fakes).tasks == 1
    rest = Range(CHANNEL, "c000", position=Position(7, 4), attempt=1)
    assert fakes.queue.sent == [(rest, 0)]


def test_a_range_that_is_never_posted_to_is_given_back_to_the_queue() -> None:
    fakes = small({"c001": Outcome.UNSTARTED})
    subscribers(fakes, 2)
    task: Task = Range(CHANNEL, "c000")
    for _ in range(LAST_ATTEMPT):
        work(fakes, task)
        (task,) = fakes.queue.tasks
        fakes.queue.sent.clear()
    with pytest.raises(Unfinished, match=r"1 connections of link:a .* raise posts_per_second"):
        work(fakes, task)
