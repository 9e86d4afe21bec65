"""Counts clicks exactly once from a queue that repeats and reorders them, and publishes totals.

A worker may count a click and die before it publishes. So a link is published whenever one of its
clicks arrives, even a duplicate. Nothing is awaited but what the aggregator was given.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from datetime import date

from aws_lambda_powertools import Logger

from ..realtime.latest.publish import Update
from ..shortener.click import Click, time_of
from ..shortener.counters import Counters
from .ports import Busy, ClickStore, Counted, Pause, Publish, Written

COUNTABLE_DAYS = 28
"""An older click is parked: two days before its id may be forgotten."""
AHEAD_MS = 60_000
"""How far a click's clock may be ahead. Ids sort by time: one from tomorrow would lift the floor
above every other click of its link."""
ATTEMPTS = 6
MAX_WAIT_MS = 200
"""For the end of a hold that is in the way: an interval of a link's channel."""

_DAY_MS = 86_400_000

logger = Logger()


@dataclass(frozen=True)
class Message:
    id: str
    click: Click


@dataclass
class Report:
    """What became of a batch. A failed message must come again; its click may be counted."""

    counted: int = 0
    duplicates: int = 0
    on_deleted_link: int = 0
    too_late: int = 0
    failed: list[str] = field(default_factory=list[str])


class ContentionError(RuntimeError):
    """A link's clicks could not be counted in a bounded number of attempts."""


@dataclass(frozen=True)
class Eviction:
    """When ids leave COUNT. Its size decides what a count costs: a kilobyte holds some 45 ids.

    A click that arrives later than the ids that were evicted costs three calls in place of one.
    """

    at: int = 40
    """Ids from which those are evicted that are older than `young_ms`, `least` or more."""
    least: int = 20
    young_ms: int = 400
    most: int = 100
    """Ids above which the older half is evicted, whatever its age."""

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
        """What a link's clicks raise is logged and fails that link's messages only."""
        report = Report()
        by_code: defaultdict[str, list[Message]] = defaultdict(list)
        for message in messages:
            if message.click.at < now_ms - COUNTABLE_DAYS * _DAY_MS:
                await _contained(self._park(message.click, report), [message], report)
            elif message.click.at > now_ms + AHEAD_MS:
                logger.error("click from the future", extra={"message_id": message.id})
                report.failed.append(message.id)
            else:
                by_code[message.click.code].append(message)
        # One click alone: nobody waits behind it. With more of them, conflation pays better.
        max_wait_ms = MAX_WAIT_MS if len(messages) == 1 else 0
        for code, group in by_code.items():
            work = self._count_and_publish(code, group, report, max_wait_ms, now_ms)
            await _contained(work, group, report)
        return report

    async def _park(self, click: Click, report: Report) -> None:
        await self.store.park(click)
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
        """Takes from `ids` what is counted or a duplicate. Returns the counters after that, or
        None if the link is deleted."""
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
            f"{len(ids)} clicks of {code} not counted in {ATTEMPTS} attempts: the link is contended"
            " or the table throttled"
        )

    async def _count_late(
        self, code: str, day: date, ids: set[str], found: Counters, report: Report
    ) -> bool:
        """Of those at or below the floor. Whether any was counted."""
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
