"""How every store names who watches. The twin and DynamoDB pass the same tests."""

import asyncio
from dataclasses import replace

from handlers.realtime.ports import Claim, Claimed, Held, State, Store, Update

FIRST = Update("link:a", {"clicks": 4}, 4, at=100, epoch=10)


def name(answer: Claim | State | None) -> str | None:
    state = answer.state if isinstance(answer, Claimed) else answer
    assert isinstance(state, State)
    return state.audience


def test_an_audience_keeps_its_name_until_that_is_taken(store: Store) -> None:
    async def names() -> list[str | None]:
        found = [name(await store.claim(FIRST, 1_000, 0, "one"))]
        found.append(name(await store.claim(FIRST, 1_000, 1_200, "two")))
        await store.join(replace(FIRST, version=5), "m2")
        found.append(name(await store.flush("link:a", "m2", 1_400, "three")))
        found.append(name(await store.read_state("link:a")))
        found.append(name(await store.forget_audience("link:a")))
        found.append(name(await store.forget_audience("link:a")))
        found.append(name(await store.flush("link:a", "m2", 0, "four")))
        found.append(name(await store.claim(replace(FIRST, version=5), 2_000, 0, "five")))
        return found

    assert asyncio.run(names()) == ["one", "one", "one", "one", None, None, "four", "four"]


def test_who_takes_a_name_sees_the_state_as_it_is_then(store: Store) -> None:
    async def states() -> list[State | None]:
        await store.claim(FIRST, 1_000, 1_200, "one")
        await store.join(replace(FIRST, version=5), "m2")
        return [await store.forget_audience("link:a"), await store.forget_audience("link:a")]

    state = State("link:a", 10, 5, FIRST.value, 100)
    assert asyncio.run(states()) == [state, state]


def test_who_gives_no_name_takes_the_one_that_there_is(store: Store) -> None:
    async def names() -> list[str | None]:
        await store.claim(FIRST, 1_000, 0, "one")
        found = [name(await store.claim(FIRST, 1_000, 0))]
        await store.claim(FIRST, 1_000, 1_200, "two")
        await store.join(FIRST, "m2")
        found.append(name(await store.flush("link:a", "m2", 1_400)))
        return found

    assert asyncio.run(names()) == [None, None]


def test_to_take_a_name_makes_no_state(store: Store) -> None:
    assert asyncio.run(store.forget_audience("link:a")) is None
    assert asyncio.run(store.read_state("link:a")) is None


def test_a_claim_that_is_refused_names_nobody(store: Store) -> None:
    async def found() -> str | None:
        await store.claim(FIRST, 1_000, 1_200)
        assert await store.claim(FIRST, 1_100, 1_300, "one") == Held(1_200)
        await store.claim(replace(FIRST, version=3), 2_000, 2_200, "two")
        return name(await store.read_state("link:a"))

    assert asyncio.run(found()) is None
