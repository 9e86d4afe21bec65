"""What the delivery engine works with: ports, limits, the frame that it pushes, its outcome."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from .. import protocol
from ..channels import Rules
from ..every.log import LogStore
from ..model import Posts, State, Store, TaskQueue


@dataclass(frozen=True)
class Limits:
    inline_maximum: int = 200
    """Up to so many connections are posted to by whoever publishes."""
    inline_seconds: float = 0.15
    """What a publisher may spend on posts before it leaves the rest to workers."""
    range_size: int = 270
    """Connections of one task: three chunks of the pacer's. A batch of tasks shares one worker's
    pace, and what it leaves is handed on, of which there is little time: `serving.LAST_ATTEMPT`."""
    cut_size: int = 200_000
    """Rows that one worker reads to cut an audience into ranges; then the next goes on."""
    range_seconds: float = 20.0
    posts_per_second: int = 2_500
    """What one channel may use; the interval of a channel grows with its subscribers."""


@dataclass(frozen=True)
class Engine:
    """What delivering needs: the ports, the rules, and who we are."""

    store: Store
    log: LogStore
    posts: Posts
    queue: TaskQueue
    rules: Rules
    now_ms: Callable[[], int]
    api_id: str
    limits: Limits = field(default_factory=Limits)
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


@dataclass(frozen=True)
class Push:
    """One frame for one channel, and its position."""

    channel: str
    data: bytes
    epoch: int
    version: int
    message: int | None = None
    """Its number on an `every` channel."""
    at: int | None = None
    interval_ms: int | None = None
    """Of a `latest` channel at present, as `State` has it."""

    @classmethod
    def of(cls, state: State, message: int | None = None) -> "Push":
        """Raises `protocol.TooLarge`."""
        return cls(
            channel=state.channel,
            data=protocol.push(state),
            epoch=state.epoch,
            version=state.version,
            message=message,
            at=state.at,
            interval_ms=state.interval_ms,
        )


@dataclass(frozen=True)
class Published:
    """What became of a publish, or of a worker's part of it."""

    stale: bool = False
    """A newer value is there; whoever wrote that one pushes it."""
    conflated: bool = False
    """Written, and left to the flush that ends the current interval."""
    subscribers: int = 0
    """Rows of the channel, as far as they were read here."""
    delivered: int = 0
    gone: int = 0
    """Ended; a task deletes their rows."""
    handshaking: int = 0
    """Answered 410 because they may still be opening; they are caught up."""
    slow: int = 0
    failed: int = 0
    unanswered: int = 0
    """Sent, and not answered within the caller's budget."""
    too_large: int = 0
    tasks: int = 0
    """How many messages to workers carry on."""
    age_ms: int | None = field(default=None, compare=False)
    """How old what was posted was by then."""
