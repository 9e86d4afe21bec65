"""Brings one frame to everybody who watches its channel, or hands the work to workers.

A small audience is served at once, within a budget that protects the caller; a large one, and what
the budget leaves over, becomes tasks.
"""

from collections.abc import Sequence
from dataclasses import replace

from ..model import Page, Subscription
from .engine import Engine, Published, Push
from .serving import serve_inline, serve_range
from .tasks import Range, Task

PLANNED_SHARE = 0.7
"""Of the posts that a channel may use, what its interval is planned for.

A fan-out also waits for its queue, reads rows and meets others that are late. Planned for all of
the rate, the next one begins while it is still at work, and from then on both do.
"""
UNCOUNTED_MS = 2_000
"""The interval of a channel whose subscribers are many, until a worker has counted them."""


async def fan_out(engine: Engine, push: Push) -> Published:
    """Serves the channel's audience. When it returns, nothing depends on the caller any more.

    A large audience costs the caller one read and one send. Raises `Misconfigured` and what the
    store and the queue raise; then the caller's source must deliver its message again.
    """
    maximum = engine.limits.inline_maximum
    page = await engine.store.subscriptions(push.channel, limit=maximum + 1)
    if _is_all(page, maximum):
        published = await serve_inline(engine, push, page.subscriptions)
        await _adapt_interval(engine, push, len(page.subscriptions))
        return published
    if push.interval_ms is None and (interval_ms := _rule_interval_ms(engine, push)):
        # Or each further value would start its own fan-out before the first one has been counted.
        await engine.store.set_interval(push.channel, max(interval_ms, UNCOUNTED_MS))
    await engine.queue.send([Range(push.channel, message=push.message, whole=True)])
    return Published(tasks=1)


async def fan_out_range(engine: Engine, push: Push, task: Range) -> Published:
    """A worker's share. A whole audience, if too many for one, is cut into ranges first."""
    if not task.whole:
        return await serve_range(engine, push, await _between(engine, task), task)
    if task.after is not None:
        return await _cut(engine, push, task, await _next(engine, task.channel, task.after))
    page = await engine.store.subscriptions(task.channel, limit=engine.limits.range_size + 1)
    if not _is_all(page, engine.limits.range_size):
        return await _cut(engine, push, task, page)
    await _adapt_interval(engine, push, len(page.subscriptions))
    return await serve_range(engine, push, page.subscriptions, task)


def _is_all(page: Page, maximum: int) -> bool:
    return page.after is None and len(page.subscriptions) <= maximum


async def _next(engine: Engine, channel: str, after: str) -> Page:
    return await engine.store.subscriptions(channel, after)


async def _between(engine: Engine, task: Range) -> Sequence[Subscription]:
    rows: list[Subscription] = []
    after = task.after
    while True:
        page = await engine.store.subscriptions(task.channel, after, task.until)
        rows += page.subscriptions
        if page.after is None:
            return rows
        after = page.after


async def _cut(engine: Engine, push: Push, task: Range, page: Page) -> Published:
    """Sends contiguous ranges that cover every id there is or will be, page by page as read.

    A million rows take longer to read than a function may run: the next worker goes on.
    """
    size = engine.limits.range_size
    audience, sent = task.counted, 0
    edge = task.after
    while True:
        ranges: list[Task] = []
        for row in page.subscriptions:
            audience += 1
            if audience % size == 0:
                ranges.append(Range(task.channel, edge, row.connection_id, task.message))
                edge = row.connection_id
        last = page.after is None
        enough = audience - task.counted >= engine.limits.cut_size and edge != task.after
        if last:
            ranges.append(Range(task.channel, edge, None, task.message))
        elif enough:
            counted = audience - audience % size
            ranges.append(replace(task, after=edge, counted=counted))
        push = await _adapt_interval(engine, push, audience, is_all=last)
        await engine.queue.send(ranges)
        sent += len(ranges)
        if page.after is None or enough:
            return Published(subscribers=audience, tasks=sent)
        page = await _next(engine, task.channel, page.after)


async def _adapt_interval(
    engine: Engine, push: Push, subscribers: int, *, is_all: bool = True
) -> Push:
    """Keeps the next pushes apart by as long as one of them takes; the push as it is then.

    Only a complete count shortens the interval.
    """
    rule_ms = _rule_interval_ms(engine, push)
    if not rule_ms:
        return push
    planned = engine.limits.posts_per_second * PLANNED_SHARE
    interval_ms = max(rule_ms, round(subscribers * 1000 / planned))
    before_ms = push.interval_ms or rule_ms
    if interval_ms == before_ms or (interval_ms < before_ms and not is_all):
        return push
    await engine.store.set_interval(push.channel, interval_ms)
    return replace(push, interval_ms=interval_ms)


def _rule_interval_ms(engine: Engine, push: Push) -> int:
    """0 where every value is pushed."""
    rule = engine.rules.find(push.channel)
    return 0 if rule is None or push.message is not None else rule.min_interval_ms
