"""A link's figures, and what clicks make of them.

The redirect foretells figures and the aggregator writes them; both reckon here. Only the newest
day's clicks are kept with the link: a day that is over moves to a row of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

_LARGEST = 10**15
"""More than any figure will be; a longer number in a message is a mistake or an attack."""


@dataclass(frozen=True, kw_only=True)
class Tally:
    """The figures of one moment. Every click makes `clicks` larger, whatever its day."""

    clicks: int
    epoch: int
    """Of the link's channel: when the link was made, in ms."""
    day: date | None = None
    """None on a link from before it kept a day; the rows of its days hold all its clicks."""
    day_clicks: int = 0
    """What is added to the row of `day`, if that has one already, when the day is over."""

    def plus(self, by_day: Mapping[date, int]) -> Tally:
        """The figures after so many clicks more, by their days; at least one."""
        day = self._day_after(by_day)
        before = self.day_clicks if day == self.day else 0
        return Tally(
            clicks=self.clicks + sum(by_day.values()),
            epoch=self.epoch,
            day=day,
            day_clicks=before + by_day.get(day, 0),
        )

    def moved(self, by_day: Mapping[date, int]) -> Mapping[date, int]:
        """What those clicks add to rows of days: all that `plus` does not keep with the link."""
        day = self._day_after(by_day)
        rows = Counter({other: n for other, n in by_day.items() if other != day})
        if self.day is not None and self.day != day and self.day_clicks:
            rows[self.day] += self.day_clicks
        return rows

    def _day_after(self, by_day: Mapping[date, int]) -> date:
        newest = max(by_day)
        return newest if self.day is None else max(newest, self.day)


def to_fields(tally: Tally) -> dict[str, Any]:
    """For a message in JSON."""
    return {
        "clicks": tally.clicks,
        "epoch": tally.epoch,
        "day": tally.day and tally.day.isoformat(),
        "day_clicks": tally.day_clicks,
    }


def from_fields(fields: object) -> Tally:
    """Raises `ValueError`. Ignores unknown keys."""
    if not isinstance(fields, dict):
        raise ValueError("must be an object with clicks, epoch, day and day_clicks")
    found = cast("dict[str, Any]", fields)
    day = found.get("day")
    return Tally(
        clicks=_count(found, "clicks"),
        epoch=_count(found, "epoch"),
        day=None if day is None else _date(day),
        day_clicks=_count(found, "day_clicks"),
    )


def _count(fields: Mapping[str, Any], name: str) -> int:
    count = fields.get(name)
    if type(count) is not int or not 0 <= count <= _LARGEST:  # a bool is an int, too
        raise ValueError(f"must hold {name}, a whole number from 0 to {_LARGEST}")
    return count


def _date(text: object) -> date:
    try:
        if isinstance(text, str) and date.fromisoformat(text).isoformat() == text:
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise ValueError("must hold day, YYYY-MM-DD or null")
