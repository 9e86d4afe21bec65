"""What a link's COUNT row holds, beside its META row: how often it was followed.

The clicks of a day are in two places. While the day is the newest they are here; a late click and
a day that has ended are in the day's own row. A day's clicks are the sum of both.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

NO_FLOOR = "0" * 32


@dataclass(frozen=True, kw_only=True)
class Counters:
    """Two invariants make counting exact: every counted id above `floor` is in `ids`, and every
    counted id at or below it is in the row of evicted ids that covers it."""

    epoch: int
    """Of the link's channel: when the link was made, in ms."""
    day: date
    live: bool = True
    """False once the link is deleted. A link that has expired stays live: clicks from before its
    end still count."""
    clicks: int = 0
    """Of all days. Every click makes it larger, so it is the version of the link's channel."""
    day_clicks: int = 0
    ids: frozenset[str] = frozenset()
    """Of clicks: 32 hexadecimal digits, which sort by time."""
    floor: str = NO_FLOOR
