"""A link's figures, and what clicks make of them.

Only the newest day's clicks are kept with the link: a day that is over moves to a row of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date


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
