"""What the handlers of a `latest` channel work on: messages, tasks, and what the watcher does."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Publish:
    """A message of the publish queue."""

    token: str
    version: int


@dataclass(frozen=True)
class Click:
    """A message of the click queue; its handler finds the version by counting."""

    token: str


@dataclass(frozen=True)
class Flush:
    token: str


@dataclass(frozen=True)
class Range:
    """Connections with `after` < id <= `until`."""

    after: int | None
    until: int | None


@dataclass(frozen=True)
class Rest:
    """The watcher, for whom a publisher had no time."""

    superseded_by: int | None = None
    """It was sent this version and did not answer: a newer one has a push of its own."""


@dataclass(frozen=True)
class CatchUp:
    version: int
    """What the watcher has or, with `superseded_by_newer`, what did not reach it."""
    attempt: int = 0
    superseded_by_newer: bool = False


@dataclass(frozen=True)
class Forget:
    """Delete the connection's rows."""


Task = Flush | Range | Rest | CatchUp | Forget


@dataclass(frozen=True)
class Connect:
    """A plain client's handshake, up to the answer of $connect."""


@dataclass(frozen=True)
class Open:
    """API Gateway ends the handshake."""


@dataclass(frozen=True)
class Subscribe:
    """The watcher's `subscribe`, which it repeats until it has a reply."""
