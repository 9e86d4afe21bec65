"""Counts clicks exactly once from a queue that repeats and reorders them, and publishes totals.

A worker may count a click and die before it publishes. So a link is published whenever one of its
clicks arrives, even one counted before. Nothing is awaited but what the aggregator was given.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Awaitable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from aws_lambda_powertools import Logger

from ..realtime.publisher import Update
from ..shortener.click import Click
from ..shortener.tally import Tally
from .ports import AlreadyCounted, ClickStore, Counted, DayMoved, LinkGone, Pause, Publish

REMEMBERED_DAYS = 30
"""For how long after a click the table can tell whether it was counted."""
COUNTABLE_DAYS = 28
"""An older click is parked: in two days at the latest a repetition could no longer be told."""
ATTEMPTS = 6
PATIENCE_MS = 200
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
class Aggregator:
    store: ClickStore
    publish: Publish
    pause: Pause

    async def aggregate(self, messages: Sequence[Message], *, now_ms: int) -> Report:
        """What a link's clicks raise is logged and fails that link's messages only."""
        report = Report()
        by_code: defaultdict[str, list[Message]] = defaultdict(list)
        for message in messages:
            if message.click.at < now_ms - COUNTABLE_DAYS * _DAY_MS:
                await _contained(self._park(message.click, report), [message], report)
            else:
                by_code[message.click.code].append(message)
        # One click alone: nobody waits behind it. With more of them, conflation pays better.
        patience_ms = PATIENCE_MS if len(messages) == 1 else 0
        for code, group in by_code.items():
            work = self._count_and_publish(code, group, report, patience_ms)
            await _contained(work, group, report)
        return report

    async def _park(self, click: Click, report: Report) -> None:
        await self.store.park(click)
        report.too_late += 1

    async def _count_and_publish(
        self, code: str, messages: Sequence[Message], report: Report, patience_ms: int
    ) -> None:
        clicks = [message.click for message in messages]
        uncounted = {click.click_id: click for click in clicks}
        report.duplicates += len(clicks) - len(uncounted)
        await self._count(code, uncounted, report)
        tally = await self.store.read(code)
        if tally is None:
            return
        await self.publish(
            Update(
                channel=f"link:{code}",
                value={"code": code, "clicks": tally.clicks},
                version=tally.clicks,
                epoch=tally.epoch,
                at=max(click.at for click in clicks),
            ),
            [message.id for message in messages],
            patience_ms,
        )

    async def _count(self, code: str, uncounted: dict[str, Click], report: Report) -> None:
        """Every round counts, removes a duplicate or uses up an attempt, so the loop ends.

        The first attempt assumes that the link's day is the newest click's. A refusal for another
        day returns the link as it is, and the next attempt goes by that.
        """
        tally: Tally | None = None
        attempt = 0
        while uncounted:
            clicks = list(uncounted.values())
            match await self.store.count(code, clicks, tally):
                case Counted():
                    report.counted += len(clicks)
                    return
                case LinkGone():
                    report.on_deleted_link += len(clicks)
                    return
                case AlreadyCounted(click_ids) if click_ids & uncounted.keys():
                    repeated = click_ids & uncounted.keys()
                    report.duplicates += len(repeated)
                    for click_id in repeated:
                        del uncounted[click_id]
                case refused:
                    attempt += 1
                    if attempt == ATTEMPTS:
                        raise ContentionError(
                            f"{len(uncounted)} clicks of {code} not counted in {ATTEMPTS} attempts:"
                            " the link is contended or the table throttled"
                        )
                    if isinstance(refused, DayMoved):
                        tally = refused.tally
                    else:
                        await self.pause(attempt)


def by_day(clicks: Iterable[Click]) -> Counter[date]:
    return Counter(click.day for click in clicks)


async def _contained(work: Awaitable[None], messages: Sequence[Message], report: Report) -> None:
    try:
        await work
    except Exception:
        ids = [message.id for message in messages]
        code = messages[0].click.code
        logger.exception("clicks not aggregated", extra={"code": code, "message_ids": ids})
        report.failed.extend(ids)
