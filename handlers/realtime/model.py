"""The records of server push: values and positions, connections and rows, tasks and outcomes.

Nothing here calls anything. Order on every channel is by (epoch, version).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal

RejectionCode = Literal[
    "malformed",
    "unknown_channel",
    "forbidden_source",
    "missing_version",
    "missing_id",
    "missing_epoch",
    "invalid_value",
    "too_large",
    "too_old",
]


@dataclass(frozen=True, order=True)
class Position:
    epoch: int
    version: int


@dataclass(frozen=True)
class Request:
    """A request to publish, as a publisher sent it."""

    channel: str
    value: Mapping[str, Any]
    sent_at: int
    """In ms, and the same in each delivery; it stands in for `at`."""
    version: int | None = None
    at: int | None = None
    epoch: int = 0
    id: str | None = None
    source: str | None = None


@dataclass(frozen=True)
class Update:
    """A value to publish: `latest` channels go by its version, `every` channels by its id."""

    channel: str
    value: Mapping[str, Any]
    version: int
    at: int
    """When the thing happened, in ms."""
    epoch: int = 0
    """An update with a greater epoch is newer, with any version."""
    id: str = ""
    """The publisher's own: the same id is the same message."""


@dataclass(frozen=True)
class State:
    """A value that has its position: the newest of a `latest` channel, or one message."""

    channel: str
    epoch: int
    version: int
    value: Mapping[str, Any]
    at: int
    interval_ms: int | None = None
    """The least time between two pushes, for the subscribers that were counted.

    None before the first count, and while the rule's interval is long enough.
    """

    @property
    def position(self) -> Position:
        return Position(self.epoch, self.version)


@dataclass(frozen=True)
class LogMessage:
    """A message of an `every` channel, with its number."""

    number: int
    id: str
    value: Mapping[str, Any]
    at: int
    expires_at: int
    """In seconds, and enforced on read: DynamoDB deletes late and in any order."""


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
    """A superset of the channels on which the connection has a row."""
    claims: Mapping[str, str] = field(default_factory=dict[str, str])
    """The claims of its principal's token, which the rules compare."""
    bound_to: frozenset[str] | None = None
    """The only channels that its ticket was for; None permits all that the claims do."""
    issued_at: int | None = None
    """When its token was issued, in seconds; None is an anonymous connection."""


@dataclass(frozen=True)
class Page:
    subscriptions: Sequence[Subscription]
    after: str | None
    """Where the next page starts; None at the end."""


class Outcome(Enum):
    """The result of one post."""

    DELIVERED = "delivered"
    GONE = "gone"
    """410: the socket is closed."""
    HANDSHAKING = "handshaking"
    """410 of a connection so young that its socket may not be open yet."""
    SLOW = "slow"
    """429: the socket's own buffer is full, or the account is over its quota."""
    FAILED = "failed"
    """No answer in time, a broken network or a failure of API Gateway; it may have arrived."""
    UNANSWERED = "unanswered"
    """Sent, and the batch's time was over before the call's own. It has most likely arrived."""
    UNSTARTED = "unstarted"
    """Nothing was sent: the batch's time was over."""
    TOO_LARGE = "too_large"


@dataclass(frozen=True)
class Published:
    """The result of a publish, or of a worker's part of it."""

    stale: bool = False
    """A newer value is there; its publisher pushes it."""
    conflated: bool = False
    """Written, and left to the trailing push that ends the cooldown."""
    subscribers: int = 0
    """Rows of the channel that were read here."""
    outcomes: Mapping[Outcome, int] = field(default_factory=Counter[Outcome])
    tasks: int = 0
    """Messages to workers, which carry on."""
    age_ms: int | None = field(default=None, compare=False)
    """The age of the value when it was posted."""


@dataclass(frozen=True)
class Trail:
    """Push the newest value at the end of the cooldown, if `token` still owns the trailing push."""

    channel: str
    token: str
    due: int = 0
    """When the cooldown ends, in ms. A trailing push that comes sooner costs a post, no more."""


@dataclass(frozen=True)
class Range:
    """Push to the connections with `after` < id <= `until`; None is open."""

    channel: str
    after: str | None = None
    until: str | None = None
    position: Position | None = None
    """The message to push on an `every` channel. A `latest` channel pushes its newest value."""
    counted: int | None = None
    """How many subscribers lie before `after`, where the whole channel is counted; None elsewhere,
    because a part says nothing about the size of the channel."""
    attempt: int = 0
    """How often the unposted rest of the range has been handed on."""


@dataclass(frozen=True)
class Retry:
    """Post once more to connections that a post did not reach."""

    channel: str
    connection_ids: tuple[str, ...]
    position: Position | None = None
    """Of the post that failed; with `span` that of the client. None takes the newest value."""
    attempt: int = 0
    span: bool = False
    """Whether everything after `position` is missing, as after a handshake."""


Task = Trail | Range | Retry


class UnknownConnection(Exception):
    """The connection does not exist, or no longer."""


class TooManySubscriptions(Exception):
    """The connection watches as many channels as it may."""


class Misconfigured(Exception):
    """The management API refuses the caller, from which nothing follows about any connection."""


class Rejected(Exception):
    """A request to publish that no redelivery can make acceptable."""

    def __init__(self, code: RejectionCode, message: str) -> None:
        super().__init__(message)
        self.code: RejectionCode = code
