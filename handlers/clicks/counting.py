"""Counts clicks exactly once from a queue that repeats and reorders them, and publishes totals.

A worker may count a click and die before it publishes. So a link is published whenever one of its
clicks arrives, even one counted before. Nothing is awaited but what the aggregator was given.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from aws_lambda_powertools import Logger

from ..realtime.publisher import Update
from ..shortener.click import Click

REMEMBERED_DAYS = 30
"""For how long after a click the table can tell whether it was counted."""
COUNTABLE_DAYS = 28
"""An older click is parked: in two days at the latest a repetition could no longer be told."""
ATTEMPTS = 6

_DAY_MS = 86_400_000

logger = Logger()

Publish = Callable[[Update, Sequence[str]], Awaitable[object]]
"""Takes the ids of the messages that the update comes from too (see `publisher.publish`)."""
Pause = Callable[[int], Awaitable[None]]
"""Waits before the given attempt, the first of which is 1."""


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
class Contended:
    """Another writer was in the way or the table is throttled; to be tried again."""


Outcome = Counted | AlreadyCounted | LinkGone | Contended


@dataclass(frozen=True)
class Total:
    clicks: int
    epoch: int


class ClickStore(Protocol):
    """Each method is one call to AWS."""

    async def count(self, code: str, clicks: Sequence[Click]) -> Outcome:
        """All of them, each on its day, or none. Their ids must differ."""
        ...

    async def total(self, code: str) -> Total | None:
        """Read consistently; None if the link is deleted."""
        ...

    async def park(self, click: Click) -> None:
        """Puts it aside for a person to decide about."""
        ...


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
        for code, group in by_code.items():
            await _contained(self._count_and_publish(code, group, report), group, report)
        return report

    async def _park(self, click: Click, report: Report) -> None:
        await self.store.park(click)
        report.too_late += 1

    async def _count_and_publish(
        self, code: str, messages: Sequence[Message], report: Report
    ) -> None:
        clicks = [message.click for message in messages]
        await self._count(code, clicks, report)
        total = await self.store.total(code)
        if total is None:
            return
        await self.publish(
            Update(
                channel=f"link:{code}",
                value={"code": code, "clicks": total.clicks},
                version=total.clicks,
                epoch=total.epoch,
                at=max(click.at for click in clicks),
            ),
            [message.id for message in messages],
        )

    async def _count(self, code: str, clicks: Sequence[Click], report: Report) -> None:
        """Ends: each round counts, finds a click counted before, or uses up one of the attempts."""
        uncounted = {click.click_id: click for click in clicks}
        report.duplicates += len(clicks) - len(uncounted)
        attempt = 0
        while uncounted:
            match await self.store.count(code, list(uncounted.values())):
                case Counted():
                    report.counted += len(uncounted)
                    return
                case LinkGone():
                    report.on_deleted_link += len(uncounted)
                    return
                case AlreadyCounted(click_ids) if click_ids & uncounted.keys():
                    repeated = click_ids & uncounted.keys()
                    report.duplicates += len(repeated)
                    for click_id in repeated:
                        del uncounted[click_id]
                case _:
                    attempt += 1
                    if attempt == ATTEMPTS:
                        raise ContentionError(
                            f"{len(uncounted)} clicks of {code} not counted in {ATTEMPTS} attempts:"
                            " the link is contended or the table throttled"
                        )
                    await self.pause(attempt)


async def _contained(work: Awaitable[None], messages: Sequence[Message], report: Report) -> None:
    try:
        await work
    except Exception:
        ids = [message.id for message in messages]
        code = messages[0].click.code
        logger.exception("clicks not aggregated", extra={"code": code, "message_ids": ids})
        report.failed.extend(ids)
