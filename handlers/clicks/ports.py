"""What counting needs of the world, and what the world may answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from ..realtime.publisher import Update
from ..shortener.click import Click
from ..shortener.tally import Tally

Publish = Callable[[Update, Sequence[str], int], Awaitable[object]]
"""Takes the ids of the messages that the update comes from too, and for how many ms a hold may be
waited for (see `publisher.publish`)."""
Pause = Callable[[int], Awaitable[None]]
"""Waits before the given attempt, 1 or more."""


@dataclass(frozen=True)
class Counted:
    pass


@dataclass(frozen=True)
class AlreadyCounted:
    """Nothing was counted, because these clicks had been."""

    click_ids: frozenset[str]


@dataclass(frozen=True)
class LinkGone:
    """Nothing was counted, because the link is deleted. It stays so."""


@dataclass(frozen=True)
class DayMoved:
    """Nothing was counted, because the link's day, or what it holds of it, is another; this one."""

    tally: Tally


@dataclass(frozen=True)
class Contended:
    """Another writer was in the way or the table is throttled; to be tried again."""


Outcome = Counted | AlreadyCounted | LinkGone | DayMoved | Contended


class ClickStore(Protocol):
    """Each method is one call to AWS."""

    async def count(self, code: str, clicks: Sequence[Click], tally: Tally | None) -> Outcome:
        """All of them, each on its day, or none. Their ids must differ.

        `tally` is the link as a refusal returned it: its day is a condition, and where the clicks
        begin a newer day, so are the clicks of the day that ends. None assumes that the link's day
        is the newest click's.
        """
        ...

    async def read(self, code: str) -> Tally | None:
        """Read consistently; None if the link is deleted."""
        ...

    async def park(self, click: Click) -> None:
        """Puts it aside for a person to decide about."""
        ...
