"""The messages of the delivery queue, and how they are written.

None carries a value: whoever works on one reads what is current then. Each may be delivered late or
twice, which is harmless.
"""

import json
from dataclasses import asdict, dataclass
from typing import Any, cast


class MalformedTask(ValueError):
    """A message of the delivery queue that this version did not write."""


@dataclass(frozen=True)
class Flush:
    """Push what joined while the channel was held. Only the holder of `token` ends the hold."""

    channel: str
    token: str
    due: int = 0
    """When the hold ends, in ms; to flush sooner pushes more often and does no other harm."""


@dataclass(frozen=True)
class Range:
    """Push to the connections with `after` < id <= `until`; None is open."""

    channel: str
    after: str | None = None
    until: str | None = None
    message: int | None = None
    """Which message of an `every` channel; None pushes a `latest` channel's state."""
    attempt: int = 0
    """How often what was left of it has been handed on."""
    whole: bool = False
    """Everybody from `after` on, however many: to be cut into ranges first."""
    counted: int = 0
    """How many are before `after`, where a whole audience is cut in pieces."""


@dataclass(frozen=True)
class Rest:
    """Push to these connections, which a publisher had no time for."""

    channel: str
    connection_ids: tuple[str, ...]
    expires_at: int
    """When the first of them ends, in seconds."""
    epoch: int
    version: int
    """With `epoch`, what was to be pushed."""
    message: int | None = None
    attempt: int = 0
    superseded_by_newer: bool = False
    """They were sent that version, and it may have arrived: a newer one has a push of its own."""


@dataclass(frozen=True)
class CatchUp:
    """Bring one connection up to date. The one remedy for a post that did not arrive."""

    channel: str
    connection_id: str
    epoch: int | None = None
    version: int | None = None
    """With `epoch`, what the connection has; None is nothing."""
    attempt: int = 0
    superseded_by_newer: bool = False
    """The version is the one that did not arrive: a newer one has a push of its own."""


@dataclass(frozen=True)
class Forget:
    """Delete what is stored about connections that are gone."""

    channel: str
    connection_ids: tuple[str, ...]


Task = Flush | Range | Rest | CatchUp | Forget
_KINDS: dict[str, type[Task]] = {
    kind.__name__: kind for kind in (Flush, Range, Rest, CatchUp, Forget)
}


def encode(task: Task) -> str:
    return json.dumps({"task": type(task).__name__, **asdict(task)}, separators=(",", ":"))


def decode(text: str) -> Task:
    """Raises `MalformedTask`."""
    try:
        fields = cast("dict[str, Any]", json.loads(text))
        kind = _KINDS[fields.pop("task")]
        if kind in (Forget, Rest):
            fields["connection_ids"] = tuple(fields["connection_ids"])
        return kind(**fields)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise MalformedTask(
            "a message of the delivery queue must be a task that this engine sent"
        ) from error
