"""An event loop whose time passes only when nothing else is left to do.

Code that sleeps and waits runs unchanged, and an hour of it takes as long as its work does. Nothing
on this loop may wait for a thread, a socket or another process.
"""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class NothingLeft(Exception):
    """Something waits, and nothing is planned that could ever wake it."""


class _Selector(selectors.SelectSelector):
    """Where the loop would wait for a socket, the clock is moved instead."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise NothingLeft("a coroutine waits for something that nothing will bring about")
        self.now += max(0.0, timeout)
        return []


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._clock = _Selector()
        super().__init__(self._clock)

    def time(self) -> float:
        return self._clock.now


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """As `asyncio.run`, in simulated time from 0 on."""
    with asyncio.Runner(loop_factory=_Loop) as runner:
        return runner.run(coroutine)


def now() -> float:
    """Seconds since the start."""
    return asyncio.get_running_loop().time()
