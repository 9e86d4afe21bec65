"""Brings one frame to everybody who watches its channel, or hands the work to workers.

A small audience is served at once, within a budget that protects the caller; a large one, and what
the budget leaves over, becomes tasks.
"""

from collections.abc import Sequence
from dataclasses import replace

from ..ports import Page, Subscription
from .engine import Engine, Published, Push
from .serving import serve_inline, serve_range
from .tasks import Range, Task

PLANNED_SHARE = 0.7
"""Of the posts that a channel may use, what its interval is planned for.

A fan-out also waits for its queue, reads rows and meets others that are late. Planned for all of
the rate, the next one begins while it is still at work, and from then on both do.
"""
UNCOUNTED_MS = 2_000
"""By what a large audience stretches its channel's interval until somebody has counted it."""


async def fan_out(engine: Engine, push: Push) -> Published:
    """Serves the channel's audience. When it returns, nothing depends on the caller any more.

    A large audience costs the caller one read and one send. Raises `Misconfigured` and what the
    store and the queue raise; then the caller's source must deliver its message again.
    """
    maximum = engine.limits.inline_maximum
    page = await engine.store.subscriptions(push.channel, limit=maximum + 1)
    if _is_all(page, maximum):
        published = await serve_inline(engine, push, page.subscriptions)
        await _stretch(engine, push, len(page.subscriptions))
        return published
    if push.stretch_ms is None and _is_conflated(engine, push):
        # Or each further value would start its own fan-out before the first one has been counted.
        await engine.store.stretch(push.channel, UNCOUNTED_MS, None)
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
    await _stretch(engine, push, len(page.subscriptions))
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
        push = await _stretch(engine, push, audience, may_shrink=last)
        await engine.queue.send(ranges)
        sent += len(ranges)
        if page.after is None or enough:
            return Published(subscribers=audience, tasks=sent)
        page = await _next(engine, task.channel, page.after)


async def _stretch(engine: Engine, push: Push, audience: int, *, may_shrink: bool = True) -> Push:
    """Keeps the next pushes apart by as long as one of them takes; the push as it is then."""
    rule = engine.rules.find(push.channel)
    if rule is None or not _is_conflated(engine, push):
        return push
    planned = engine.limits.posts_per_second * PLANNED_SHARE
    stretch_ms = max(0, round(audience * 1000 / planned) - rule.min_interval_ms)
    before = push.stretch_ms or 0
    if stretch_ms == before or (stretch_ms < before and not may_shrink):
        return push
    await engine.store.stretch(push.channel, stretch_ms, push.stretch_ms)
    return replace(push, stretch_ms=stretch_ms)


def _is_conflated(engine: Engine, push: Push) -> bool:
    rule = engine.rules.find(push.channel)
    return push.message is None and rule is not None and rule.min_interval_ms > 0
