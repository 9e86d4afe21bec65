"""The twin of the aggregator's store, in memory. A script says where it fails."""

from collections import Counter, defaultdict
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any, TypeVar

from handlers.clicks.counting import by_day
from handlers.clicks.ports import (
    AlreadyCounted,
    Contended,
    Counted,
    DayMoved,
    LinkGone,
    Outcome,
)
from handlers.realtime.publisher import Update
from handlers.shortener.click import Click
from handlers.shortener.tally import Tally

from .schedule import step

EPOCH = 1_763_787_000_000

Result = TypeVar("Result")


class Fault(Enum):
    """What befalls one call."""

    NONE = "none"
    CRASH_BEFORE = "the process dies before the call"
    CRASH_AFTER = "the process dies after the call"
    REFUSED = "AWS refuses the call"
    ANSWER_LOST = "the call is carried out, its answer is lost"
    CONTENDED = "a transaction is cancelled by a conflict or a throttle"


class CrashError(BaseException):
    """The process dies: no `except Exception` may stop it."""


@dataclass
class MemoryLink:
    clicks: int = 0
    epoch: int = EPOCH
    live: bool = True
    day: date | None = None
    day_clicks: int = 0

    @property
    def tally(self) -> Tally:
        return Tally(clicks=self.clicks, epoch=self.epoch, day=self.day, day_clicks=self.day_clicks)

    def is_as(self, before: Tally, days: Mapping[date, int]) -> bool:
        """Whether it has what a count of those days takes for granted."""
        if before.plus(days).day != before.day and before.day is not None:
            return (self.day, self.day_clicks) == (before.day, before.day_clicks)
        return self.day == before.day


class MemoryClicks:
    """Each call is atomic, as DynamoDB's is. A fault is for one call; in the end there are none."""

    def __init__(self, *codes: str, faults: Iterable[Fault] = ()) -> None:
        self.links = {code: MemoryLink() for code in codes}
        self.seen: defaultdict[tuple[str, int], set[str]] = defaultdict(set)
        self.rows: Counter[tuple[str, date]] = Counter()
        """Of days: see `days` for all their clicks."""
        self.parked: list[Click] = []
        self.published: list[Update] = []
        self.patience_ms: list[int] = []
        self.ahead: list[Update] = []
        """Published with more clicks than are counted: no later total would be shown."""
        self.tokens: list[Sequence[str]] = []
        self.calls: list[str] = []
        """Those to AWS, with what came of a count."""
        self._faults = iter(faults)

    @property
    def days(self) -> Counter[tuple[str, date]]:
        days = Counter(self.rows)
        for code, link in self.links.items():
            if link.day is not None and link.day_clicks:
                days[code, link.day] += link.day_clicks
        return days

    async def count(self, code: str, clicks: Sequence[Click], tally: Tally | None) -> Outcome:
        fault = await self._before()
        outcome = Contended() if fault is Fault.CONTENDED else self._count(code, clicks, tally)
        self.calls.append(type(outcome).__name__)
        self._after(fault)
        return outcome

    async def read(self, code: str) -> Tally | None:
        fault = await self._before()
        self.calls.append("read")
        link = self.links.get(code)
        self._after(fault)
        return link.tally if link and link.live else None

    async def park(self, click: Click) -> None:
        fault = await self._before()
        self.parked.append(click)
        self._after(fault)

    async def publish(self, update: Update, tokens: Sequence[str], patience_ms: int) -> None:
        fault = await self._before()
        self.published.append(update)
        self.patience_ms.append(patience_ms)
        link = self.links.get(update.channel.removeprefix("link:"))
        if link is not None and update.version > link.clicks:
            self.ahead.append(update)
        self.tokens.append(tokens)
        self._after(fault)

    async def pause(self, _attempt: int) -> None:
        await step()

    def delete(self, code: str) -> None:
        self.links[code].live = False

    def _count(self, code: str, clicks: Sequence[Click], tally: Tally | None) -> Outcome:
        days = by_day(clicks)
        before = tally or Tally(clicks=0, epoch=0, day=max(days))
        link = self.links.get(code)
        if link is None or not link.live:
            return LinkGone()
        by_second: defaultdict[int, set[str]] = defaultdict(set)
        for click in clicks:
            by_second[click.second].add(click.click_id)
        # As DynamoDB does: an item whose condition fails is returned whole.
        items = [(self.seen[code, second], ids) for second, ids in by_second.items()]
        repeated = [seen for seen, ids in items if seen & ids]
        if repeated:
            return AlreadyCounted(frozenset[str]().union(*repeated))
        if not link.is_as(before, days):
            return DayMoved(link.tally)
        for click in clicks:
            self.seen[code, click.second].add(click.click_id)
        self._write(code, link, days, before)
        return Counted()

    def _write(self, code: str, link: MemoryLink, days: Mapping[date, int], before: Tally) -> None:
        rows, after = before.moved(days), before.plus(days)
        if after.day != before.day:
            link.day, link.day_clicks = after.day, after.day_clicks
        else:
            link.day_clicks += after.day_clicks - before.day_clicks
        link.clicks += sum(days.values())
        for day, clicks in rows.items():
            self.rows[code, day] += clicks

    async def _before(self) -> Fault:
        await step()
        fault = next(self._faults, Fault.NONE)
        if fault is Fault.CRASH_BEFORE:
            raise CrashError(fault.value)
        if fault is Fault.REFUSED:
            raise ConnectionError(fault.value)
        return fault

    def _after(self, fault: Fault) -> None:
        if fault is Fault.CRASH_AFTER:
            raise CrashError(fault.value)
        if fault is Fault.ANSWER_LOST:
            raise ConnectionError(fault.value)


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Runs it alone to its end, without an event loop."""
    try:
        while True:
            work.send(None)
    except StopIteration as stop:
        return stop.value
