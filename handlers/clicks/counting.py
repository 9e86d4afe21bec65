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
from .memory import Guess, Memory
from .ports import AlreadyCounted, ClickStore, Counted, LinkGone, Mistaken, Pause, Publish

REMEMBERED_DAYS = 30
"""For how long after a click the table can tell whether it was counted."""
COUNTABLE_DAYS = 28
"""An older click is parked: in two days at the latest a repetition could no longer be told."""
ATTEMPTS = 6
PATIENCE_MS = 200
"""For the end of a hold that is in the way: an interval of a link's channel."""
MISTAKES = 3
"""After so many the days' rows are used, which need no figures."""

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


@dataclass
class Belief:
    """What a link's figures are thought to be, while its clicks are counted."""

    tally: Tally
    exactly: bool
    """Whether to count only if it is right: then it is known to be, and need not be read."""
    mistakes: int = 0
    known: bool = False

    @property
    def expected(self) -> Tally | None:
        return self.tally if self.mistakes < MISTAKES else None

    def counted(self, clicks: Iterable[Click]) -> None:
        self.tally = self.tally.plus(by_day(clicks))
        self.known = self.exactly

    def is_early(self, tally: Tally) -> bool:
        """Whether other processes have clicks that come before, and have not counted them yet.

        To count first would refuse their guesses, too. They are waited for once.
        """
        return self.exactly and self.mistakes == 0 and tally.clicks < self.tally.clicks

    def corrected(self, tally: Tally) -> None:
        """The right figures are worth another try at once; wrong again, somebody else is at it."""
        if not self.is_early(tally):
            self.tally = tally
        self.mistakes += 1
        self.exactly = self.exactly and self.mistakes < 2

    def doubted(self) -> None:
        self.exactly = False


@dataclass(frozen=True)
class Aggregator:
    store: ClickStore
    publish: Publish
    pause: Pause
    memory: Memory = field(default_factory=Memory)

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
        belief = await self._belief(code, clicks)
        if belief is None:
            report.on_deleted_link += len(uncounted)
            return
        await self._count(code, uncounted, belief, report)
        tally = belief.tally if belief.known else await self.store.read(code)
        if tally is None:
            return
        right = belief.mistakes == 0 and tally.clicks == belief.tally.clicks
        self.memory.keep(code, tally, guessed_right=right)
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

    async def _belief(self, code: str, clicks: Sequence[Click]) -> Belief | None:
        """None if the link is deleted. Read only for a process and clicks that know nothing."""
        guess = self.memory.guess(code, clicks)
        if guess is None:
            tally = await self.store.read(code)
            guess = None if tally is None else Guess(tally, trusted=True)
        return None if guess is None else Belief(guess.tally, exactly=guess.trusted)

    async def _count(
        self, code: str, uncounted: dict[str, Click], belief: Belief, report: Report
    ) -> None:
        """Ends: a round counts, finds a click counted before, or uses up a mistake or an attempt.

        After the last mistake nothing is expected, so that nothing can be mistaken.
        """
        attempt = 0
        while uncounted:
            clicks = list(uncounted.values())
            match await self.store.count(code, clicks, belief.expected, exactly=belief.exactly):
                case Counted():
                    report.counted += len(clicks)
                    belief.counted(clicks)
                    return
                case LinkGone():
                    report.on_deleted_link += len(clicks)
                    return
                case Mistaken(tally) if belief.expected is not None:
                    await self._correct(belief, tally)
                case AlreadyCounted(click_ids) if click_ids & uncounted.keys():
                    belief.doubted()
                    repeated = click_ids & uncounted.keys()
                    report.duplicates += len(repeated)
                    for click_id in repeated:
                        del uncounted[click_id]
                case _:
                    belief.doubted()
                    attempt += 1
                    if attempt == ATTEMPTS:
                        raise ContentionError(
                            f"{len(uncounted)} clicks of {code} not counted in {ATTEMPTS} attempts:"
                            " the link is contended or the table throttled"
                        )
                    await self.pause(attempt)

    async def _correct(self, belief: Belief, tally: Tally) -> None:
        if belief.is_early(tally):
            await self.pause(0)
        belief.corrected(tally)


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
