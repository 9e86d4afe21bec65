"""States and tokens in every store. The fake and DynamoDB pass the same tests."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import pytest

from handlers.realtime.latest.writes import AHEAD_MS
from handlers.realtime.model import State, Update
from handlers.realtime.ports import (
    CoolingDown,
    Deferred,
    Led,
    StateStore,
    Superseded,
    Tokens,
)

Lead = Led | CoolingDown | Superseded
Defer = Deferred | Superseded

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


def test_a_leading_value_is_the_state(states: StateStore) -> None:
    assert run(states.read_state("link:a")) is None
    assert run(states.lead(FIRST, 1_000, 200)) == Led(STATE)
    assert run(states.read_state("link:a")) == STATE


def test_a_deferred_value_is_the_state_too_and_the_first_token_owns_the_trailing_push(
    states: StateStore,
) -> None:
    run(states.lead(FIRST, 1_000, 200))
    assert run(states.defer(replace(FIRST, version=5), "m2")) == Deferred("m2", 1_200, None)
    assert run(states.defer(replace(FIRST, version=6), "m3")) == Deferred("m2", 1_200, None)
    assert run(states.read_state("link:a")) == replace(STATE, version=6)


def test_a_value_may_be_deferred_without_a_push_before_it(states: StateStore) -> None:
    assert run(states.defer(FIRST, "m1")) == Deferred("m1", 0, None)
    assert run(states.read_state("link:a")) == STATE


@pytest.mark.parametrize(("change", "position"), NOT_OLDER)
def test_a_state_gives_way_to_one_that_is_not_older(
    states: StateStore, change: Callable[[], Update], position: tuple[int, int]
) -> None:
    async def both() -> tuple[Lead, Defer]:
        await states.lead(FIRST, 1_000, 200)
        return await states.lead(change(), 1_200, 200), await states.defer(change(), "m2")

    claim, join = run(both())
    state = run(states.read_state("link:a"))
    assert (state.epoch, state.version) == position
    assert claim == Led(state)
    assert join == Deferred("m2", 1_400, None)


@pytest.mark.parametrize("change", OLDER)
def test_an_older_value_changes_nothing_and_learns_which_token_trails(
    states: StateStore, change: Callable[[], Update]
) -> None:
    async def older() -> list[Lead | Defer]:
        await states.lead(FIRST, 1_000, 200)
        unarmed = await states.lead(change(), 5_000, 200)
        await states.defer(FIRST, "m1")
        return [
            unarmed,
            await states.lead(change(), 5_000, 200),
            await states.defer(change(), "m2"),
        ]

    armed = Superseded("m1", 1_200, None, 10)
    assert run(older()) == [Superseded(None, 1_200, None, 10), armed, armed]
    assert run(states.read_state("link:a")) == STATE


def test_an_epoch_that_is_left_out_is_older_than_any_other(states: StateStore) -> None:
    async def both() -> list[Lead | Defer]:
        without = replace(FIRST, epoch=0)
        found = [await states.lead(without, 1_000, 200)]
        found.append(await states.lead(replace(FIRST, version=1), 1_200, 200))
        return [*found, await states.lead(without, 1_400, 200), await states.defer(without, "m1")]

    first, second = replace(STATE, epoch=0), replace(STATE, version=1)
    older = Superseded(None, 1_400, None, 10)
    assert run(both()) == [Led(first), Led(second), older, older]


@pytest.mark.parametrize(("now", "held"), [(1_199, True), (1_200, False), (1_201, False)])
def test_a_channel_cools_down_until_its_time(states: StateStore, now: int, *, held: bool) -> None:
    run(states.lead(FIRST, 1_000, 200))
    claim = run(states.lead(replace(FIRST, version=5), now, now + 200))
    assert isinstance(claim, CoolingDown) == held
    assert run(states.read_state("link:a")).version == (4 if held else 5)


def test_a_leading_push_takes_the_trailing_one_over(states: StateStore) -> None:
    async def disarmed() -> list[Any]:
        await states.lead(FIRST, 1_000, 200)
        await states.defer(FIRST, "m1")
        await states.lead(FIRST, 1_200, 200)
        return [await states.trail("link:a", "m1", 1_400, 200), await states.defer(FIRST, "m2")]

    assert run(disarmed()) == [None, Deferred("m2", 1_400, None)]


def test_a_trailing_push_needs_its_own_token(states: StateStore) -> None:
    async def flushed() -> list[Any]:
        assert await states.trail("link:a", "m1", 1_200, 200) is None
        await states.lead(FIRST, 1_000, 200)
        await states.defer(replace(FIRST, version=5), "m1")
        return [
            await states.trail("link:a", "m2", 1_200, 200),
            await states.trail("link:a", "m1", 1_200, 200),
            await states.defer(FIRST, "m3"),
        ]

    assert run(flushed()) == [None, replace(STATE, version=5), Superseded(None, 1_400, None, 10)]


def test_a_trailing_push_that_comes_again_pushes_the_newest_value(
    states: StateStore,
) -> None:
    async def flushed() -> list[Any]:
        await states.lead(FIRST, 1_000, 200)
        await states.defer(FIRST, "m1")
        first = await states.trail("link:a", "m1", 1_200, 200)
        return [
            first,
            await states.trail("link:a", "m1", 1_300, 200),
            await states.defer(FIRST, "m3"),
        ]

    assert run(flushed()) == [STATE, STATE, Deferred("m3", 1_500, None)]


def test_a_trailing_push_that_comes_again_does_nothing_after_another_token_took_over(
    states: StateStore,
) -> None:
    async def flushed() -> list[Any]:
        await states.lead(FIRST, 1_000, 200)
        await states.defer(FIRST, "m1")
        await states.trail("link:a", "m1", 1_200, 200)
        await states.defer(FIRST, "m2")
        joined = await states.trail("link:a", "m1", 1_300, 200)
        await states.trail("link:a", "m2", 1_400, 200)
        return [joined, await states.trail("link:a", "m1", 1_500, 200)]

    assert run(flushed()) == [None, None]


def test_a_trailing_push_that_comes_again_does_nothing_after_a_leading_push(
    states: StateStore,
) -> None:
    async def flushed() -> State | None:
        await states.lead(FIRST, 1_000, 200)
        await states.defer(FIRST, "m1")
        await states.trail("link:a", "m1", 1_200, 200)
        await states.lead(FIRST, 1_400, 200)
        return await states.trail("link:a", "m1", 1_600, 200)

    assert run(flushed()) is None


def test_leading_and_trailing_pushes_cool_down_for_the_channels_own_interval(
    states: StateStore,
) -> None:
    async def held() -> list[Any]:
        await states.lead(FIRST, 1_000, 200)
        await states.set_interval("link:a", 5_200)
        held = await states.lead(FIRST, 6_199, 200)
        claimed = await states.lead(FIRST, 6_200, 200)
        joined = await states.defer(FIRST, "m1")
        flushed = await states.trail("link:a", "m1", 11_800, 200)
        return [held, claimed, joined, flushed, await states.defer(FIRST, "m2")]

    state = replace(STATE, interval_ms=5_200)
    assert run(held()) == [
        CoolingDown(6_200),
        Led(state),
        Deferred("m1", 11_400, 5_200),
        state,
        Deferred("m2", 17_000, 5_200),
    ]


def test_the_last_interval_counts_from_the_leading_push(states: StateStore) -> None:
    async def held() -> list[Any]:
        await states.lead(FIRST, 1_000, 200)
        await states.set_interval("link:a", 5_000)
        after = await states.defer(FIRST, "m1")
        await states.set_interval("link:a", 300)
        older = await states.lead(replace(FIRST, version=3), 1_100, 200)
        return [after, await states.defer(FIRST, "m1"), older]

    assert run(held()) == [
        Deferred("m1", 6_000, 5_000),
        Deferred("m1", 1_300, 300),
        Superseded("m1", 1_300, 300, 10),
    ]


def test_a_channel_without_a_state_gets_no_interval(states: StateStore) -> None:
    run(states.set_interval("link:a", 5_000))
    assert run(states.read_state("link:a")) is None


def test_a_channel_that_was_never_pushed_gets_no_interval(states: StateStore) -> None:
    run(states.defer(FIRST, "m1"))
    run(states.set_interval("link:a", 5_000))
    assert run(states.read_state("link:a")) == STATE


@pytest.mark.parametrize("interval_ms", [None, 500])
def test_a_rule_without_an_interval_cools_nothing_down(
    states: StateStore, interval_ms: int | None
) -> None:
    run(states.lead(FIRST, 1_000, 200))
    if interval_ms:
        run(states.set_interval("link:a", interval_ms))
    for _ in range(2):
        assert isinstance(run(states.lead(FIRST, 2_000, 0)), Led)
    run(states.defer(FIRST, "m1"))
    run(states.trail("link:a", "m1", 2_000, 0))
    assert isinstance(run(states.lead(FIRST, 2_000, 0)), Led)


def test_a_cooldown_that_began_further_ahead_than_clocks_differ_is_ignored(
    states: StateStore,
) -> None:
    run(states.lead(FIRST, 1_000 + AHEAD_MS, 200))
    assert run(states.lead(FIRST, 1_000, 200)) == CoolingDown(1_200 + AHEAD_MS)
    assert isinstance(run(states.lead(FIRST, 999, 200)), Led)
    assert run(states.lead(FIRST, 1_000, 200)) == CoolingDown(1_199)


def test_tokens_are_given_out_up_to_the_maximum_of_each_second(tokens: Tokens) -> None:
    async def taken() -> list[bool]:
        return [await tokens.take_tokens(second, 100, 250) for second in (1, 1, 1, 2)]

    assert run(taken()) == [True, True, False, True]
