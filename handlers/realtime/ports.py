"""The ports of server push, as protocols. The core awaits nothing but these.

Each method is one call to AWS, so a test can run the core in every order in which those calls can
interleave.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from .model import (
    Connection,
    LogMessage,
    Outcome,
    Page,
    Position,
    State,
    Subscription,
    Task,
    Update,
)

ROWS_PER_DELETE = 25
"""BatchWriteItem takes no more."""


class Store(Protocol):
    """Connections and subscriptions."""

    async def put_connection(self, connection: Connection) -> None: ...

    async def remove_connection(self, connection_id: str) -> Connection | None:
        """Deletes and returns it; None if there is none."""
        ...

    async def add_channel(self, connection_id: str, channel: str, maximum: int) -> Connection:
        """The connection with the channel in it; adding it again costs no place.

        Raises `UnknownConnection` and `TooManySubscriptions`.
        """
        ...

    async def remove_channel(self, connection_id: str, channel: str) -> None: ...

    async def put_subscription(self, channel: str, subscription: Subscription) -> None: ...

    async def delete_subscription(self, channel: str, connection_id: str) -> None: ...

    async def delete_subscriptions(
        self, connection_id: str, channels: Sequence[str]
    ) -> Sequence[str]:
        """Deletes the rows on at most `ROWS_PER_DELETE` channels; returns those left undone."""
        ...

    async def subscriptions(
        self,
        channel: str,
        after: str | None = None,
        until: str | None = None,
        limit: int | None = None,
    ) -> Page:
        """In the order of their ids: `after` < id <= `until`. Read consistently.

        A page of exactly `limit` rows may name a next one that turns out to be empty.
        """
        ...

    async def subscription(self, channel: str, connection_id: str) -> Subscription | None:
        """Read consistently."""
        ...


@dataclass(frozen=True)
class Led:
    """The value is written and the cooldown begun: the caller pushes."""

    state: State


@dataclass(frozen=True)
class CoolingDown:
    """Nothing is written: the last push is too recent."""

    until: int
    """In ms."""


@dataclass(frozen=True)
class Deferred:
    """The value is written, and the trailing push of `trailing` will push it or a newer one."""

    trailing: str
    cooldown_until: int
    """When the trailing push is due, in ms."""
    interval_ms: int | None


@dataclass(frozen=True)
class Superseded:
    """Nothing is written: a strictly newer value is there."""

    trailing: str | None
    """The token that owns the trailing push, if one is due."""
    cooldown_until: int
    interval_ms: int | None
    epoch: int
    """Of the newer value."""


class StateStore(Protocol):
    """The newest value of each `latest` channel. `latest.writes` says why this is enough."""

    async def read_state(self, channel: str) -> State | None:
        """Read consistently."""
        ...

    async def lead(
        self, update: Update, now_ms: int, interval_ms: int
    ) -> Led | CoolingDown | Superseded:
        """Writes the value and begins a cooldown, unless one lasts or a newer value is there.

        `interval_ms` is the rule's, and counts where the channel has none of its own.
        """
        ...

    async def defer(self, update: Update, token: str) -> Deferred | Superseded:
        """Writes the value for a trailing push, which `token` owns if no other token does.

        Right at any time, in a cooldown or not.
        """
        ...

    async def trail(self, channel: str, token: str, now_ms: int, interval_ms: int) -> State | None:
        """Takes the trailing push and begins a cooldown; again, if this token was the last to.

        None where another token or a leading push has taken over, which answers for the value.
        """
        ...

    async def set_interval(self, channel: str, interval_ms: int) -> None:
        """Sets the interval, of this cooldown too. The last writer wins: an interval only paces."""
        ...


@dataclass(frozen=True)
class LogPage:
    messages: tuple[LogMessage, ...]
    after: int | None
    """Where the next page starts; None at the end."""


@dataclass(frozen=True)
class Appended:
    """The message has this position now."""

    position: Position


@dataclass(frozen=True)
class Duplicate:
    """The id had a position already; nothing was written."""

    position: Position


@dataclass(frozen=True)
class Moved:
    """Another publisher writes to the channel; nothing was written. Read its end and try again."""


class LogStore(Protocol):
    """The messages of `every` channels, numbered 1, 2, 3 ... within an epoch.

    Number, message and id are written together or not at all. Hence the numbers have no gaps and
    an id is numbered once, also when a process dies.
    """

    async def read_end(self, channel: str) -> Position | None:
        """Of the newest message, read consistently; None if the channel has had none."""
        ...

    async def append(
        self, end: Position, update: Update, expires_at: int
    ) -> Appended | Duplicate | Moved:
        """Gives the update the number after `end`, in one transaction.

        An end of version 0 starts the channel, with its epoch.
        """
        ...

    async def read_message(self, channel: str, number: int) -> LogMessage | None:
        """Read consistently, expired or not."""
        ...

    async def read_messages(self, channel: str, after: int, until: int) -> LogPage:
        """Those with `after` < number <= `until`, in order, expired or not; read consistently."""
        ...


class Posts(Protocol):
    async def post_all(
        self, connection_ids: Sequence[str], data: bytes, seconds: float
    ) -> Mapping[str, Outcome]:
        """One outcome for each connection, in at most so many seconds. Raises `Misconfigured`."""
        ...

    async def disconnect(self, connection_id: str) -> None:
        """Closes the socket; one that is closed already is no error. Raises `Misconfigured`."""
        ...


class TaskQueue(Protocol):
    async def send(self, tasks: Sequence[Task], delay_seconds: int = 0) -> None:
        """All of them are stored when this returns. SQS delays by 900 seconds at most."""
        ...


class Tokens(Protocol):
    """Posts that all workers together may start, counted in the table."""

    async def take_tokens(self, second: int, tokens: int, maximum: int) -> bool:
        """Takes them from that second's, unless the second would exceed its maximum."""
        ...
