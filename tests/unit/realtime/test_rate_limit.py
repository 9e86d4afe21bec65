import asyncio
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.scale.clock import run
from handlers.realtime.delivery.rate_limit import WINDOWS_AT_ONCE, Rate, RateLimitedPosts
from handlers.realtime.model import Misconfigured, Outcome
from handlers.realtime.ports import Posts
from tests.fakes.realtime import MemoryPosts, MemoryStore

START = 1_763_787_600_000


def rate(maximum: float = 1_000) -> Rate:
    return Rate(maximum)


def test_posts_start_no_faster_than_the_rate() -> None:
    limit = rate()
    assert [limit.reserve(100, 0), limit.reserve(100, 10), limit.reserve(50, 900)] == [0, 100, 900]


def test_a_window_of_throttled_posts_halves_the_rate_and_pauses_with_jitter() -> None:
    limit = rate()
    limit.answered(100, 21, 1_000, jitter=0.5)
    assert limit.current == 500
    assert limit.reserve(100, 1_000) == 1_625


@pytest.mark.parametrize(("posts", "slow"), [(100, 20), (19, 19), (20, 4), (100, 0)])
def test_a_few_throttled_posts_are_slow_sockets_and_no_reason_to_slow_down(
    posts: int, slow: int
) -> None:
    limit = rate()
    limit.answered(posts, slow, 1_000, jitter=0.5)
    assert limit.current == 1_000
    assert limit.reserve(100, 1_000) == 1_000


def test_what_was_under_way_when_the_account_was_over_its_quota_counts_once() -> None:
    limit = rate()
    for now in (1_000, 1_001, 1_400):
        limit.answered(100, 100, now, jitter=1)
    assert limit.current == 500
    limit.answered(100, 100, 2_000, jitter=1)
    assert limit.current == 250


@given(st.lists(st.booleans(), max_size=200))
def test_the_rate_stays_within_its_bounds_and_recovers(overloaded: list[bool]) -> None:
    limit = rate()
    for number, over in enumerate(overloaded):
        limit.answered(100, 100 * over, number * 10_000, jitter=0)
        assert 10 <= limit.current <= 1_000
    for number in range(50):
        limit.answered(100, 0, 10_000_000 + number, jitter=0)
    assert limit.current == 1_000


class Clock:
    """Time passes while a worker sleeps, and not otherwise."""

    def __init__(self) -> None:
        self.now = START

    def now_ms(self) -> int:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += max(1, round(seconds * 1000))


def limited(
    clock: Clock, table: MemoryStore, posts_per_second: int, sockets: Posts | None = None
) -> RateLimitedPosts:
    posts = sockets or MemoryPosts()
    return RateLimitedPosts(posts, table, posts_per_second, clock.now_ms, clock.sleep)


def acquired(workers: Sequence[RateLimitedPosts], clock: Clock, count: int, size: int) -> list[int]:
    """In which second each of so many windows could start, for the workers in turn."""

    async def scenario() -> list[int]:
        seconds: list[int] = []
        for number in range(count):
            await workers[number % len(workers)].acquire(size)
            seconds.append(clock.now // 1000 - START // 1000)
        return seconds

    return run(scenario())


@given(workers=st.integers(1, 10), posts_per_second=st.integers(20, 10_000))
def test_all_workers_together_start_no_more_posts_a_second_than_they_may(
    workers: int, posts_per_second: int
) -> None:
    clock, table = Clock(), MemoryStore()
    size = min(100, posts_per_second)
    started = [limited(clock, table, posts_per_second) for _ in range(workers)]
    seconds = acquired(started, clock, 3 * workers + 2 * posts_per_second // size, size)
    assert max(seconds.count(second) * size for second in seconds) <= posts_per_second


def test_one_worker_alone_has_the_whole_rate() -> None:
    clock = Clock()
    worker = limited(clock, MemoryStore(), 2_500)
    assert acquired([worker], clock, 100, 100)[-1] <= 4
    assert worker.waits > 0


def test_a_worker_asks_once_in_a_second_without_tokens() -> None:
    class Exhausted(MemoryStore):
        asked = 0

        async def take_tokens(self, second: int, tokens: int, maximum: int) -> bool:
            self.asked += 1
            return second >= START // 1000 + 5 and await super().take_tokens(
                second, tokens, maximum
            )

    clock, table = Clock(), Exhausted()
    assert acquired([limited(clock, table, 10_000)], clock, 1, 100) == [5]
    assert table.asked == 6


class Sockets:
    """Posts that take their time; a window with a stuck one takes as long as it may."""

    def __init__(self) -> None:
        self.under_way = 0
        self.most_under_way = 0
        self.windows: list[Sequence[str]] = []
        self.stuck: set[str] = set()
        self.failing = False

    async def post_all(
        self,
        connection_ids: Sequence[str],
        data: bytes,  # noqa: ARG002 - a port's
        seconds: float,
    ) -> Mapping[str, Outcome]:
        self.windows.append(connection_ids)
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        await asyncio.sleep(seconds if self.stuck & set(connection_ids) else 0.01)
        self.under_way -= 1
        if self.failing:
            raise Misconfigured("refused")
        return {
            connection_id: Outcome.FAILED if connection_id in self.stuck else Outcome.DELIVERED
            for connection_id in connection_ids
        }

    async def disconnect(self, connection_id: str) -> None:
        self.stuck.discard(connection_id)


def paced(sockets: Sockets) -> RateLimitedPosts:
    return limited(Clock(), MemoryStore(), 1_000_000, sockets)


def ids(count: int) -> list[str]:
    return [f"c{number:05}" for number in range(count)]


def test_every_connection_is_posted_to_in_windows_that_overlap_but_not_all() -> None:
    sockets = Sockets()
    outcomes = run(paced(sockets).post_all(ids(2_050), b"{}", 5))
    assert outcomes == dict.fromkeys(ids(2_050), Outcome.DELIVERED)
    assert [len(window) for window in sockets.windows] == [100] * 20 + [50]
    assert 1 < sockets.most_under_way <= WINDOWS_AT_ONCE


def test_a_socket_that_does_not_answer_holds_up_its_own_window_only() -> None:
    sockets = Sockets()
    sockets.stuck = {"c00000"}
    outcomes = run(paced(sockets).post_all(ids(1_000), b"{}", 0.5))
    assert [i for i, outcome in outcomes.items() if outcome is not Outcome.DELIVERED] == ["c00000"]


def test_what_there_is_no_time_for_is_left_unstarted_and_is_a_suffix() -> None:
    sockets = Sockets()
    sockets.stuck = set(ids(5_000))
    outcomes = run(paced(sockets).post_all(ids(2_000), b"{}", 0.2))
    started = WINDOWS_AT_ONCE * 100
    assert list(outcomes.values()) == [Outcome.FAILED] * started + [Outcome.UNSTARTED] * (
        2_000 - started
    )


def test_a_refused_caller_is_raised_and_leaves_no_slot_taken() -> None:
    sockets = Sockets()
    sockets.failing = True
    posts = paced(sockets)

    async def twice() -> Mapping[str, Outcome]:
        for _ in range(WINDOWS_AT_ONCE):
            with pytest.raises(Misconfigured):
                await posts.post_all(ids(200), b"{}", 5)
        await asyncio.sleep(0.05)
        sockets.failing = False
        return await posts.post_all(ids(200), b"{}", 5)

    assert set(run(twice()).values()) == {Outcome.DELIVERED}


def test_a_throttled_window_slows_the_worker_down() -> None:
    clock, sockets = Clock(), MemoryPosts(dict.fromkeys(ids(100), Outcome.SLOW))
    posts = limited(clock, MemoryStore(), 1_000, sockets)
    run(posts.post_all(ids(100), b"{}", 5))
    assert posts.rate.current == 500
    run(posts.acquire(1))
    assert clock.now - START >= 250


def test_a_range_without_time_is_left_unstarted() -> None:
    posts = limited(Clock(), MemoryStore(), 1_000)
    assert set(run(posts.post_all(ids(10), b"{}", 0)).values()) == {Outcome.UNSTARTED}
