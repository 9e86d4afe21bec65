"""Visits every state that a few message handlers can reach, and looks for a broken promise."""

import gc
from collections import deque
from collections.abc import Generator, Hashable
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic

from tests.unit.model.states import Explorer, Label, State
from tests.unit.model.system import System, World


@dataclass(frozen=True)
class Verdict:
    states: int
    ends: frozenset[Hashable] = frozenset()
    """The worlds in which nothing more can happen."""
    violation: str | None = None
    trace: tuple[str, ...] = ()
    """The shortest way to the violation."""

    def __str__(self) -> str:
        if self.violation is None:
            return f"holds in {self.states:,} states"
        steps = "\n".join(f"  {number:2} {step}" for number, step in enumerate(self.trace, 1))
        return f"violated: {self.violation}\n{steps}"


def check(system: System[World], *, in_every_order: bool = False) -> Verdict:
    """Breadth first, so that the trace of a violation is a shortest one.

    With `in_every_order` also steps that commute are taken in both orders, which takes longer and
    must find the same ends.
    """
    with _no_garbage_collection():
        return _Search(system, in_every_order=in_every_order).verdict()


@contextmanager
def _no_garbage_collection() -> Generator[None, None, None]:
    """There are no cycles here, and looking for them would take a third of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class _Search(Generic[World]):
    def __init__(self, system: System[World], *, in_every_order: bool) -> None:
        self._system = system
        self._explorer = Explorer(system)
        explorer = self._explorer
        self._successors = explorer.everything if in_every_order else explorer.successors
        self._came_from: dict[State[World], tuple[State[World], Label] | None] = {}
        self._ends: set[Hashable] = set()

    def verdict(self) -> Verdict:
        start = self._explorer.start()
        self._came_from[start] = None
        todo = deque([start])
        while todo:
            state = todo.popleft()
            following = list(self._successors(state))
            violation = self._system.broken(state.world)
            if not following:
                violation = violation or self._broken_at_the_end(state)
            if violation is not None:
                return self._verdict(violation, self._trace(state))
            for label, after in following:
                if after not in self._came_from:
                    self._came_from[after] = (state, label)
                    todo.append(after)
        return self._verdict()

    def _broken_at_the_end(self, state: State[World]) -> str | None:
        self._ends.add(state.world)
        left = self._explorer.numbers.back(state.queue)
        if left:
            return f"nobody finishes {left}"
        return self._system.broken_at_the_end(state.world)

    def _verdict(self, violation: str | None = None, trace: tuple[str, ...] = ()) -> Verdict:
        return Verdict(len(self._came_from), frozenset(self._ends), violation, trace)

    def _trace(self, state: State[World]) -> tuple[str, ...]:
        steps: list[str] = []
        while (origin := self._came_from[state]) is not None:
            state, (who, what, result) = origin
            steps.append(f"{who}: {what}" + ("" if result is None else f" -> {result}"))
        return tuple(reversed(steps))
