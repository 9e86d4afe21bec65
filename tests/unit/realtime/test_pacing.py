import asyncio
import math
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.scale.clock import run
from handlers.realtime.delivery.rate_limit import (
    CHUNKS_AT_ONCE,
    PacedPosts,
    Pacer,
    Rate,
    RatedPosts,
)
from handlers.realtime.model import Misconfigured, Outcome
from tests.fakes.realtime import MemoryPosts, MemoryStore

START = 1_763_787_600_000


def rate(maximum: float = 1_000) -> Rate:
    return Rate(maximum)


def test_posts_start_no_faster_than_the_rate() -> None:
    limit = rate()
    assert [limit.reserve(100, 0), limit.reserve(100, 10), limit.reserve(50, 900)] == [0, 100, 900]


def test_a_chunk_of_throttled_posts_halves_the_rate_and_pauses_with_jitter() -> None:
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
    """Time passes while somebody sleeps, and not otherwise."""

    def __init__(self) -> None:
        self.now = START

    def now_ms(self) -> int:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += max(1, round(seconds * 1000))


def permits(pacers: Sequence[Pacer], clock: Clock, count: int, unit_ms: int = 1000) -> list[int]:
    """In which second, or unit, each of so many permits was given, to the pacers in turn."""

    async def scenario() -> list[int]:
        given: list[int] = []
        for number in range(count):
            await pacers[number % len(pacers)].permit()
            given.append((clock.now - START) // unit_ms)
        return given

    return run(scenario())


@given(workers=st.integers(1, 10), posts_per_second=st.integers(20, 10_000))
def test_all_workers_together_post_no_more_a_second_than_they_may(
    workers: int, posts_per_second: int
) -> None:
    clock, table = Clock(), MemoryStore()
    pacers = [
        Pacer(table, Rate(posts_per_second), workers, clock.now_ms, clock.sleep)
        for _ in range(workers)
    ]
    chunk = pacers[0].chunk
    given_at = permits(pacers, clock, 3 * workers + 2 * posts_per_second // chunk)
    # Each worker may have saved up one chunk of its share.
    most = posts_per_second + workers * chunk
    by_second = [given_at.count(second) * chunk for second in range(given_at[-1] + 1)]
    assert max(by_second) <= most


def test_one_worker_alone_has_nearly_the_whole_rate() -> None:
    clock = Clock()
    pacer = Pacer(MemoryStore(), Rate(2_500), 10, clock.now_ms, clock.sleep)
    given_at = permits([pacer], clock, 100)
    assert given_at[-1] <= 5
    assert pacer.waits > 0


def test_a_worker_that_gets_no_token_goes_on_at_its_share() -> None:
    clock, table = Clock(), MemoryStore()
    table.tokens.update({(START // 1000 + s, part): 1_000 for s in range(100) for part in range(4)})
    pacer = Pacer(table, Rate(2_500), 10, clock.now_ms, clock.sleep)
    given_at = permits([pacer], clock, 6)
    assert given_at[0] == 0
    # 1 % of the rate: 25 posts a second, a chunk of some 94 in less than four seconds.
    assert 18 <= given_at[-1] <= 24


def test_a_second_without_tokens_is_asked_once_in_each_of_its_parts() -> None:
    class Exhausted(MemoryStore):
        asked = 0

        async def take_tokens(self, second: int, part: int, tokens: int, maximum: int) -> bool:  # noqa: ARG002 - a port's
            self.asked += 1
            return False

    clock, table = Clock(), Exhausted()
    pacer = Pacer(table, Rate(10_000), 10, clock.now_ms, clock.sleep)
    assert permits([pacer], clock, 4) == [0, 1, 2, 3]
    assert table.asked <= 3 * 4 + 1


@given(workers=st.integers(1, 10), posts_per_second=st.integers(20, 10_000))
def test_no_half_second_has_much_more_than_half_of_a_seconds_posts(
    workers: int, posts_per_second: int
) -> None:
    clock, table = Clock(), MemoryStore()
    rates = Rate(posts_per_second)
    pacers = [Pacer(table, rates, workers, clock.now_ms, clock.sleep) for _ in range(workers)]
    chunk = pacers[0].chunk
    given_at = permits(pacers, clock, 2 * posts_per_second // chunk, unit_ms=500)
    most = posts_per_second / 2 * 1.5 + workers * chunk + chunk
    assert max(given_at.count(half) * chunk for half in set(given_at)) <= most


class Sockets:
    """Posts that take their time; those of a chunk that has a stuck one take as long as allowed."""

    def __init__(self) -> None:
        self.under_way = 0
        self.most_under_way = 0
        self.chunks: list[Sequence[str]] = []
        self.stuck: set[str] = set()
        self.failing = False

    async def post_all(
        self,
        connection_ids: Sequence[str],
        data: bytes,  # noqa: ARG002 - a port's
        seconds: float,
    ) -> Mapping[str, Outcome]:
        self.chunks.append(connection_ids)
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


def paced(sockets: Sockets, posts_per_second: int = 1_000_000) -> PacedPosts:
    clock = Clock()
    pacer = Pacer(MemoryStore(), Rate(posts_per_second), 10, clock.now_ms, clock.sleep)
    return PacedPosts(sockets, pacer)


def ids(count: int) -> list[str]:
    return [f"c{number:05}" for number in range(count)]


def test_every_connection_is_posted_to_in_chunks_that_overlap_but_not_all() -> None:
    sockets = Sockets()
    outcomes = run(paced(sockets).post_all(ids(2_050), b"{}", 5))
    assert outcomes == dict.fromkeys(ids(2_050), Outcome.DELIVERED)
    assert [len(chunk) for chunk in sockets.chunks] == [100] * 20 + [50]
    assert 1 < sockets.most_under_way <= CHUNKS_AT_ONCE


def test_a_socket_that_does_not_answer_holds_up_its_own_chunk_only() -> None:
    sockets = Sockets()
    sockets.stuck = {"c00000"}
    outcomes = run(paced(sockets).post_all(ids(1_000), b"{}", 0.5))
    assert [i for i, outcome in outcomes.items() if outcome is not Outcome.DELIVERED] == ["c00000"]


def test_what_there_is_no_time_for_is_left_unstarted_and_is_a_suffix() -> None:
    sockets = Sockets()
    sockets.stuck = set(ids(5_000))
    outcomes = run(paced(sockets).post_all(ids(2_000), b"{}", 0.2))
    started = CHUNKS_AT_ONCE * 100
    assert list(outcomes.values()) == [Outcome.FAILED] * started + [Outcome.UNSTARTED] * (
        2_000 - started
    )


def test_a_refused_caller_is_raised_and_leaves_no_slot_taken() -> None:
    sockets = Sockets()
    sockets.failing = True
    posts = paced(sockets)

    async def twice() -> Mapping[str, Outcome]:
        for _ in range(CHUNKS_AT_ONCE):
            with pytest.raises(Misconfigured):
                await posts.post_all(ids(200), b"{}", 5)
        await asyncio.sleep(0.05)
        sockets.failing = False
        return await posts.post_all(ids(200), b"{}", 5)

    assert set(run(twice()).values()) == {Outcome.DELIVERED}


@given(posts_per_second=st.integers(100, 10_000))
def test_the_chunks_of_a_second_use_up_what_is_shared(posts_per_second: int) -> None:
    pacer = Pacer(MemoryStore(), Rate(posts_per_second), 10, int, asyncio.sleep)
    part = posts_per_second * 9 // 10 // 4
    # As many posts as chunks at the most: a hundredth of the part.
    assert 0 <= part - part // pacer.chunk * pacer.chunk < math.ceil(part / 100)
    assert pacer.chunk <= 100


def rated(outcome: Outcome, posts_per_second: int = 2_000) -> tuple[Clock, MemoryPosts, RatedPosts]:
    clock, posts = Clock(), MemoryPosts(dict.fromkeys(ids(200), outcome))
    return clock, posts, RatedPosts(posts, Rate(posts_per_second), clock.now_ms, clock.sleep)


def started(posts: RatedPosts, count: int, seconds: float = 0.15) -> int:
    outcomes = run(posts.post_all(ids(count), b"{}", seconds))
    assert list(outcomes) == ids(count)
    return sum(outcome is not Outcome.UNSTARTED for outcome in outcomes.values())


def test_who_posts_at_once_posts_to_all_while_the_account_takes_it() -> None:
    _, _, posts = rated(Outcome.DELIVERED, posts_per_second=10)
    assert [started(posts, 200), started(posts, 200)] == [200, 200]


def test_an_account_that_refuses_what_was_posted_at_once_is_left_alone_for_a_while() -> None:
    clock, sockets, posts = rated(Outcome.SLOW)
    assert [started(posts, 200), started(posts, 200)] == [200, 0]
    sockets.outcomes.clear()
    clock.now += 1_000
    # Half of the rate: 1,000 a second for 150 ms, and again more each time.
    assert [started(posts, 200), started(posts, 200)] == [150, 156]


def test_who_has_time_waits_until_the_account_may_be_posted_to_again() -> None:
    clock, _, posts = rated(Outcome.SLOW)
    assert started(posts, 200) == 200
    assert started(posts, 1, seconds=3) == 1
    assert 250 <= clock.now - START <= 1_000


def test_what_is_posted_at_once_and_what_workers_post_slow_down_together() -> None:
    clock, _, posts = rated(Outcome.SLOW)
    limit = Rate(1_000)
    posts = RatedPosts(
        MemoryPosts(dict.fromkeys(ids(50), Outcome.SLOW)), limit, clock.now_ms, clock.sleep
    )
    pacer = Pacer(MemoryStore(), limit, 10, clock.now_ms, clock.sleep)
    started(posts, 50)
    assert pacer.rate.current == 500
    run(pacer.permit())
    assert clock.now - START >= 250
