"""Fans one frame out to the subscribers of its channel.

A publisher posts to a few subscribers itself, within a budget that protects it. A larger number,
and the rest when the budget is spent, becomes tasks by ranges of connection ids.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from ..engine import Engine
from ..model import Outcome, Published, Range, State, Subscription
from ..modes import Mode
from .outcomes import Outcomes, post, send_retries

LAST_ATTEMPT = 2
"""Lambda takes some sixteen runs of one chain for a loop, and refuses the next. Splits, ranges and
retries of one value together stay below.
https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html"""


class Unfinished(Exception):
    """A range was not posted to in all its attempts."""


async def fan_out(engine: Engine, mode: Mode, state: State) -> Published:
    """On return every subscriber was posted to or has a task in the queue.

    A large channel costs the caller one read and one send. Raises `Misconfigured` and the
    exceptions of the ports; then the caller's source must deliver its message again.
    """
    whole = Range(state.channel, position=state.position)
    maximum = engine.limits.inline_maximum
    page = await engine.store.subscriptions(state.channel, limit=maximum + 1)
    if page.after is not None:
        await mode.adapt_interval(engine, state, None)
        await engine.queue.send([replace(whole, counted=0)])
        return Published(tasks=1)
    rows, seconds = page.subscriptions, engine.limits.inline_seconds
    published = await _deliver(engine, state, rows, whole, seconds)
    await mode.adapt_interval(engine, state, len(rows))
    return published


async def fan_out_range(engine: Engine, mode: Mode, task: Range, seconds: float) -> Published:
    """A worker's part: posts to the range, or splits a long one. Raises `Unfinished`.

    The value is read last, when the first post starts: the task may have waited.
    """
    rows, after = await _read(engine, task)
    missing = await mode.missing(engine, task, engine.now_ms())
    if not missing.states:
        return Published()
    (state,) = missing.states
    if after is not None:
        return await _split(engine, mode, state, task, rows, after)
    if task.counted is not None:
        await mode.adapt_interval(engine, state, task.counted + len(rows))
    return await _deliver(engine, state, rows, task, seconds)


async def _read(engine: Engine, task: Range) -> tuple[Sequence[Subscription], str | None]:
    """The rows of a range, and where the next page starts if they are too many for one worker."""
    # Some more than a split makes: subscribers come between a split and its ranges.
    most = engine.limits.range_size * 3 // 2
    rows: list[Subscription] = []
    after = task.after
    while True:
        limit = most + 1 - len(rows)
        page = await engine.store.subscriptions(task.channel, after, task.until, limit)
        rows += page.subscriptions
        after = page.after
        if after is None or len(rows) > most:
            return rows, after


async def _split(
    engine: Engine,
    mode: Mode,
    state: State,
    task: Range,
    rows: Sequence[Subscription],
    after: str | None,
) -> Published:
    """Sends contiguous ranges, page by page as read, which cover every id there is or will be.

    A million rows take longer to read than a function may run: the next worker goes on.
    """
    size = engine.limits.range_size
    part = replace(task, counted=None)
    edge, count, sent = task.after, 0, 0
    while True:
        tasks: list[Range] = []
        for row in rows:
            count += 1
            if count % size == 0:
                tasks.append(replace(part, after=edge, until=row.connection_id))
                edge = row.connection_id
        is_full = count >= engine.limits.split_size and count >= size
        if after is None:
            tasks.append(replace(part, after=edge))
        elif is_full:
            counted = None if task.counted is None else task.counted + count - count % size
            tasks.append(replace(task, after=edge, counted=counted))
        await engine.queue.send(tasks)
        sent += len(tasks)
        if after is None or is_full:
            break
        page = await engine.store.subscriptions(task.channel, after, task.until)
        rows, after = page.subscriptions, page.after
    if task.counted is not None:
        is_all = after is None
        await mode.adapt_interval(engine, state, task.counted + count, is_all=is_all)
    return Published(subscribers=count, tasks=sent)


async def _deliver(
    engine: Engine, state: State, rows: Sequence[Subscription], task: Range, seconds: float
) -> Published:
    outcomes = await post(engine, state, rows, seconds)
    rest = _rest(task, outcomes)
    if rest:
        await engine.queue.send([rest])
    retries = await send_retries(engine, state, outcomes)
    return Published(
        subscribers=len(rows),
        outcomes=Counter(outcomes.values()),
        tasks=retries + (rest is not None),
        age_ms=max(0, engine.now_ms() - state.at) if outcomes else None,
    )


def _rest(task: Range, outcomes: Outcomes) -> Range | None:
    """The range from the first connection on to which nothing was sent.

    Some behind it may have been posted to: a frame that comes twice is harmless.
    """
    before = task.after
    for number, (connection_id, outcome) in enumerate(outcomes.items()):
        if outcome is not Outcome.UNSTARTED:
            before = connection_id
            continue
        if task.attempt == LAST_ATTEMPT:
            raise Unfinished(
                f"{len(outcomes) - number} connections of {task.channel} could not be posted to in "
                f"{LAST_ATTEMPT + 1} tasks: raise posts_per_second or the account's quota"
            )
        return replace(task, after=before, counted=None, attempt=task.attempt + 1)
    return None
