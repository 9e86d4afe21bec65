import asyncio
import dataclasses
from collections.abc import Mapping, Sequence
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.realtime import wire
from handlers.realtime.catch_up import catch_up
from handlers.realtime.delivery import (
    LAST_ATTEMPT,
    Limits,
    Published,
    Push,
    Unfinished,
    fan_out,
    fan_out_range,
)
from handlers.realtime.ports import Misconfigured, Outcome, State
from handlers.realtime.tasks import CatchUp, Forget, Range, Task
from tests.doubles.delivery import NOW, Twins, watcher
from tests.doubles.realtime import MemoryPosts, MemoryStore

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


def audience(twins: Twins, count: int, channel: str = CHANNEL) -> list[str]:
    ids = [f"c{number:03}" for number in range(count)]
    for connection_id in ids:
        watcher(twins.store, connection_id, channel)
    return ids


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
    twins.store.states[CHANNEL] = STATE
    ids = audience(twins, count)
    pieces: list[Task] = [Range(CHANNEL, whole=True)]
    served = list[str]()
    while pieces:
        piece = pieces.pop(0)
        assert isinstance(piece, Range)
        twins.queue.sent.clear()
        twins.posts.frames.clear()
        push_range(twins, piece)
        pieces += twins.queue.tasks
        served += twins.posts.frames
    assert sorted(served) == ids
    assert twins.store.states[CHANNEL].stretch_ms == max(0, count * 100 - 200)


def test_a_range_is_not_cut_again_however_many_have_come() -> None:
    twins = small()
    audience(twins, 12)
    published = push_range(twins, Range(CHANNEL, after="c000"))
    assert published == Published(subscribers=11, delivered=11)
    assert twins.queue.sent == []


def test_an_audience_that_takes_longer_than_the_interval_stretches_it_and_shrinks_it_again() -> (
    None
):
    twins = small()
    twins.store.states[CHANNEL] = STATE
    audience(twins, 12)
    push_range(twins, Range(CHANNEL, whole=True))
    assert twins.store.states[CHANNEL].stretch_ms == 1_000
    twins.store.rows.clear()
    push(twins, Push.of(twins.store.states[CHANNEL]))
    assert twins.store.states[CHANNEL].stretch_ms == 0


def test_a_range_says_nothing_about_the_size_of_the_audience() -> None:
    twins = small()
    twins.store.states[CHANNEL] = STATE
    audience(twins, 12)
    push_range(twins, Range(CHANNEL, until="c011"))
    assert twins.store.states[CHANNEL].stretch_ms == 0


def test_an_expired_row_and_another_apis_row_are_neither_posted_to_nor_deleted() -> None:
    twins = Twins(now=NOW // 1000 * 1000)
    watcher(twins.store, "expired", CHANNEL, expires_at=NOW // 1000)
    watcher(twins.store, "foreign", CHANNEL, api_id="other")
    assert push(twins) == Published(subscribers=2)
    assert (twins.posts.frames, twins.queue.sent) == ({}, [])


def remedies(outcome: Outcome, push_: Push = PUSH) -> tuple[Published, list[tuple[Task, int]]]:
    twins = Twins(posts=MemoryPosts({"b": outcome}))
    for connection_id in "abc":
        watcher(twins.store, connection_id, push_.channel)
    published = push(twins, push_)
    assert published.delivered == len(twins.posts.frames) == 2
    return published, twins.queue.sent


LATEST = CatchUp(CHANNEL, "b", 7, 4, superseded_by_newer=True)


@pytest.mark.parametrize(
    ("outcome", "counted", "task", "delay"),
    [
        (Outcome.GONE, "gone", Forget(CHANNEL, ("b",)), 0),
        (Outcome.SLOW, "slow", LATEST, 1),
        (Outcome.FAILED, "failed", LATEST, 1),
        (Outcome.UNSTARTED, None, Range(CHANNEL, after="a", attempt=1), 0),
    ],
)
def test_a_post_that_does_not_arrive_is_a_task_and_harms_nobody(
    outcome: Outcome, counted: str | None, task: Task, delay: int
) -> None:
    published, sent = remedies(outcome)
    assert sent == [(task, delay)]
    expected = Published(subscribers=3, delivered=2, tasks=1)
    assert published == (dataclasses.replace(expected, **{counted: 1}) if counted else expected)


def test_a_frame_that_is_too_large_is_counted_and_tried_no_more() -> None:
    assert remedies(Outcome.TOO_LARGE) == (Published(subscribers=3, delivered=2, too_large=1), [])


def test_a_message_that_does_not_arrive_is_caught_up_from_the_one_before() -> None:
    assert remedies(Outcome.FAILED, MESSAGE)[1] == [(CatchUp("order:1", "b", 7, 3), 1)]
    assert remedies(Outcome.UNSTARTED, MESSAGE)[1] == [
        (Range("order:1", "a", message=4, attempt=1), 0)
    ]


def test_what_a_worker_leaves_over_keeps_the_bounds_of_its_range() -> None:
    twins = small({"c002": Outcome.UNSTARTED, "c003": Outcome.UNSTARTED})
    audience(twins, 9)
    push_range(twins, Range(CHANNEL, "c000", "c003"))
    assert twins.queue.tasks == [Range(CHANNEL, "c001", "c003", attempt=1)]
    twins.posts.outcomes["c001"] = Outcome.UNSTARTED
    push_range(twins, Range(CHANNEL, "c000", "c003"))
    assert twins.queue.tasks[1:] == [Range(CHANNEL, "c000", "c003", attempt=1)]


def test_what_is_left_over_again_and_again_ends_before_aws_stops_it_silently() -> None:
    twins = small({"c001": Outcome.UNSTARTED})
    audience(twins, 2)
    task = Range(CHANNEL, "c000")
    for _ in range(LAST_ATTEMPT):
        push_range(twins, task)
        (task,) = (task for task in twins.queue.tasks if isinstance(task, Range))
        twins.queue.sent.clear()
    with pytest.raises(Unfinished, match=r"1 connections of link:a .* raise posts_per_second"):
        push_range(twins, task)
    assert LAST_ATTEMPT < 15


class LongPosts(MemoryPosts):
    """Posts that take twenty seconds, as a large range's do."""

    twins: Twins

    async def post_all(
        self, connection_ids: Sequence[str], data: bytes, seconds: float
    ) -> Mapping[str, Outcome]:
        self.twins.now += 20_000
        return await super().post_all(connection_ids, data, seconds)


def test_a_socket_that_was_opening_when_it_refused_is_kept_however_long_the_posts_took() -> None:
    posts = LongPosts({"b": Outcome.GONE})
    posts.twins = twins = Twins(posts=posts)
    twins.store.states[CHANNEL] = STATE
    watcher(twins.store, "b", CHANNEL, via="connect", connected_at=NOW - 50_000)
    assert push(twins).handshaking == 1
    twins.now = NOW
    asyncio.run(catch_up(twins.engine, CatchUp(CHANNEL, "b")))
    assert [type(task) for task in twins.queue.tasks] == [CatchUp, CatchUp]


@pytest.mark.parametrize(
    ("via", "age_ms", "opening"),
    [("connect", 59_999, True), ("connect", 60_000, False), ("subscribe", 0, False)],
)
def test_only_a_connection_that_may_still_be_opening_is_kept(
    via: Literal["connect", "subscribe"], age_ms: int, *, opening: bool
) -> None:
    twins = Twins(posts=MemoryPosts({"b": Outcome.GONE}))
    watcher(twins.store, "b", CHANNEL, via=via, connected_at=NOW - age_ms)
    expected = Published(subscribers=1, gone=1 - opening, handshaking=int(opening), tasks=1)
    assert push(twins) == expected
    assert twins.queue.sent == [(LATEST, 1) if opening else (Forget(CHANNEL, ("b",)), 0)]


def test_many_that_are_gone_are_forgotten_by_tasks_of_a_hundred() -> None:
    twins = Twins(posts=MemoryPosts(dict.fromkeys([f"c{n:03}" for n in range(150)], Outcome.GONE)))
    twins.store = MemoryStore(page_size=1000)
    ids = audience(twins, 150)
    push(twins)
    assert twins.queue.tasks == [
        Forget(CHANNEL, tuple(ids[:100])),
        Forget(CHANNEL, tuple(ids[100:])),
    ]


def test_a_misconfigured_publisher_deletes_nothing() -> None:
    twins = Twins()
    twins.posts.misconfigured = True
    audience(twins, 1)
    with pytest.raises(Misconfigured):
        push(twins)
    assert twins.store.rows
    assert twins.queue.sent == []


def test_the_frame_is_the_state() -> None:
    assert Push(CHANNEL, wire.push(STATE), 7, 4, at=NOW - 30) == PUSH
