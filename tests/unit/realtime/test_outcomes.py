import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Literal

import pytest

from handlers.realtime.delivery.fan_out import fan_out
from handlers.realtime.model import (
    Misconfigured,
    Outcome,
    Position,
    Published,
    Retry,
    State,
    Task,
)
from tests.fakes.delivery import NOW, Fakes, subscribers, watcher
from tests.fakes.realtime import MemoryPosts, MemoryStore

CHANNEL = "link:a"
STATE = State(CHANNEL, 7, 4, {"clicks": 4}, NOW - 30)
MESSAGE = State("order:1", 7, 4, {}, NOW)


def publish(fakes: Fakes, state: State = STATE) -> Published:
    return asyncio.run(fan_out(fakes.engine, fakes.engine.mode(state.channel), state))


def again(*ids: str, channel: str = CHANNEL) -> Retry:
    return Retry(channel, ids, Position(7, 4))


def test_an_expired_row_and_another_apis_row_are_neither_posted_to_nor_deleted() -> None:
    fakes = Fakes(now=NOW // 1000 * 1000)
    watcher(fakes.store, "expired", CHANNEL, expires_at=NOW // 1000)
    watcher(fakes.store, "foreign", CHANNEL, api_id="other")
    assert publish(fakes) == Published(subscribers=2)
    assert (fakes.posts.frames, fakes.queue.sent) == ({}, [])


@pytest.mark.parametrize(
    ("outcome", "task", "delay"),
    [
        (Outcome.GONE, Retry(CHANNEL, ("b",)), 0),
        (Outcome.SLOW, again("b"), 1),
        (Outcome.FAILED, again("b"), 1),
        (Outcome.UNANSWERED, again("b"), 3),
    ],
)
def test_a_post_that_does_not_arrive_is_a_retry_and_harms_no_other(
    outcome: Outcome, task: Task, delay: int
) -> None:
    fakes = Fakes(posts=MemoryPosts({"b": outcome}))
    for connection_id in "abc":
        watcher(fakes.store, connection_id, CHANNEL)
    expected = Counter({Outcome.DELIVERED: 2, outcome: 1})
    assert publish(fakes) == Published(subscribers=3, outcomes=expected, tasks=1)
    assert set(fakes.posts.frames) == {"a", "c"}
    assert fakes.queue.sent == [(task, delay)]


def test_a_frame_that_is_too_large_is_counted_and_not_posted_again() -> None:
    fakes = Fakes(posts=MemoryPosts({"b": Outcome.TOO_LARGE}))
    watcher(fakes.store, "b", CHANNEL)
    expected = Counter({Outcome.TOO_LARGE: 1})
    assert publish(fakes) == Published(subscribers=1, outcomes=expected)


def test_a_message_that_does_not_arrive_is_retried_and_no_other_message() -> None:
    fakes = Fakes(posts=MemoryPosts({"b": Outcome.FAILED}))
    watcher(fakes.store, "b", "order:1")
    publish(fakes, MESSAGE)
    assert fakes.queue.sent == [(again("b", channel="order:1"), 1)]


def test_connections_of_one_outcome_share_retries_of_a_hundred() -> None:
    ids = [f"c{number:03}" for number in range(150)]
    late = dict.fromkeys(ids[:120], Outcome.UNANSWERED) | {ids[130]: Outcome.SLOW}
    fakes = Fakes(posts=MemoryPosts(late), store=MemoryStore(page_size=1000))
    subscribers(fakes, 150)
    assert publish(fakes).tasks == 3
    assert fakes.queue.sent == [
        (again(*ids[:100]), 3),
        (again(*ids[100:120]), 3),
        (again(ids[130]), 1),
    ]


class LongPosts(MemoryPosts):
    """Posts that take twenty seconds, as a large range's do."""

    fakes: Fakes

    async def post_all(
        self, connection_ids: Sequence[str], data: bytes, seconds: float
    ) -> Mapping[str, Outcome]:
        self.fakes.now += 20_000
        return await super().post_all(connection_ids, data, seconds)


def test_a_socket_that_was_opening_when_it_refused_is_kept_however_long_the_posts_took() -> None:
    posts = LongPosts({"b": Outcome.GONE})
    posts.fakes = fakes = Fakes(posts=posts)
    watcher(fakes.store, "b", CHANNEL, via="connect", connected_at=NOW - 50_000)
    assert publish(fakes).outcomes == {Outcome.HANDSHAKING: 1}


@pytest.mark.parametrize(
    ("via", "age_ms", "opening"),
    [("connect", 59_999, True), ("connect", 60_000, False), ("subscribe", 0, False)],
)
def test_only_a_connection_that_may_still_be_opening_is_handshaking(
    via: Literal["connect", "subscribe"], age_ms: int, *, opening: bool
) -> None:
    fakes = Fakes(posts=MemoryPosts({"b": Outcome.GONE}))
    watcher(fakes.store, "b", CHANNEL, via=via, connected_at=NOW - age_ms)
    outcome = Outcome.HANDSHAKING if opening else Outcome.GONE
    assert publish(fakes).outcomes == {outcome: 1}
    assert fakes.queue.sent == [(again("b"), 1) if opening else (Retry(CHANNEL, ("b",)), 0)]


def test_a_misconfigured_publisher_deletes_nothing() -> None:
    fakes = Fakes()
    fakes.posts.misconfigured = True
    subscribers(fakes, 1)
    with pytest.raises(Misconfigured):
        publish(fakes)
    assert fakes.store.rows
    assert fakes.queue.sent == []
