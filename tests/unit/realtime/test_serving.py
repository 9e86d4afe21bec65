import asyncio
import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import pytest

from handlers.realtime.delivery.engine import Published, Push
from handlers.realtime.delivery.fan_out import fan_out
from handlers.realtime.delivery.retry import catch_up
from handlers.realtime.delivery.serving import LAST_ATTEMPT, Unfinished
from handlers.realtime.delivery.tasks import CatchUp, Forget, Rest, Task
from handlers.realtime.delivery.workers import work
from handlers.realtime.model import Misconfigured, Outcome, State
from tests.fakes.delivery import NOW, Twins, audience, watcher
from tests.fakes.realtime import MemoryPosts, MemoryStore

CHANNEL = "link:a"
STATE = State(CHANNEL, 7, 4, {"clicks": 4}, NOW - 30)
PUSH = Push.of(STATE)
MESSAGE = Push.of(State("order:1", 7, 4, {}, NOW), message=4)


def push(twins: Twins, push: Push = PUSH) -> Published:
    return asyncio.run(fan_out(twins.engine, push))


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


def rest(*ids: str, superseded_by_newer: bool = False, attempt: int = 0) -> Rest:
    expires_at = NOW // 1000 + 7200
    return Rest(CHANNEL, ids, expires_at, 7, 4, None, attempt, superseded_by_newer)


@pytest.mark.parametrize(
    ("outcome", "counted", "task", "delay"),
    [
        (Outcome.GONE, "gone", Forget(CHANNEL, ("b",)), 0),
        (Outcome.SLOW, "slow", LATEST, 1),
        (Outcome.FAILED, "failed", LATEST, 1),
        (Outcome.UNANSWERED, "unanswered", rest("b", superseded_by_newer=True), 3),
        (Outcome.UNSTARTED, None, rest("b"), 0),
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
    [(unstarted, _)] = remedies(Outcome.UNSTARTED, MESSAGE)[1]
    assert unstarted == dataclasses.replace(rest("b"), channel="order:1", message=4)


def test_all_that_a_publisher_had_no_answer_from_is_one_task() -> None:
    ids = [f"c{number:03}" for number in range(40)]
    late = dict.fromkeys(ids[10:30], Outcome.UNANSWERED) | {ids[30]: Outcome.UNSTARTED}
    twins = Twins(posts=MemoryPosts(late))
    audience(twins, 40)
    assert push(twins).tasks == 2
    assert twins.queue.sent == [
        (rest(ids[30]), 0),
        (rest(*ids[10:30], superseded_by_newer=True), 3),
    ]


def working(twins: Twins, task: Task) -> Any:
    return asyncio.run(work(twins.engine, task))


def test_those_without_an_answer_are_sent_it_once_more_unless_something_newer_is_there() -> None:
    twins = Twins()
    ids = audience(twins, 2)
    twins.store.states[CHANNEL] = STATE
    sent = rest(*ids, superseded_by_newer=True)
    assert working(twins, sent) == Published(subscribers=2, delivered=2)
    assert [frame["clicks"] for frame in twins.posts.frames["c000"]] == [4]
    twins.store.states[CHANNEL] = dataclasses.replace(STATE, version=5, value={"clicks": 5})
    assert working(twins, sent) is None
    assert len(twins.posts.frames["c000"]) == 1


def test_those_that_nothing_was_sent_to_get_what_is_newest_however_new() -> None:
    twins = Twins()
    twins.store.states[CHANNEL] = dataclasses.replace(STATE, version=5, value={"clicks": 5})
    assert working(twins, rest("c000")) == Published(subscribers=1, delivered=1)
    assert [frame["clicks"] for frame in twins.posts.frames["c000"]] == [5]


@pytest.mark.parametrize(
    "outcome", [Outcome.GONE, Outcome.SLOW, Outcome.FAILED, Outcome.UNANSWERED]
)
def test_whoever_a_second_task_does_not_reach_is_looked_up(outcome: Outcome) -> None:
    twins = Twins(posts=MemoryPosts({"b": outcome}))
    twins.store.states[CHANNEL] = STATE
    assert working(twins, rest("a", "b", "c")).delivered == 2
    assert twins.queue.sent == [(LATEST, 1)]


def test_those_whose_end_has_come_meanwhile_are_looked_up_before_they_are_posted_to() -> None:
    twins = Twins(now=NOW + 7_200_000)
    twins.store.states[CHANNEL] = STATE
    working(twins, rest("b"))
    assert not twins.posts.frames
    assert twins.queue.sent == [(LATEST, 1)]


def test_what_a_second_task_leaves_over_is_handed_on_and_ends() -> None:
    twins = Twins(posts=MemoryPosts({"b": Outcome.UNSTARTED}))
    twins.store.states[CHANNEL] = STATE
    working(twins, rest("a", "b", superseded_by_newer=True))
    assert twins.queue.sent == [(rest("b", attempt=1), 0)]
    with pytest.raises(Unfinished):
        working(twins, rest("b", attempt=LAST_ATTEMPT))


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
