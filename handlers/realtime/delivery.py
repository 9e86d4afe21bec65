"""Brings one frame to everybody who watches its channel, or hands the work to workers.

A small audience is served at once, within a budget that protects the caller; a large one, and what
the budget leaves over, becomes tasks. No outcome of a post is lost: each that is not a delivery is
a task in the queue before the caller acknowledges what it was publishing.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from . import wire
from .channels import Rules
from .log import LogStore
from .ports import Outcome, Posts, State, Store, Subscription, TaskQueue
from .tasks import CatchUp, Forget, Range, Task

HANDSHAKE_MS = 60_000
"""Authorizer and $connect may take 29 seconds each, and only then does a connection take posts."""
FORGET_AT_ONCE = 100
LAST_ATTEMPT = 9
"""AWS stops a chain of messages at its sixteenth hop, and silently; this ends before it."""


class Unfinished(Exception):
    """A share of the audience was not reached; the queue delivers the task again, or keeps it."""


@dataclass(frozen=True)
class Limits:
    inline_maximum: int = 200
    """Up to so many connections are posted to by whoever publishes."""
    inline_seconds: float = 0.15
    """What a publisher may spend on posts before it leaves the rest to workers."""
    range_size: int = 1_000
    """Connections of one task."""
    cut_size: int = 200_000
    """Rows that one worker reads to cut an audience into ranges; then the next goes on."""
    range_seconds: float = 20.0
    posts_per_second: int = 2_500
    """What one channel may use; a larger audience stretches the channel's interval."""


@dataclass(frozen=True)
class Engine:
    """What delivering needs: the ports, the rules, and who we are."""

    store: Store
    log: LogStore
    posts: Posts
    queue: TaskQueue
    rules: Rules
    now_ms: Callable[[], int]
    api_id: str
    limits: Limits = field(default_factory=Limits)
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


@dataclass(frozen=True)
class Push:
    """One frame for one channel, and its position."""

    channel: str
    data: bytes
    epoch: int
    version: int
    message: int | None = None
    """Its number on an `every` channel."""
    at: int | None = None
    stretch_ms: int = 0
    """By what a `latest` channel's interval is stretched at present."""

    @classmethod
    def of(cls, state: State, message: int | None = None) -> "Push":
        """Raises `wire.TooLarge`."""
        return cls(
            channel=state.channel,
            data=wire.push(state),
            epoch=state.epoch,
            version=state.version,
            message=message,
            at=state.at,
            stretch_ms=state.stretch_ms,
        )


@dataclass(frozen=True)
class Published:
    """What became of a publish, or of a worker's part of it."""

    stale: bool = False
    """A newer value is there; whoever wrote that one pushes it."""
    conflated: bool = False
    """Written, and left to the flush that ends the current interval."""
    subscribers: int = 0
    """Rows of the channel, as far as they were read here."""
    delivered: int = 0
    gone: int = 0
    """Ended; a task deletes their rows."""
    handshaking: int = 0
    """Answered 410 because they may still be opening; they are caught up."""
    slow: int = 0
    failed: int = 0
    too_large: int = 0
    tasks: int = 0
    """How many messages to workers carry on."""
    age_ms: int | None = field(default=None, compare=False)
    """How old what was posted was by then."""


async def fan_out(engine: Engine, push: Push) -> Published:
    """Serves the channel's audience. When it returns, nothing depends on the caller any more.

    A large audience costs the caller one read and one send. Raises `Misconfigured` and what the
    store and the queue raise; then the caller's source must deliver its message again.
    """
    everybody = Range(push.channel, message=push.message, whole=True)
    rows = await _at_most(engine, push.channel, engine.limits.inline_maximum)
    if rows is None:
        await engine.queue.send([everybody])
        return Published(tasks=1)
    published = await _serve(engine, push, rows, everybody, engine.limits.inline_seconds)
    await _stretch(engine, push, len(rows))
    return published


async def fan_out_range(engine: Engine, push: Push, task: Range) -> Published:
    """A worker's share. A whole audience, if too many for one, is cut into ranges first."""
    seconds = engine.limits.range_seconds
    if not task.whole:
        return await _serve(engine, push, await _between(engine, task), task, seconds)
    first = task.after is None
    rows = await _at_most(engine, task.channel, engine.limits.range_size) if first else None
    if rows is None:
        return await _cut(engine, push, task)
    published = await _serve(engine, push, rows, task, seconds)
    await _stretch(engine, push, published.subscribers)
    return published


def may_be_opening(row: Subscription, now_ms: int) -> bool:
    """Whether a 410 can mean that the socket is not open yet."""
    return row.via == "connect" and now_ms - row.connected_at < HANDSHAKE_MS


def is_served(engine: Engine, row: Subscription) -> bool:
    """Another API's connections would all look gone from here; those past their end are over."""
    return row.api_id == engine.api_id and row.expires_at * 1000 > engine.now_ms()


async def _at_most(engine: Engine, channel: str, maximum: int) -> Sequence[Subscription] | None:
    """Everybody; None if they are more."""
    page = await engine.store.subscriptions(channel, limit=maximum + 1)
    more = page.after is not None or len(page.subscriptions) > maximum
    return None if more else page.subscriptions


async def _between(engine: Engine, task: Range) -> Sequence[Subscription]:
    rows: list[Subscription] = []
    after = task.after
    while True:
        page = await engine.store.subscriptions(task.channel, after, task.until)
        rows += page.subscriptions
        if page.after is None:
            return rows
        after = page.after


async def _cut(engine: Engine, push: Push, task: Range) -> Published:
    """Sends contiguous ranges that cover every id there is or will be, page by page as read.

    A million rows take longer to read than a function may run: the next worker goes on.
    """
    size = engine.limits.range_size
    audience, sent = task.counted, 0
    edge = after = task.after
    while True:
        page = await engine.store.subscriptions(task.channel, after)
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
        await engine.queue.send(ranges)
        sent += len(ranges)
        if last:
            await _stretch(engine, push, audience)
        if last or enough:
            return Published(subscribers=audience, tasks=sent)
        after = page.after


async def _stretch(engine: Engine, push: Push, audience: int) -> None:
    """Keeps the next pushes apart by as long as one of them takes."""
    rule = engine.rules.find(push.channel)
    if push.message is not None or rule is None or rule.min_interval_ms == 0:
        return
    needed_ms = audience * 1000 // engine.limits.posts_per_second
    stretch_ms = max(0, needed_ms - rule.min_interval_ms)
    if stretch_ms != push.stretch_ms:
        await engine.store.stretch(push.channel, stretch_ms)


async def _serve(
    engine: Engine, push: Push, rows: Sequence[Subscription], share: Range, seconds: float
) -> Published:
    served = {row.connection_id: row for row in rows if is_served(engine, row)}
    # Before the posts: a socket that was opening when it refused is no older for having waited.
    asked_at = engine.now_ms()
    outcomes = await engine.posts.post_all(list(served), push.data, seconds)
    opening, gone, behind = list[str](), list[str](), list[str]()
    for connection_id, outcome in outcomes.items():
        if outcome is Outcome.GONE:
            young = may_be_opening(served[connection_id], asked_at)
            (opening if young else gone).append(connection_id)
        elif outcome in (Outcome.SLOW, Outcome.FAILED):
            behind.append(connection_id)
    at_once = [*_forget(push.channel, gone), *_rest(list(served), outcomes, share)]
    later = [_catch_up(push, connection_id) for connection_id in (*opening, *behind)]
    await _send(engine, at_once, later)
    counts = Counter(outcomes.values())
    return Published(
        subscribers=len(rows),
        delivered=counts[Outcome.DELIVERED],
        gone=len(gone),
        handshaking=len(opening),
        slow=counts[Outcome.SLOW],
        failed=counts[Outcome.FAILED],
        too_large=counts[Outcome.TOO_LARGE],
        tasks=len(at_once) + len(later),
        age_ms=max(0, engine.now_ms() - push.at) if served and push.at is not None else None,
    )


async def _send(engine: Engine, at_once: Sequence[Task], later: Sequence[Task]) -> None:
    if at_once:
        await engine.queue.send(at_once)
    if later:
        await engine.queue.send(later, delay_seconds=1)


def _forget(channel: str, gone: Sequence[str]) -> list[Task]:
    return [
        Forget(channel, tuple(gone[start : start + FORGET_AT_ONCE]))
        for start in range(0, len(gone), FORGET_AT_ONCE)
    ]


def _rest(ids: Sequence[str], outcomes: Mapping[str, Outcome], share: Range) -> list[Task]:
    """The share from the first connection on that was not posted to, if there is one.

    Some behind that one may have been: a frame that comes twice is harmless. Raises `Unfinished`
    when it was handed on too often already.
    """
    for number, connection_id in enumerate(ids):
        if outcomes[connection_id] is Outcome.UNSTARTED:
            if share.attempt == LAST_ATTEMPT:
                raise Unfinished(
                    f"{len(ids) - number} connections of {share.channel} could not be posted to in"
                    f" {LAST_ATTEMPT + 1} tasks: raise posts_per_second or the account's quota"
                )
            after = ids[number - 1] if number else share.after
            return [replace(share, after=after, attempt=share.attempt + 1, whole=False)]
    return []


def _catch_up(push: Push, connection_id: str) -> Task:
    if push.message is None:
        return CatchUp(
            push.channel, connection_id, push.epoch, push.version, superseded_by_newer=True
        )
    return CatchUp(push.channel, connection_id, push.epoch, push.message - 1)
