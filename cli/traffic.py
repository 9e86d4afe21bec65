"""Simulated visitors for `realtime demo --traffic`: three links with a past, and bursts of clicks.

A visitor's click is a real one, by the redirect. The past is put on the click queue as the redirect
would have put it then, so it is counted by the same function as every other click.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rich.console import Console

from handlers.shortener.click import Click, new, to_body
from localcloud.command.stack import Stack

from .links import LinkApi

DAYS = 24
DAY_MS = 86_400_000
SECONDS_BETWEEN_BURSTS = 12.0
BURST_SECONDS = 6.0
TIMES_FASTER = 6.0
BATCH = 10
"""As many messages as SQS takes at a time."""
PARALLEL_CLICKS = 4
"""The emulator shares the machine with the page that shows the clicks."""


@dataclass(frozen=True)
class Campaign:
    """A link as people share it."""

    alias: str
    target: str
    clicks_a_day: int
    clicks_per_second: float


CAMPAIGNS = (
    Campaign("spring-poster", "https://shop.example.com/spring?from=poster", 4, 0.2),
    Campaign("newsletter", "https://example.com/newsletter/42", 14, 0.4),
    Campaign("webhooks", "https://docs.example.com/guides/webhooks/retries", 9, 0.3),
    Campaign("launch-week", "https://blog.example.com/launch-week-day-one", 48, 1.2),
)


async def run(console: Console, links: LinkApi, stack: Stack, code: str) -> None:
    """Clicks on the campaigns' links, and on `code` too, until it is cancelled."""
    for campaign in CAMPAIGNS:
        await links.create(campaign.target, alias=campaign.alias)
        await asyncio.to_thread(remember, stack, campaign)
    rates = {campaign.alias: campaign.clicks_per_second for campaign in CAMPAIGNS} | {code: 0.5}
    sent: Counter[str] = Counter()
    gate = asyncio.Semaphore(PARALLEL_CLICKS)
    with console.status("Traffic") as status:

        async def visit(alias: str, rate: float) -> None:
            for pause in pauses(random.Random(), rate):  # noqa: S311 - nothing is kept secret by it
                await asyncio.sleep(pause)
                async with gate:
                    await links.click(alias)
                sent[alias] += 1
                counts = ", ".join(f"{name} {count}" for name, count in sorted(sent.items()))
                status.update(f"Traffic: {sent.total()} clicks ({counts})")

        async with asyncio.TaskGroup() as visitors:
            for alias, rate in rates.items():
                visitors.create_task(visit(alias, rate))


def pauses(chance: random.Random, clicks_per_second: float) -> Iterator[float]:
    """Seconds before each click, without end: a Poisson process whose rate rises in bursts."""
    left, bursting = chance.expovariate(1 / SECONDS_BETWEEN_BURSTS), False
    while True:
        rate = clicks_per_second * (TIMES_FASTER if bursting else 1)
        pause = chance.expovariate(rate)
        left -= pause
        if left < 0:
            bursting = not bursting
            left = chance.expovariate(1 / (BURST_SECONDS if bursting else SECONDS_BETWEEN_BURSTS))
        yield pause


def remember(stack: Stack, campaign: Campaign) -> int:
    """Puts the clicks of the days before today on the queue; returns how many."""
    chance = random.Random(campaign.alias)  # noqa: S311 - the same past each time
    clicks = list(past_clicks(campaign, chance, time.time_ns() // 1_000_000))
    queue: Any = stack.client("sqs")
    for first in range(0, len(clicks), BATCH):
        batch = clicks[first : first + BATCH]
        entries = [{"Id": str(i), "MessageBody": to_body(c)} for i, c in enumerate(batch)]
        queue.send_message_batch(QueueUrl=stack.output("click_queue_url"), Entries=entries)
    return len(clicks)


def past_clicks(campaign: Campaign, chance: random.Random, now_ms: int) -> Iterator[Click]:
    """More of them the nearer the day, fewer at weekends."""
    for days_ago in range(DAYS, 0, -1):
        at = now_ms - days_ago * DAY_MS
        weekend = time.gmtime(at / 1000).tm_wday >= 5
        growth = 1.5 - days_ago / DAYS
        expected = campaign.clicks_a_day * growth * (0.4 if weekend else 1)
        for _ in range(round(chance.uniform(0.7, 1.3) * expected)):
            yield new(campaign.alias, at=at)
