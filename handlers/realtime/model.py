"""What the delivery core needs from the outside, as protocols.

The core awaits nothing but these, and each method is one call to AWS: so a test can run it in every
order in which those calls can interleave.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal, Protocol

from .delivery.tasks import Task

ROWS_PER_DELETE = 25
"""BatchWriteItem takes no more."""


@dataclass(frozen=True)
class Update:
    """A channel's new value."""

    channel: str
    value: Mapping[str, Any]
    version: int
    at: int
    """When the thing happened, in ms since the epoch."""
    epoch: int = 0
    """A greater one is newer with whatever version."""


@dataclass(frozen=True)
class State:
    """A channel's newest value. Order is by (epoch, version)."""

    channel: str
    epoch: int
    version: int
    value: Mapping[str, Any]
    at: int
    interval_ms: int | None = None
    """How far apart its pushes are, for as many subscribers as were counted.

    None before the first count, and while the rule's interval is long enough for them.
    """


@dataclass(frozen=True)
class Claimed:
    """The value is written and the channel held: whoever gets this pushes it."""

    state: State


@dataclass(frozen=True)
class Held:
    """Nothing is written: a push is too recent. Join, or wait."""

    until: int
    """In ms."""


@dataclass(frozen=True)
class Joined:
    """The value is written, and the flush of `armed` will push it or a newer one."""

    armed: str
    hold: int
    """When the flush is due, in ms."""
    interval_ms: int | None


@dataclass(frozen=True)
class Superseded:
    """Nothing is written: a strictly newer value is there."""

    armed: str | None
    """Whose flush is to push it, if one is."""
    hold: int
    interval_ms: int | None
    epoch: int
    """Of the newer value."""


Claim = Claimed | Held | Superseded
Join = Joined | Superseded


@dataclass(frozen=True)
class Subscription:
    """One connection watches one channel."""

    connection_id: str
    api_id: str
    via: Literal["connect", "subscribe"]
    """`subscribe` proves that the socket is open; with `connect` it may be in its handshake."""
    connected_at: int
    """In ms."""
    expires_at: int
    """In seconds, and enforced on read: DynamoDB deletes late."""


@dataclass(frozen=True)
class Connection:
    connection_id: str
    principal: str
    connected_at: int
    """In ms."""
    expires_at: int
    """In seconds."""
    channels: frozenset[str] = frozenset()
    """What to delete when the connection ends; a superset of its rows."""
    claims: Mapping[str, str] = field(default_factory=dict[str, str])
    """Whose channels it may watch."""
    bound_to: frozenset[str] | None = None
    """The only channels that its ticket was for; None permits what the claims do."""
    issued_at: int | None = None
    """When its token was, in seconds; None is an anonymous connection."""


@dataclass(frozen=True)
class Page:
    subscriptions: Sequence[Subscription]
    after: str | None
    """Where the next page starts; None at the end."""


class UnknownConnection(Exception):
    """There is no such connection (any more)."""


class TooManySubscriptions(Exception):
    """The connection watches as many channels as it may."""


class Misconfigured(Exception):
    """The management API refuses the caller, from which nothing follows about any connection."""


class MissingEpoch(Exception):
    """An update without an epoch is older than any that has one, however great its version."""


class Outcome(Enum):
    """What became of one post."""

    DELIVERED = "delivered"
    GONE = "gone"
    """The socket is closed, or not open yet."""
    SLOW = "slow"
    """Throttled: the socket's own buffer is full, or the account is over its quota."""
    FAILED = "failed"
    """No answer in time, a broken network or a failure of API Gateway; it may have arrived."""
    UNANSWERED = "unanswered"
    """Sent, and the batch's time was over before the call's own: nothing says that it is bad."""
    UNSTARTED = "unstarted"
    """The time was over; nothing was sent."""
    TOO_LARGE = "too_large"


class ConnectionStore(Protocol):
    async def put_connection(self, connection: Connection) -> None: ...

    async def remove_connection(self, connection_id: str) -> Connection | None:
        """Deletes it and says what it was; None if there is none."""
        ...

    async def add_channel(self, connection_id: str, channel: str, maximum: int) -> Connection:
        """The connection with the channel in it; one that it has already is added again at no cost.

        Raises `UnknownConnection` and `TooManySubscriptions`.
        """
        ...

    async def remove_channel(self, connection_id: str, channel: str) -> None: ...


class ChannelStore(Protocol):
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

    async def read_state(self, channel: str) -> State | None:
        """Read consistently."""
        ...

    async def claim(self, update: Update, now_ms: int, interval_ms: int) -> Claim:
        """Writes the value and holds the channel, unless it is held or has a newer value.

        It is held for the state's own interval or else for `interval_ms`, and with 0, which is a
        rule without an interval, not at all. Whoever claims answers for what had joined: its flush
        finds nothing to do.
        """
        ...

    async def join(self, update: Update, token: str) -> Join:
        """Writes the value for a flush to push, and arms that with `token` if nobody has.

        Right at any time, whether the channel is held or not.
        """
        ...

    async def flush(self, channel: str, token: str, now_ms: int, interval_ms: int) -> State | None:
        """Disarms and holds the channel as a claim does; again, if this token disarmed last.

        None if somebody else did, who answers for the value since, or will: then there is nothing
        to push.
        """
        ...

    async def set_interval(self, channel: str, interval_ms: int) -> None:
        """Holds the channel for so long, this time too. The last writer wins: it only paces."""
        ...


class Store(ConnectionStore, ChannelStore, Protocol):
    """Both, as one table holds them."""


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
    """What all workers together may post, counted in the table."""

    async def take_tokens(self, second: int, part: int, tokens: int, maximum: int) -> bool:
        """Takes them from one part of that second's, unless the part would exceed its maximum."""
        ...
