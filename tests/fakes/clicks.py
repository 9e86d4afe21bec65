"""The aggregator's store in memory. A script says where it fails."""

from collections import Counter, defaultdict
from collections.abc import Coroutine, Iterable, Sequence, Set
from dataclasses import replace
from datetime import date
from enum import Enum
from typing import Any, TypeVar

from handlers.clicks.counting import Busy, Counted, Rejected, Written
from handlers.realtime.model import Update
from handlers.shortener.click import Click
from handlers.shortener.link import Counters

from .schedule import step

EPOCH = 1_763_787_000_000
DAY = date(2025, 11, 22)

Result = TypeVar("Result")


class Fault(Enum):
    """What befalls one call."""

    NONE = "none"
    CRASH_BEFORE = "the process dies before the call"
    CRASH_AFTER = "the process dies after the call"
    REFUSED = "AWS refuses the call"
    ANSWER_LOST = "the call is carried out, its answer is lost"
    BUSY = "a conflict or a throttle cancels a write"


class Condition(Enum):
    """What a write of the real store is conditional on."""

    LIVE = "the link is live"
    NEW = "no id is in the set"
    FLOOR = "all ids are above the floor"
    DAY = "the day is the link's"
    ENDED_DAY = "the day that ends is still the link's"
    ENDED_CLICKS = "the day that ends still has so many clicks"
    NEW_IN_ROW = "the id is not in its row"
    EVICTED_FLOOR = "nothing was evicted meanwhile"
    EVICTED_SIZE = "nothing was counted meanwhile"


class CrashError(BaseException):
    """The process dies: no `except Exception` may stop it."""


class MemoryClicks:
    """Each call is atomic, as DynamoDB's is. A fault is for one call; in the end there are none."""

    def __init__(
        self, *codes: str, faults: Iterable[Fault] = (), without: Condition | None = None
    ) -> None:
        self.links = {code: Counters(epoch=EPOCH, day=DAY) for code in codes}
        self.evicted: defaultdict[str, dict[str, set[str]]] = defaultdict(dict)
        """Of a code: the newest id of a row -> its ids."""
        self.rows: Counter[tuple[str, date]] = Counter()
        """Of days: see `days` for all their clicks."""
        self.too_late: list[Click] = []
        self.published: list[Update] = []
        self.max_wait_ms: list[int] = []
        self.ahead: list[Update] = []
        """Published with more clicks than are counted: no later total would be shown."""
        self.tokens: list[Sequence[str]] = []
        self.calls: list[str] = []
        """Those to AWS."""
        self._faults = iter(faults)
        self._without = without

    @property
    def days(self) -> Counter[tuple[str, date]]:
        days = Counter(self.rows)
        for code, counters in self.links.items():
            if counters.day_clicks:
                days[code, counters.day] += counters.day_clicks
        return days

    def remembered(self, code: str) -> list[str]:
        """Every id that a duplicate would be recognised by."""
        rows = self.evicted[code].values()
        return sorted([*self.links[code].ids, *(id_ for row in rows for id_ in row)])

    async def count(self, code: str, day: date, ids: Set[str]) -> Counted | Rejected | Busy:
        fault = await self._before("count")
        counters = self.links.get(code)
        if fault is Fault.BUSY:
            return Busy()
        outcome: Counted | Rejected = Rejected(counters)
        if counters is not None and all(
            (self._holds(Condition.DAY, counters.day == day), self._is_new(counters, ids))
        ):
            more = self._with(counters, ids)
            self.links[code] = replace(more, day_clicks=more.day_clicks + len(ids))
            outcome = Counted(self.links[code])
        self._after(fault)
        return outcome

    async def begin_day(self, code: str, day: date, ids: Set[str], ended: Counters) -> Written:
        fault = await self._before("begin_day")
        counters = self.links[code]
        holds = self._holds(Condition.ENDED_DAY, counters.day == ended.day) and self._holds(
            Condition.ENDED_CLICKS, counters.day_clicks == ended.day_clicks
        )
        if fault is Fault.BUSY or not holds or not self._is_new(counters, ids):
            return Written.REJECTED
        if ended.day_clicks:
            self.rows[code, ended.day] += ended.day_clicks
        self.links[code] = replace(self._with(counters, ids), day=day, day_clicks=len(ids))
        self._after(fault)
        return Written.DONE

    async def count_for_past_day(self, code: str, day: date, ids: Set[str]) -> Written:
        fault = await self._before("count_for_past_day")
        counters = self.links[code]
        if fault is Fault.BUSY or not self._is_new(counters, ids):
            return Written.REJECTED
        self.rows[code, day] += len(ids)
        self.links[code] = self._with(counters, ids)
        self._after(fault)
        return Written.DONE

    async def covering(self, code: str, id_: str) -> str | None:
        fault = await self._before("covering")
        found = min((last for last in self.evicted[code] if last >= id_), default=None)
        self._after(fault)
        return found

    async def count_late(self, code: str, day: date, id_: str, row: str) -> Written:
        fault = await self._before("count_late")
        ids, counters = self.evicted[code].get(row), self.links[code]
        if fault is Fault.BUSY or ids is None:
            return Written.REJECTED
        if not self._holds(Condition.NEW_IN_ROW, id_ not in ids):
            return Written.DUPLICATE
        if not self._holds(Condition.LIVE, counters.live):
            return Written.REJECTED
        ids.add(id_)
        self.rows[code, day] += 1
        self.links[code] = replace(counters, clicks=counters.clicks + 1)
        self._after(fault)
        return Written.DONE

    async def evict(self, code: str, ids: Set[str], before: Counters) -> Written:
        fault = await self._before("evict")
        counters = self.links[code]
        holds = self._holds(Condition.EVICTED_FLOOR, counters.floor == before.floor) and (
            self._holds(Condition.EVICTED_SIZE, len(counters.ids) == len(before.ids))
        )
        if fault is Fault.BUSY or not holds:
            return Written.REJECTED
        self.evicted[code][max(ids)] = set(ids)
        self.links[code] = replace(counters, floor=max(ids), ids=counters.ids - ids)
        self._after(fault)
        return Written.DONE

    async def read(self, code: str) -> Counters | None:
        fault = await self._before("read")
        self._after(fault)
        return self.links.get(code)

    async def keep_too_late(self, click: Click) -> None:
        fault = await self._before("keep_too_late")
        self.too_late.append(click)
        self._after(fault)

    async def publish(self, update: Update, tokens: Sequence[str], max_wait_ms: int) -> None:
        fault = await self._before("publish")
        self.published.append(update)
        self.max_wait_ms.append(max_wait_ms)
        counters = self.links.get(update.channel.removeprefix("link:"))
        if counters is not None and update.version > counters.clicks:
            self.ahead.append(update)
        self.tokens.append(tokens)
        self._after(fault)

    async def pause(self, _attempt: int) -> None:
        await step()

    def delete(self, code: str) -> None:
        self.links[code] = replace(self.links[code], live=False)

    def _is_new(self, counters: Counters, ids: Set[str]) -> bool:
        return (
            self._holds(Condition.LIVE, counters.live)
            and self._holds(Condition.FLOOR, counters.floor < min(ids))
            and self._holds(Condition.NEW, not ids & counters.ids)
        )

    def _holds(self, condition: Condition, holds: bool) -> bool:  # noqa: FBT001 - the outcome of a condition
        return holds or condition is self._without

    def _with(self, counters: Counters, ids: Set[str]) -> Counters:
        return replace(counters, clicks=counters.clicks + len(ids), ids=counters.ids | ids)

    async def _before(self, call: str) -> Fault:
        await step()
        self.calls.append(call)
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


def click(number: int, *, at: int, code: str = "first") -> Click:
    """The same one each time; of two at a time, that with the larger number sorts later."""
    return Click(
        click_id=f"{at >> 16:08x}-{at & 0xFFFF:04x}-7000-8000-{number:012x}", code=code, at=at
    )


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Runs it alone to its end, without an event loop."""
    try:
        while True:
            work.send(None)
    except StopIteration as stop:
        return stop.value
