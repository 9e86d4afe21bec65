"""What the checker is told of a system: its handlers, their calls, and its promise.

A handler is a generator: each `yield` is one call to AWS, atomic, and between any two calls every
other handler may run. It must be deterministic in what its calls returned, because its state *is*
that list: the checker runs it again from the start whenever it needs its next call.
"""

from collections.abc import Callable, Generator, Hashable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

World = TypeVar("World", bound=Hashable)
Message = Hashable
Messages = tuple[Message, ...]


class Undelivered(Exception):
    """A handler gives up: its message is not acknowledged and comes again."""


class Step(NamedTuple, Generic[World]):
    """One way in which a call can end."""

    result: Hashable
    """A value of its own kind for each case: results that compare equal are one result."""
    world: World
    sent: Messages = ()


@dataclass(frozen=True)
class Call(Generic[World]):
    name: str
    steps: Callable[[World], Iterable[Step[World]]]
    """All ways in which it can end; none while it has to wait."""
    acknowledges: bool = False
    """It deletes the handler's messages, as its return would: no crash brings them back."""
    commutes: bool = False
    """It reads and changes nothing of the world: only what it sends is new."""


Handler = Generator[Call[World], Any, None]


class System(Protocol[World]):
    """What is checked."""

    @property
    def crashes(self) -> int:
        """How many handlers may die, each after any of its calls."""
        ...

    @property
    def duplicates(self) -> int:
        """How many deliveries may happen once more than they should."""
        ...

    def start(self) -> tuple[World, Messages]: ...

    def handle(self, messages: Messages) -> Handler[World]: ...

    def batches(self, waiting: Messages) -> Iterable[Messages]:
        """What may be handed to one handler together, in which orders."""
        ...

    def may_be_duplicated(self, message: Message) -> bool: ...

    def returned(self, messages: Messages) -> Messages:
        """What follows from a handler's return, beside what it has sent."""
        ...

    def crashed(self, world: World, messages: Messages) -> tuple[World, Messages]:
        """The world without the handler, and which of its messages come again."""
        ...

    def broken(self, world: World) -> str | None:
        """What is wrong for good in this state."""
        ...

    def broken_at_the_end(self, world: World) -> str | None:
        """What is wrong when nothing more can happen."""
        ...
