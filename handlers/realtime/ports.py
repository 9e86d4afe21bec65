"""What the delivery core needs from the outside, as protocols.

The core awaits nothing but these, and each method is one call to AWS: so a test can run it in every
order in which those calls can interleave.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal, Protocol

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
    epoch: int | None = None
    """None continues the channel's state, or starts one at `at`."""


@dataclass(frozen=True)
class State:
    """A channel's newest value. Order is by (epoch, version)."""

    channel: str
    epoch: int
    version: int
    value: Mapping[str, Any]
    at: int


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


class Outcome(Enum):
    DELIVERED = "delivered"
    GONE = "gone"
    FAILED = "failed"


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

    async def subscriptions(self, channel: str, after: str | None) -> Page:
        """Read consistently."""
        ...

    async def read_state(self, channel: str) -> State | None:
        """Read consistently."""
        ...

    async def write_state(self, update: Update) -> State | None:
        """The state as written, also over an equal version; None if a strictly newer is there."""
        ...


class Store(ConnectionStore, ChannelStore, Protocol):
    """Both, as one table holds them."""


class Posts(Protocol):
    async def post_all(self, connection_ids: Sequence[str], data: bytes) -> Mapping[str, Outcome]:
        """One outcome for each connection. Raises `Misconfigured`."""
        ...
