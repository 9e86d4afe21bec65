"""The log of an `every` channel: what numbers its messages and keeps them for a while, as a port.

Number, message and id are written together or not at all: that is why the numbers have no gaps and
why an id is numbered once, whatever crashes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

REMEMBERED_SECONDS = 30 * 86_400
"""How long an id is known, counted from when the thing happened."""
ACCEPTED_SECONDS = 28 * 86_400
"""How old an event may be. What is older could have been numbered under an id long forgotten."""


@dataclass(frozen=True)
class Event:
    """A message of an `every` channel, before it has a number."""

    channel: str
    id: str
    """The publisher's own: the same id is the same message."""
    value: Mapping[str, Any]
    at: int
    """When the thing happened, in ms since the epoch."""


@dataclass(frozen=True)
class Sequence:
    """Up to which number the channel has been written; its first message has number 1."""

    epoch: int
    """When the numbering began, in ms."""
    number: int


@dataclass(frozen=True)
class LogMessage:
    number: int
    id: str
    value: Mapping[str, Any]
    at: int
    expires_at: int
    """In seconds, and enforced on read: DynamoDB deletes late and in any order."""


@dataclass(frozen=True)
class LogPage:
    messages: tuple[LogMessage, ...]
    after: int | None
    """Where the next page starts; None at the end."""


@dataclass(frozen=True)
class Appended:
    """The message has this number now."""

    epoch: int
    number: int


@dataclass(frozen=True)
class Known:
    """The id had a number already; nothing was written."""

    epoch: int
    number: int


@dataclass(frozen=True)
class Moved:
    """Somebody else writes to the channel; nothing was written. Read its sequence and try again."""


@dataclass(frozen=True)
class Recovery:
    """What a subscriber missed, in order and without a gap."""

    sequence: Sequence | None
    """Up to where the channel had been written; None if it has had no message."""
    recovered: bool = False
    """Whether the messages follow on what the subscriber has."""
    messages: tuple[LogMessage, ...] = ()
    more: bool = False
    """Whether the channel has more of them than a reply holds."""


class LogStore(Protocol):
    async def read_sequence(self, channel: str) -> Sequence | None:
        """Read consistently; None if the channel has had no message."""
        ...

    async def append(
        self, sequence: Sequence, event: Event, expires_at: int
    ) -> Appended | Known | Moved:
        """Gives the event the number after `sequence`, in one transaction.

        A sequence of number 0 starts the channel, with its epoch.
        """
        ...

    async def read_message(self, channel: str, number: int) -> LogMessage | None:
        """Read consistently, expired or not."""
        ...

    async def read_messages(self, channel: str, after: int, until: int) -> LogPage:
        """Those with `after` < number <= `until`, in order, expired or not; read consistently."""
        ...
