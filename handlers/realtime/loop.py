"""The event loop that a function keeps: sockets opened in one invocation serve the next ones."""

import asyncio
import functools
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


def run(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """Unlike `asyncio.run`, leaves the loop and whatever belongs to it for the next call."""
    return _runner().run(coroutine)


@functools.cache
def _runner() -> asyncio.Runner:
    return asyncio.Runner()
