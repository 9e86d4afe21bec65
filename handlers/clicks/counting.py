"""Counts clicks exactly once from a queue that repeats and reorders them, and publishes totals.

A link is published whenever one of its clicks arrives, even a duplicate, because the worker that
counted the click may have died before it published. The aggregator awaits its ports alone, so that
a test can drive it through every interleaving.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence, Set
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import Protocol

from aws_lambda_powertools import Logger

from ..realtime.model import Update
from ..shortener.click import Click, time_of
from ..shortener.link import Counters

COUNTABLE_DAYS = 28
"""An older click goes to the too-late queue, two days before its id may be deleted."""
AHEAD_MS = 60_000
"""How far a click's clock may be ahead. Ids sort by time: one from tomorrow would lift the floor
above every other click of its link."""
ATTEMPTS = 6
MAX_WAIT_MS = 200
"""For the end of a cooldown of the link's channel, which lasts as long."""

_DAY_MS = 86_400_000

logger = Logger()


Publish = Callable[[Update, Sequence[str], int], Awaitable[object]]
"""Takes the update, the ids of the messages behind it, and the longest wait for a cooldown, ms."""
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
    """The outcome of a transaction."""

    DONE = "done"
    DUPLICATE = "duplicate"
    REJECTED = "rejected"
    """A condition did not hold, or a row was busy. The next count finds out which."""


class ClickStore(Protocol):
    """Each method is one call to AWS. Ids are clicks' keys, all of one link; a call writes all of
    them or none."""

    async def count(self, code: str, day: date, ids: Set[str]) -> Counted | Rejected | Busy:
        """Rejected unless the link is live, `day` is its day, and all ids are above its floor and
        not counted."""
        ...

    async def begin_day(self, code: str, day: date, ids: Set[str], ended: Counters) -> Written:
        """As `count`, for a newer day than that of `ended`, whose clicks move to a row of the day.
        Rejected unless day and clicks of the day are still those of `ended`."""
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
        """Moves the oldest ids to a row and lifts the floor to the newest of them. Rejected unless
        floor and number of ids are those of `before`: between two evictions the set only grows, so
        an equal number is an equal set."""
        ...

    async def read(self, code: str) -> Counters | None:
        """Read consistently; None if there was never such a link."""
        ...

    async def keep_too_late(self, click: Click) -> None:
        """Puts a click that is too old to be told from a duplicate into the too-late queue."""
        ...


@dataclass(frozen=True)
class Message:
    id: str
    click: Click


@dataclass
class Report:
    """Of a batch. A failed message must be delivered again; its click may be counted already."""

    counted: int = 0
    duplicates: int = 0
    on_deleted_link: int = 0
    too_late: int = 0
    failed: list[str] = field(default_factory=list[str])


class ContentionError(RuntimeError):
    """No attempt of a bounded number counted a link's clicks."""


@dataclass(frozen=True)
class Eviction:
    """When ids leave COUNT, whose size is the price of a count: a kilobyte holds some 45 ids.

    A click whose id is below the evicted ones costs three calls in place of one.
    """

    at: int = 40
    """Number from which the ids that are older than `young_ms` are evicted, if `least` or more."""
    least: int = 20
    young_ms: int = 400
    most: int = 100
    """Number above which the older half is evicted at any age."""

    def of(self, counters: Counters, *, now_ms: int) -> frozenset[str]:
        ids = sorted(counters.ids)
        if len(ids) > self.most:
            return frozenset(ids[: len(ids) // 2])
        old = [id_ for id_ in ids if time_of(id_) < now_ms - self.young_ms]
        return frozenset(old if len(ids) >= self.at and len(old) >= self.least else ())


@dataclass(frozen=True)
class Aggregator:
    store: ClickStore
    publish: Publish
    pause: Pause
    eviction: Eviction = field(default_factory=Eviction)

    async def aggregate(self, messages: Sequence[Message], *, now_ms: int) -> Report:
        """An error of one link's clicks is logged, and fails that link's messages alone."""
        report = Report()
        by_code: defaultdict[str, list[Message]] = defaultdict(list)
        for message in messages:
            if message.click.at < now_ms - COUNTABLE_DAYS * _DAY_MS:
                await _contained(self._keep_too_late(message.click, report), [message], report)
            elif message.click.at > now_ms + AHEAD_MS:
                logger.error("click from the future", extra={"message_id": message.id})
                report.failed.append(message.id)
            else:
                by_code[message.click.code].append(message)
        # No click waits behind a single one. With more of them, conflation pays better.
        max_wait_ms = MAX_WAIT_MS if len(messages) == 1 else 0
        for code, group in by_code.items():
            work = self._count_and_publish(code, group, report, max_wait_ms, now_ms)
            await _contained(work, group, report)
        return report

    async def _keep_too_late(self, click: Click, report: Report) -> None:
        await self.store.keep_too_late(click)
        report.too_late += 1

    async def _count_and_publish(
        self,
        code: str,
        messages: Sequence[Message],
        report: Report,
        max_wait_ms: int,
        now_ms: int,
    ) -> None:
        days: defaultdict[date, set[str]] = defaultdict(set)
        for message in messages:
            days[message.click.day].add(message.click.key)
        report.duplicates += len(messages) - sum(len(ids) for ids in days.values())
        counters: Counters | None = None
        for day, ids in sorted(days.items()):  # the newest last: a day begins once
            counters = await self._count(code, day, ids, report)
        if counters is None:
            return
        await self.publish(
            Update(
                channel=f"link:{code}",
                value={"code": code, "clicks": counters.clicks},
                version=counters.clicks,
                epoch=counters.epoch,
                at=max(message.click.at for message in messages),
            ),
            [message.id for message in messages],
            max_wait_ms,
        )
        if oldest := self.eviction.of(counters, now_ms=now_ms):
            # Rejected, another aggregator has counted or evicted meanwhile. The next count tries.
            await self.store.evict(code, oldest, counters)

    async def _count(self, code: str, day: date, ids: set[str], report: Report) -> Counters | None:
        """Takes from `ids` those that are counted or duplicates. Returns the counters after that,
        or None if the link is deleted."""
        for attempt in range(1, ATTEMPTS + 1):
            outcome = await self.store.count(code, day, ids)
            if isinstance(outcome, Counted):
                report.counted += len(ids)
                return outcome.counters
            if isinstance(outcome, Busy):
                await self.pause(attempt)
                continue
            found = outcome.counters
            if found is None or not found.live:
                report.on_deleted_link += len(ids)
                return None
            report.duplicates += len(ids & found.ids)
            ids -= found.ids
            written = await self._count_late(code, day, ids, found, report)
            if ids and day != found.day:
                written |= await self._count_another_day(code, day, ids, found, report)
            if not ids:
                return await self.store.read(code) if written else found
            await self.pause(attempt)
        raise ContentionError(
            f"{len(ids)} clicks of {code} must be counted within {ATTEMPTS} attempts: the link is"
            " contended or the table throttled; the queue delivers them again"
        )

    async def _count_late(
        self, code: str, day: date, ids: set[str], found: Counters, report: Report
    ) -> bool:
        """Counts the ids at or below the floor. Returns whether any was counted."""
        written = False
        for id_ in sorted(id_ for id_ in ids if id_ <= found.floor):
            row = await self.store.covering(code, id_)
            if row is None:
                raise RuntimeError(f"no row of evicted ids of {code} covers a click of {day}")
            match await self.store.count_late(code, day, id_, row):
                case Written.DONE:
                    report.counted += 1
                    written = True
                case Written.DUPLICATE:
                    report.duplicates += 1
                case Written.REJECTED:
                    continue
            ids.remove(id_)
        return written

    async def _count_another_day(
        self, code: str, day: date, ids: set[str], found: Counters, report: Report
    ) -> bool:
        if any(id_ <= found.floor for id_ in ids):  # a late one is still to be counted
            return False
        if day > found.day:
            written = await self.store.begin_day(code, day, ids, found)
        else:
            written = await self.store.count_for_past_day(code, day, ids)
        if written is not Written.DONE:
            return False
        report.counted += len(ids)
        ids.clear()
        return True


async def _contained(work: Awaitable[None], messages: Sequence[Message], report: Report) -> None:
    try:
        await work
    except Exception:
        ids = [message.id for message in messages]
        code = messages[0].click.code
        logger.exception("clicks not aggregated", extra={"code": code, "message_ids": ids})
        report.failed.extend(ids)
