"""What processes remember of audiences, and how those are called: the same in each run."""

import itertools

from handlers.realtime.delivery.remembered import Remembered

from .realtime import MemoryStore


class NumberedNames(Remembered):
    def __init__(self) -> None:
        super().__init__()
        self._names = itertools.count(1)

    def new_name(self) -> str:
        return f"audience {next(self._names)}"


class Store(MemoryStore):
    """Gives names by itself: one that was never there is like any other such.

    So two orders that differ in the names alone lead to one situation.
    """

    def _name(self, audience: str) -> str:  # noqa: ARG002
        return f"audience {self.forgotten_audiences}"


class Memory(Remembered):
    """What all processes of a situation remember: they are one."""

    def __repr__(self) -> str:
        return repr(dict(self._audiences))

    def copy(self) -> "Memory":
        copy = Memory()
        copy._audiences.update(self._audiences)
        return copy

    def new_name(self) -> str:
        return "one that was never there"
