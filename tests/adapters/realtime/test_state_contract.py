"""What every store does with states and the pace. The twin and DynamoDB pass the same tests."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import pytest

from handlers.realtime.latest.writes import AHEAD_MS
from handlers.realtime.model import (
    Claim,
    Claimed,
    Held,
    Join,
    Joined,
    State,
    Store,
    Superseded,
    Tokens,
    Update,
)

FIRST = Update("link:a", {"clicks": 4, "né": [1.5, None, {"x": "y"}]}, 4, at=100, epoch=10)
STATE = State("link:a", 10, 4, FIRST.value, 100)
NOT_OLDER = [
    (lambda: replace(FIRST, version=5), (10, 5)),
    (lambda: replace(FIRST, version=4, at=101), (10, 4)),
    (lambda: replace(FIRST, version=1, epoch=11), (11, 1)),
]
OLDER = [
    lambda: replace(FIRST, version=3),
    lambda: replace(FIRST, version=9, epoch=9),
]


def run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(work)


def test_a_claimed_value_is_the_state(store: Store) -> None:
    assert run(store.read_state("link:a")) is None
    assert run(store.claim(FIRST, 1_000, 200)) == Claimed(STATE)
    assert run(store.read_state("link:a")) == STATE


def test_a_joined_value_is_the_state_too_and_the_first_to_join_arms(store: Store) -> None:
    run(store.claim(FIRST, 1_000, 200))
    assert run(store.join(replace(FIRST, version=5), "m2")) == Joined("m2", 1_200, None)
    assert run(store.join(replace(FIRST, version=6), "m3")) == Joined("m2", 1_200, None)
    assert run(store.read_state("link:a")) == replace(STATE, version=6)


def test_a_join_needs_no_claim_before_it(store: Store) -> None:
    assert run(store.join(FIRST, "m1")) == Joined("m1", 0, None)
    assert run(store.read_state("link:a")) == STATE


@pytest.mark.parametrize(("change", "position"), NOT_OLDER)
def test_a_state_gives_way_to_one_that_is_not_older(
    store: Store, change: Callable[[], Update], position: tuple[int, int]
) -> None:
    async def both() -> tuple[Claim, Join]:
        await store.claim(FIRST, 1_000, 200)
        return await store.claim(change(), 1_200, 200), await store.join(change(), "m2")

    claim, join = run(both())
    state = run(store.read_state("link:a"))
    assert (state.epoch, state.version) == position
    assert claim == Claimed(state)
    assert join == Joined("m2", 1_400, None)


@pytest.mark.parametrize("change", OLDER)
def test_what_is_older_changes_nothing_and_learns_whose_the_flush_is(
    store: Store, change: Callable[[], Update]
) -> None:
    async def older() -> list[Claim | Join]:
        await store.claim(FIRST, 1_000, 200)
        unarmed = await store.claim(change(), 5_000, 200)
        await store.join(FIRST, "m1")
        return [
            unarmed,
            await store.claim(change(), 5_000, 200),
            await store.join(change(), "m2"),
        ]

    armed = Superseded("m1", 1_200, None, 10)
    assert run(older()) == [Superseded(None, 1_200, None, 10), armed, armed]
    assert run(store.read_state("link:a")) == STATE


def test_an_epoch_that_is_left_out_is_older_than_any_other(store: Store) -> None:
    async def both() -> list[Claim | Join]:
        without = replace(FIRST, epoch=0)
        found = [await store.claim(without, 1_000, 200)]
        found.append(await store.claim(replace(FIRST, version=1), 1_200, 200))
        return [*found, await store.claim(without, 1_400, 200), await store.join(without, "m1")]

    first, second = replace(STATE, epoch=0), replace(STATE, version=1)
    older = Superseded(None, 1_400, None, 10)
    assert run(both()) == [Claimed(first), Claimed(second), older, older]


@pytest.mark.parametrize(("now", "held"), [(1_199, True), (1_200, False), (1_201, False)])
def test_a_channel_is_held_until_its_time(store: Store, now: int, *, held: bool) -> None:
    run(store.claim(FIRST, 1_000, 200))
    claim = run(store.claim(replace(FIRST, version=5), now, now + 200))
    assert isinstance(claim, Held) == held
    assert run(store.read_state("link:a")).version == (4 if held else 5)


def test_a_claim_disarms(store: Store) -> None:
    async def disarmed() -> list[Any]:
        await store.claim(FIRST, 1_000, 200)
        await store.join(FIRST, "m1")
        await store.claim(FIRST, 1_200, 200)
        return [await store.flush("link:a", "m1", 1_400, 200), await store.join(FIRST, "m2")]

    assert run(disarmed()) == [None, Joined("m2", 1_400, None)]


def test_a_flush_ends_the_hold_of_its_own_token(store: Store) -> None:
    async def flushed() -> list[Any]:
        assert await store.flush("link:a", "m1", 1_200, 200) is None
        await store.claim(FIRST, 1_000, 200)
        await store.join(replace(FIRST, version=5), "m1")
        return [
            await store.flush("link:a", "m2", 1_200, 200),
            await store.flush("link:a", "m1", 1_200, 200),
            await store.join(FIRST, "m3"),
        ]

    assert run(flushed()) == [None, replace(STATE, version=5), Superseded(None, 1_400, None, 10)]


def test_a_flush_that_comes_again_disarmed_its_token_itself_and_pushes_what_is_there(
    store: Store,
) -> None:
    async def flushed() -> list[Any]:
        await store.claim(FIRST, 1_000, 200)
        await store.join(FIRST, "m1")
        first = await store.flush("link:a", "m1", 1_200, 200)
        return [first, await store.flush("link:a", "m1", 1_300, 200), await store.join(FIRST, "m3")]

    assert run(flushed()) == [STATE, STATE, Joined("m3", 1_500, None)]


def test_a_flush_that_comes_again_has_nothing_to_do_when_somebody_has_joined_or_flushed_since(
    store: Store,
) -> None:
    async def flushed() -> list[Any]:
        await store.claim(FIRST, 1_000, 200)
        await store.join(FIRST, "m1")
        await store.flush("link:a", "m1", 1_200, 200)
        await store.join(FIRST, "m2")
        joined = await store.flush("link:a", "m1", 1_300, 200)
        await store.flush("link:a", "m2", 1_400, 200)
        return [joined, await store.flush("link:a", "m1", 1_500, 200)]

    assert run(flushed()) == [None, None]


def test_a_flush_that_comes_again_has_nothing_to_do_after_a_claim(store: Store) -> None:
    async def flushed() -> State | None:
        await store.claim(FIRST, 1_000, 200)
        await store.join(FIRST, "m1")
        await store.flush("link:a", "m1", 1_200, 200)
        await store.claim(FIRST, 1_400, 200)
        return await store.flush("link:a", "m1", 1_600, 200)

    assert run(flushed()) is None


def test_a_channel_is_held_by_claims_and_flushes_for_its_own_interval(store: Store) -> None:
    async def held() -> list[Any]:
        await store.claim(FIRST, 1_000, 200)
        await store.set_interval("link:a", 5_200)
        held = await store.claim(FIRST, 6_199, 200)
        claimed = await store.claim(FIRST, 6_200, 200)
        joined = await store.join(FIRST, "m1")
        flushed = await store.flush("link:a", "m1", 11_800, 200)
        return [held, claimed, joined, flushed, await store.join(FIRST, "m2")]

    state = replace(STATE, interval_ms=5_200)
    assert run(held()) == [
        Held(6_200),
        Claimed(state),
        Joined("m1", 11_400, 5_200),
        state,
        Joined("m2", 17_000, 5_200),
    ]


def test_the_last_interval_holds_from_when_the_channel_was_claimed(store: Store) -> None:
    async def held() -> list[Any]:
        await store.claim(FIRST, 1_000, 200)
        await store.set_interval("link:a", 5_000)
        after = await store.join(FIRST, "m1")
        await store.set_interval("link:a", 300)
        older = await store.claim(replace(FIRST, version=3), 1_100, 200)
        return [after, await store.join(FIRST, "m1"), older]

    assert run(held()) == [
        Joined("m1", 6_000, 5_000),
        Joined("m1", 1_300, 300),
        Superseded("m1", 1_300, 300, 10),
    ]


def test_a_channel_without_a_state_gets_no_interval(store: Store) -> None:
    run(store.set_interval("link:a", 5_000))
    assert run(store.read_state("link:a")) is None


def test_a_channel_that_no_claim_holds_gets_no_interval(store: Store) -> None:
    run(store.join(FIRST, "m1"))
    run(store.set_interval("link:a", 5_000))
    assert run(store.read_state("link:a")) == STATE


@pytest.mark.parametrize("interval_ms", [None, 500])
def test_a_rule_without_an_interval_holds_nothing(store: Store, interval_ms: int | None) -> None:
    run(store.claim(FIRST, 1_000, 200))
    if interval_ms:
        run(store.set_interval("link:a", interval_ms))
    for _ in range(2):
        assert isinstance(run(store.claim(FIRST, 2_000, 0)), Claimed)
    run(store.join(FIRST, "m1"))
    run(store.flush("link:a", "m1", 2_000, 0))
    assert isinstance(run(store.claim(FIRST, 2_000, 0)), Claimed)


def test_a_hold_that_began_further_ahead_than_clocks_differ_is_not_waited_for(store: Store) -> None:
    run(store.claim(FIRST, 1_000 + AHEAD_MS, 200))
    assert run(store.claim(FIRST, 1_000, 200)) == Held(1_200 + AHEAD_MS)
    assert isinstance(run(store.claim(FIRST, 999, 200)), Claimed)
    assert run(store.claim(FIRST, 1_000, 200)) == Held(1_199)


def test_tokens_are_given_out_up_to_the_maximum_of_each_part_and_second(tokens: Tokens) -> None:
    async def taken() -> list[bool]:
        keys = [(1, 0), (1, 0), (1, 0), (1, 1), (2, 0)]
        return [await tokens.take_tokens(second, part, 100, 250) for second, part in keys]

    assert run(taken()) == [True, True, False, True, True]
