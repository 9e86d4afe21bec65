"""Visits every situation that real code can reach when its calls interleave in any order.

A situation is the state of the fakes together with all that each actor has been told. An actor is
deterministic, so what it was told says where it stands and what its variables hold. Two orders that
lead to one situation have one future, which is visited once.
"""

import hashlib
from collections.abc import Callable, Coroutine, Generator, Hashable, Sequence
from dataclasses import dataclass, field
from types import coroutine
from typing import Any, Protocol, TypeVar

from tests.fakes.schedule import step

Choice = tuple[str, ...]
Trace = tuple[Choice, ...]


class World(Protocol):
    def choices(self) -> Sequence[Choice]:
        """What may happen next, in a fixed order; nothing at the end."""
        ...

    def take(self, choice: Choice) -> None: ...

    def copy(self: "W") -> "W": ...

    def situation(self) -> Hashable: ...

    def fault(self) -> str | None:
        """What is wrong for good in this situation."""
        ...

    def fault_at_the_end(self) -> str | None:
        """What is wrong when nothing more can happen."""
        ...


W = TypeVar("W", bound=World)
Digest = bytes


@dataclass
class Exploration:
    situations: int = 0
    ends: set[Digest] = field(default_factory=set[Digest])
    faults: dict[str, Trace] = field(default_factory=dict[str, Trace])
    """Each with one order of choices that leads to it."""


def explore(start: World, *, stop_at_fault: bool = False) -> Exploration:
    """Depth first. A fault ends the path on which it was found."""
    result = Exploration()
    first = _digest(start)
    came_from: dict[Digest, tuple[Digest, Choice] | None] = {first: None}
    todo = [(first, start)]
    while todo and not (stop_at_fault and result.faults):
        digest, world = todo.pop()
        choices = world.choices()
        fault = world.fault()
        if not choices:
            result.ends.add(digest)
            fault = fault or world.fault_at_the_end()
        if fault:
            result.faults.setdefault(fault, _trace(came_from, digest))
            continue
        for choice in choices:
            after = world.copy()
            after.take(choice)
            found = _digest(after)
            if found not in came_from:
                came_from[found] = (digest, choice)
                todo.append((found, after))
    result.situations = len(came_from)
    return result


def _digest(world: World) -> Digest:
    return hashlib.blake2b(repr(world.situation()).encode(), digest_size=16).digest()


def _trace(came_from: dict[Digest, tuple[Digest, Choice] | None], digest: Digest) -> Trace:
    choices: list[Choice] = []
    while origin := came_from[digest]:
        digest, choice = origin
        choices.append(choice)
    return tuple(reversed(choices))


class Script:
    """What an actor has been told. A copy of the actor is told the same before it acts."""

    def __init__(self, answers: Sequence[Any] = ()) -> None:
        self.answers = list(answers)
        self.pending = ""
        """The call that the actor's next step performs."""
        self._next = 0

    def __repr__(self) -> str:
        return repr(self.answers)

    @property
    def first(self) -> Any:
        """What the first call returned; None before that, too."""
        return self.answers[0].result if self.answers else None

    def tell(self, fresh: Callable[[], Any]) -> Any:
        """The recorded answer, or a fresh one."""
        if self._next == len(self.answers):
            self.answers.append(fresh())
        self._next += 1
        return self.answers[self._next - 1]

    async def ask(self, name: str, fresh: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        """As `tell`, for a call to a port, which takes one step or none."""
        self.pending = name
        if self._next < len(self.answers):
            answer: _Answer = self.tell(lambda: None)
            if answer.steps:
                await step()
        else:
            answer = await _answer(fresh())
            self.tell(lambda: answer)
        if isinstance(answer.result, Exception):
            raise answer.result
        return answer.result

    async def do(self, effect: Callable[[], Any]) -> None:
        """Does to the world what no port does, in one step."""

        async def done() -> None:
            await step()
            effect()

        await self.ask("", done)


@dataclass(frozen=True)
class _Answer:
    steps: int
    result: Any


@coroutine
def _answer(call: Coroutine[Any, Any, Any]) -> Generator[None, None, _Answer]:
    steps = 0
    try:
        while True:
            call.send(None)
            steps += 1
            # A copy of the actor could not repeat half of a call.
            assert steps == 1, f"{call} must take one step"
            yield
    except StopIteration as stop:
        return _Answer(steps, stop.value)
    except Exception as error:  # noqa: BLE001 - the actor is told of it, whatever it is
        return _Answer(steps, error)


class Recorded:
    """A port as one actor uses it."""

    def __init__(self, name: str, port: object, script: Script) -> None:
        self._name = name
        self._port = port
        self._script = script

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)

        async def call(*args: Any, **kwargs: Any) -> Any:
            name_ = f"{self._name}.{name}"
            return await self._script.ask(name_, lambda: method(*args, **kwargs))

        return call
