"""Runs real code in every order in which its calls can interleave, each situation once.

Two orders that lead to the same situation have the same future, so it is explored once and its
orders are counted. A situation is what the twins hold and what every actor has been told so far: an
actor is deterministic, so what it was told says where it stands and what its variables are.
"""

import hashlib
from collections.abc import Callable, Coroutine, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from .schedule import step

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
        """What is wrong at the end, if something is."""
        ...


W = TypeVar("W", bound=World)


@dataclass
class Exploration:
    situations: int = 0
    orders: int = 0
    """Complete orders; how many lead through each situation is counted, not run."""
    faults: dict[str, Trace] = field(default_factory=dict[str, Trace])
    """Each with the first order that leads to it."""


def explore(start: World) -> Exploration:
    result = Exploration()
    known: dict[bytes, int] = {}

    def visit(world: World, trace: Trace) -> int:
        digest = hashlib.blake2b(repr(world.situation()).encode(), digest_size=16).digest()
        if digest in known:
            return known[digest]
        choices = world.choices()
        if not choices and (fault := world.fault()):
            result.faults.setdefault(fault, trace)
        orders = 0
        for choice in choices:
            after = world.copy()
            after.take(choice)
            orders += visit(after, (*trace, choice))
        known[digest] = orders or 1
        return known[digest]

    result.orders = visit(start, ())
    result.situations = len(known)
    return result


class Script:
    """What an actor has been told. A copy of the actor is told the same before it acts."""

    def __init__(self, answers: Sequence[object] = ()) -> None:
        self.answers = list(answers)
        self._next = 0

    def __repr__(self) -> str:
        return repr(self.answers)

    def tell(self, fresh: Callable[[], Any]) -> Any:
        """The answer that it got here, or a fresh one."""
        if self._next == len(self.answers):
            self.answers.append(fresh())
        self._next += 1
        return self.answers[self._next - 1]

    async def ask(self, fresh: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        """As `tell`, for a call to a port, which takes one step."""
        if self._next < len(self.answers):
            await step()
            return self.tell(lambda: None)
        answer = await fresh()
        return self.tell(lambda: answer)


class Told:
    """What a process knows, as one actor uses it: asked without a step."""

    def __init__(self, known: object, script: Script) -> None:
        self._known = known
        self._script = script

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._known, name)

        def call(*args: Any) -> Any:
            return self._script.tell(lambda: method(*args))

        return call


class Recorded:
    """A port as one actor uses it."""

    def __init__(self, port: object, script: Script) -> None:
        self._port = port
        self._script = script

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)

        async def call(*args: Any, **kwargs: Any) -> Any:
            return await self._script.ask(lambda: method(*args, **kwargs))

        return call


class Changed:
    """A port, or what a process knows, with some of its methods replaced by a subclass."""

    def __init__(self, port: Any) -> None:
        self.port = port

    def __getattr__(self, name: str) -> Any:
        return getattr(self.port, name)
