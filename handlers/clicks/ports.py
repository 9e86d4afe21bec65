"""What counting needs of the world, and what the world may answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence, Set
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Protocol

from ..realtime.latest.publish import Update
from ..shortener.click import Click
from ..shortener.counters import Counters

Publish = Callable[[Update, Sequence[str], int], Awaitable[object]]
"""Takes the ids of the messages that the update comes from too, and for how many ms a hold may be
waited for (see `publisher.publish`)."""
Pause = Callable[[int], Awaitable[None]]
"""Waits before the given attempt, 1 or more."""


@dataclass(frozen=True)
class Counted:
    counters: Counters
    """After the count."""


@dataclass(frozen=True)
class Rejected:
    """Nothing was counted; the counters say why."""

    counters: Counters | None
    """As they are; None if there was never such a link."""


@dataclass(frozen=True)
class Busy:
    """Nothing was counted: another call was writing the row, or the table is throttled."""


class Written(Enum):
    """What became of a transaction."""

    DONE = "done"
    DUPLICATE = "duplicate"
    REJECTED = "rejected"
    """A condition did not hold, or a row was busy. Counting anew finds out."""


class ClickStore(Protocol):
    """Each method is one call to AWS. Ids are clicks' keys, all of one link; a call writes all of
    them or none."""

    async def count(self, code: str, day: date, ids: Set[str]) -> Counted | Rejected | Busy:
        """One conditional write. Rejected unless the link is live, `day` is its day, and all ids
        are above its floor and not counted."""
        ...

    async def begin_day(self, code: str, day: date, ids: Set[str], ended: Counters) -> Written:
        """As `count`, for a newer day than that of `ended`, whose clicks move to a row of their
        own. Rejected unless day and its clicks are still those."""
        ...

    async def count_for_past_day(self, code: str, day: date, ids: Set[str]) -> Written:
        """As `count`, for an older day than the link's, which never goes back."""
        ...

    async def covering(self, code: str, id_: str) -> str | None:
        """Names the row of evicted ids that covers an id at or below the floor."""
        ...

    async def count_late(self, code: str, day: date, id_: str, row: str) -> Written:
        """Counts a click whose id is at or below the floor; `row` is that of `covering`."""
        ...

    async def evict(self, code: str, ids: Set[str], before: Counters) -> Written:
        """Moves ids, the oldest, to a row of their own and lifts the floor to the newest of them.
        Rejected unless floor and number of ids are those of `before`: between two evictions the
        set only grows, so an equal number is an equal set."""
        ...

    async def read(self, code: str) -> Counters | None:
        """Read consistently; None if there was never such a link."""
        ...

    async def park(self, click: Click) -> None:
        """Puts a click aside that came too late to be told from a duplicate."""
        ...
