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
"""Waits before the given attempt, 1 or more. With 0: for others who are about to count."""


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
class Mistaken:
    """Nothing was counted, because the link's figures were not as expected; they were these."""

    tally: Tally


@dataclass(frozen=True)
class Contended:
    """Another writer was in the way or the table is throttled; to be tried again."""


Outcome = Counted | AlreadyCounted | LinkGone | Mistaken | Contended


class ClickStore(Protocol):
    """Each method is one call to AWS."""

    async def count(
        self, code: str, clicks: Sequence[Click], expected: Tally | None, *, exactly: bool
    ) -> Outcome:
        """All of them, each on its day, or none. Their ids must differ.

        `exactly`: only if the link's figures are those, so that they are known afterwards. Else of
        `expected` must hold what the days need: the day, if clicks are of it, and its clicks, if it
        is over. Without `expected` each click goes to its day's row, whatever the figures.
        """
        ...

    async def read(self, code: str) -> Tally | None:
        """Read consistently; None if the link is deleted."""
        ...

    async def park(self, click: Click) -> None:
        """Puts it aside for a person to decide about."""
        ...
