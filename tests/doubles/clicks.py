"""The twin of the aggregator's store, in memory. A script says where it fails."""

from collections import Counter, defaultdict
from collections.abc import Coroutine, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any, TypeVar

from handlers.clicks.counting import (
    AlreadyCounted,
    Contended,
    Counted,
    LinkGone,
    Outcome,
    Total,
)
from handlers.realtime.publisher import Update
from handlers.shortener.click import Click

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


class MemoryClicks:
    """Each call is atomic, as DynamoDB's is. A fault is for one call; in the end there are none."""

    def __init__(self, *codes: str, faults: Iterable[Fault] = ()) -> None:
        self.links = {code: MemoryLink() for code in codes}
        self.seen: defaultdict[tuple[str, int], set[str]] = defaultdict(set)
        self.days: Counter[tuple[str, date]] = Counter()
        self.parked: list[Click] = []
        self.published: list[Update] = []
        self.tokens: list[Sequence[str]] = []
        self._faults = iter(faults)

    async def count(self, code: str, clicks: Sequence[Click]) -> Outcome:
        fault = await self._before()
        outcome = Contended() if fault is Fault.CONTENDED else self._count(code, clicks)
        self._after(fault)
        return outcome

    async def total(self, code: str) -> Total | None:
        fault = await self._before()
        link = self.links.get(code)
        self._after(fault)
        return Total(link.clicks, link.epoch) if link and link.live else None

    async def park(self, click: Click) -> None:
        fault = await self._before()
        self.parked.append(click)
        self._after(fault)

    async def publish(self, update: Update, tokens: Sequence[str]) -> None:
        fault = await self._before()
        self.published.append(update)
        self.tokens.append(tokens)
        self._after(fault)

    async def pause(self, _attempt: int) -> None:
        await step()

    def delete(self, code: str) -> None:
        self.links[code].live = False

    def _count(self, code: str, clicks: Sequence[Click]) -> Outcome:
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
        for click in clicks:
            self.seen[code, click.second].add(click.click_id)
            self.days[code, click.day] += 1
        link.clicks += len(clicks)
        return Counted()

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
