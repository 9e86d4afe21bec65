"""Runs coroutines in every order in which their steps can be interleaved: no event loop, no clock.

A step ends where the code under test awaits a port, by `step()` in the port's twin. So what is
checked may await its ports only.
"""

from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterator, Sequence
from typing import Any, TypeVar

State = TypeVar("State")
Result = TypeVar("Result")
Actor = Coroutine[Any, Any, None]


class _Step(Awaitable[None]):
    def __await__(self) -> Generator[None, None, None]:
        yield


def step() -> Awaitable[None]:
    """What a twin awaits before it touches its state: here another actor may come in between."""
    return _Step()


def interleavings(
    world: Callable[[], tuple[State, Sequence[Actor]]],
    preemptions: int | None = None,
) -> Iterator[tuple[tuple[int, ...], State]]:
    """Yields `(schedule, state)` for each complete order; `world` makes a fresh state and actors.

    Depth first: runs one schedule to its end, then goes back to the last choice that has another.
    `preemptions` bounds how often an actor that could go on is interrupted by another one: for
    where the orders are too many, as those with few interruptions show most faults.
    """
    prefix: tuple[int, ...] = ()
    while True:
        state, actors = world()
        taken, choices = _run(actors, prefix, preemptions)
        yield tuple(taken), state
        while taken and taken[-1] == choices[-1][-1]:
            taken.pop()
            choices.pop()
        if not taken:
            return
        options = choices[-1]
        prefix = (*taken[:-1], options[options.index(taken[-1]) + 1])


def finish(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """Runs one coroutine, from wherever it is, to its end with nobody in between."""
    try:
        while True:
            coroutine.send(None)
    except StopIteration as stop:
        return stop.value


def run_alone(actor: Actor) -> None:
    """Runs one actor to its end with nobody in between."""
    finish(actor)


async def crashing(attempt: Callable[[], Actor], steps: int) -> None:
    """The attempt dies after so many steps, as a killed process does, and is delivered again."""
    dying = attempt()
    try:
        for _ in range(steps):
            dying.send(None)
            await step()
    except StopIteration:
        pass
    finally:
        dying.close()
    await attempt()


def _run(
    actors: Sequence[Actor], prefix: Sequence[int], preemptions: int | None
) -> tuple[list[int], list[list[int]]]:
    """Follows the prefix, then the first actor left each time. Returns what ran and could have."""
    taken: list[int] = []
    choices: list[list[int]] = []
    alive = list(range(len(actors)))
    left = preemptions
    while alive:
        running = taken[-1] if taken and taken[-1] in alive else None
        options = list(alive) if running is None or left != 0 else [running]
        choice = prefix[len(taken)] if len(taken) < len(prefix) else options[0]
        if left is not None and running not in (None, choice):
            left -= 1
        choices.append(options)
        taken.append(choice)
        try:
            actors[choice].send(None)
        except StopIteration:
            alive.remove(choice)
    return taken, choices
