"""The one interface of the two delivery modes, `latest` and `every`.

Subscribing, fanning out and retrying are the same in both. They ask the mode for the rest.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from .engine import Engine, Tables
from .model import Position, Published, Range, Request, Retry, State, Update
from .protocol import Subscribe


@dataclass(frozen=True)
class Missing:
    """Frames to post, in order."""

    states: Sequence[State] = ()
    more: bool = False
    """Whether the channel has further ones, after the last of these."""


class Mode(Protocol):
    """Of one channel rule."""

    def admit(self, request: Request, now_ms: int) -> Update:
        """The update of a request. Raises `Rejected` where it could not be stored or pushed."""
        ...

    async def publish(
        self, engine: Engine, update: Update, tokens: Sequence[str], max_wait_ms: int = 0
    ) -> Published:
        """Returns when the value is pushed, or when a task that will push it is in the queue.

        `tokens` are the ids of all messages behind the update. Raises `Rejected`, after which
        redelivery changes nothing, and `Misconfigured` and the exceptions of the ports; after
        those the messages must be delivered again.
        """
        ...

    async def snapshot(self, tables: Tables, request: Subscribe, now_ms: int) -> str:
        """The reply to a subscriber whose row is written. Values published from then on are
        pushed, so the snapshot may be read at any later time."""
        ...

    async def missing(self, tables: Tables, task: Range | Retry, now_ms: int) -> Missing:
        """The frames for the connections of a task, as of now; the task may have waited."""
        ...

    async def position(self, tables: Tables, channel: str) -> Position | None:
        """Up to where the channel is written; None if nothing has been published."""
        ...

    async def adapt_interval(
        self, engine: Engine, state: State, subscribers: int | None, *, is_all: bool = True
    ) -> None:
        """Fits the interval between pushes to a count of subscribers.

        None is a channel too large to be posted to at once whose subscribers have not been
        counted. `is_all` is false for a count that goes on.
        """
        ...
