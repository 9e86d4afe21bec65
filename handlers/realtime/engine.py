"""The ports, rules and limits that publishing and delivering work with."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .channels import Rules, UnknownChannel
from .ports import LogStore, Posts, StateStore, Store, TaskQueue

if TYPE_CHECKING:
    from .channels import Rule
    from .modes import Mode


@dataclass(frozen=True)
class Limits:
    inline_maximum: int = 200
    """A publisher posts to so many subscribers itself; more of them become tasks."""
    inline_seconds: float = 0.15
    """The time for a publisher's own posts; the rest becomes a task."""
    range_size: int = 300
    """Connections of one task: three windows of the rate limit."""
    split_size: int = 200_000
    """Rows that one worker reads to split a channel into ranges; then the next worker goes on."""
    range_seconds: float = 20.0
    """The time for all ranges of one batch of tasks."""
    posts_per_second: int = 2_500
    """Of all workers together. The interval of a channel grows with its subscribers to fit."""
    history_seconds: int = 86_400
    """How long an `every` channel keeps a message."""


@dataclass(frozen=True, kw_only=True)
class Tables:
    """The realtime table, behind its three ports."""

    store: Store
    states: StateStore
    log: LogStore


@dataclass(frozen=True, kw_only=True)
class Engine(Tables):
    posts: Posts
    queue: TaskQueue
    rules: Rules
    mode_of: "Callable[[Rule], Mode]"
    now_ms: Callable[[], int]
    api_id: str
    limits: Limits = field(default_factory=Limits)
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    def mode(self, channel: str) -> "Mode":
        """Raises `UnknownChannel`."""
        rule = self.rules.find(channel)
        if rule is None:
            raise UnknownChannel(
                f"a channel rule must match the channel, got {channel!r}: add one to the rules"
            )
        return self.mode_of(rule)
