"""Posts one frame to connections that are known, and finds a remedy for each post that fails.

No outcome is lost: each that is not a delivery is a task in the queue before the caller
acknowledges what it was publishing.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..model import Outcome, Subscription
from .engine import Engine, Published, Push
from .tasks import CatchUp, Forget, Range, Rest, Task

HANDSHAKE_MS = 60_000
"""Authorizer and $connect may take 29 seconds each, and only then does a connection take posts."""
FORGET_AT_ONCE = 100
REST_AT_ONCE = 500
"""Connections of one task that names them: some ten kilobytes."""
UNANSWERED_DELAY_SECONDS = 3
"""As long as a call may take. Meanwhile a newer value may come, and save the second post."""
LAST_ATTEMPT = 2
"""With cuts and catch-ups, fewer than the sixteen runs of one chain at which Lambda sees a loop. It
then refuses the next run of the chain, which the queue tries until the task is a dead letter.
https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html"""

Outcomes = Mapping[str, Outcome]


class Unfinished(Exception):
    """A share of the audience was not reached; the queue delivers the task again, or keeps it."""


@dataclass
class _Remedies:
    at_once: list[Task] = field(default_factory=list[Task])
    later: list[Task] = field(default_factory=list[Task])
    unanswered: list[Task] = field(default_factory=list[Task])
    handshaking: int = 0
    gone: int = 0
    forget: list[str] = field(default_factory=list[str])
    """Connections whose rows are to be deleted."""


async def serve_inline(engine: Engine, push: Push, rows: Sequence[Subscription]) -> Published:
    """Within a budget that protects the caller.

    What was sent by then has most likely arrived though no answer has. It is sent once more if
    nothing newer is published within seconds; nothing says that the connection is bad.
    """
    served, outcomes, remedies = await _serve(engine, push, rows, engine.limits.inline_seconds)
    unstarted = _with(served, outcomes, Outcome.UNSTARTED)
    unanswered = _with(served, outcomes, Outcome.UNANSWERED)
    remedies.at_once += _rest(push, unstarted, superseded_by_newer=False)
    remedies.unanswered += _rest(push, unanswered, superseded_by_newer=True)
    return await _finish(engine, push, len(rows), outcomes, remedies)


async def serve_range(
    engine: Engine, push: Push, rows: Sequence[Subscription], share: Range
) -> Published:
    """Raises `Unfinished`."""
    served, outcomes, remedies = await _serve(engine, push, rows, engine.limits.range_seconds)
    remedies.at_once += _left(list(served), outcomes, share)
    remedies.later += _catch_ups(push, outcomes, {Outcome.UNANSWERED})
    return await _finish(engine, push, len(rows), outcomes, remedies)


async def serve_rest(engine: Engine, push: Push, task: Rest) -> Published:
    """Reads no rows: who wrote the task has, and who subscribed since then is not behind.

    What a refusal means only the row can tell, so each is left to a task that reads it. Raises
    `Unfinished`.
    """
    ids = task.connection_ids
    outcomes: Outcomes = dict.fromkeys(ids, Outcome.FAILED)  # some may be over: look them up
    if engine.now_ms() < task.expires_at * 1000:
        outcomes = await engine.posts.post_all(ids, push.data, engine.limits.range_seconds)
    remedies = _Remedies(gone=_count(outcomes, Outcome.GONE))
    if left := tuple(key for key in ids if outcomes[key] is Outcome.UNSTARTED):
        attempt = _next_attempt(task, len(left))
        again = replace(task, connection_ids=left, attempt=attempt, superseded_by_newer=False)
        remedies.at_once.append(again)
    behind = {Outcome.GONE, Outcome.SLOW, Outcome.FAILED, Outcome.UNANSWERED}
    remedies.later += _catch_ups(push, outcomes, behind)
    return await _finish(engine, push, len(ids), outcomes, remedies)


def may_be_opening(row: Subscription, now_ms: int) -> bool:
    """Whether a 410 can mean that the socket is not open yet."""
    return row.via == "connect" and now_ms - row.connected_at < HANDSHAKE_MS


def is_served(engine: Engine, row: Subscription) -> bool:
    """Another API's connections would all look gone from here; those past their end are over."""
    return row.api_id == engine.api_id and row.expires_at * 1000 > engine.now_ms()


async def _serve(
    engine: Engine, push: Push, rows: Sequence[Subscription], seconds: float
) -> tuple[Mapping[str, Subscription], Outcomes, _Remedies]:
    """Posts, and finds the remedies for what was answered."""
    served = {row.connection_id: row for row in rows if is_served(engine, row)}
    # Before the posts: a socket that was opening when it refused is no older for having waited.
    asked_at = engine.now_ms()
    outcomes = await engine.posts.post_all(list(served), push.data, seconds)
    refused = _with(served, outcomes, Outcome.GONE)
    opening = [row.connection_id for row in refused if may_be_opening(row, asked_at)]
    gone = [row.connection_id for row in refused if not may_be_opening(row, asked_at)]
    remedies = _Remedies(
        forget=gone,
        later=[_catch_up(push, connection_id) for connection_id in opening],
        handshaking=len(opening),
        gone=len(gone),
    )
    remedies.later += _catch_ups(push, outcomes, {Outcome.SLOW, Outcome.FAILED})
    return served, outcomes, remedies


async def _finish(
    engine: Engine, push: Push, subscribers: int, outcomes: Outcomes, remedies: _Remedies
) -> Published:
    remedies.at_once += [
        Forget(push.channel, tuple(remedies.forget[start : start + FORGET_AT_ONCE]))
        for start in range(0, len(remedies.forget), FORGET_AT_ONCE)
    ]
    if remedies.at_once:
        await engine.queue.send(remedies.at_once)
    if remedies.later:
        await engine.queue.send(remedies.later, delay_seconds=1)
    if remedies.unanswered:
        await engine.queue.send(remedies.unanswered, delay_seconds=UNANSWERED_DELAY_SECONDS)
    posted = bool(outcomes) and push.at is not None
    return Published(
        subscribers=subscribers,
        delivered=_count(outcomes, Outcome.DELIVERED),
        gone=remedies.gone,
        handshaking=remedies.handshaking,
        slow=_count(outcomes, Outcome.SLOW),
        failed=_count(outcomes, Outcome.FAILED),
        unanswered=_count(outcomes, Outcome.UNANSWERED),
        too_large=_count(outcomes, Outcome.TOO_LARGE),
        tasks=len(remedies.at_once) + len(remedies.later) + len(remedies.unanswered),
        age_ms=max(0, engine.now_ms() - (push.at or 0)) if posted else None,
    )


def _with(
    served: Mapping[str, Subscription], outcomes: Outcomes, outcome: Outcome
) -> list[Subscription]:
    return [row for key, row in served.items() if outcomes[key] is outcome]


def _count(outcomes: Outcomes, outcome: Outcome) -> int:
    return Counter(outcomes.values())[outcome]


def _rest(push: Push, rows: Sequence[Subscription], *, superseded_by_newer: bool) -> list[Task]:
    return [
        Rest(
            push.channel,
            tuple(row.connection_id for row in rows[start : start + REST_AT_ONCE]),
            expires_at=min(row.expires_at for row in rows[start : start + REST_AT_ONCE]),
            epoch=push.epoch,
            version=push.version,
            message=push.message,
            superseded_by_newer=superseded_by_newer,
        )
        for start in range(0, len(rows), REST_AT_ONCE)
    ]


def _left(ids: Sequence[str], outcomes: Outcomes, share: Range) -> list[Task]:
    """The share from the first connection on that was not posted to, if there is one.

    Some behind that one may have been: a frame that comes twice is harmless. Raises `Unfinished`
    when it was handed on too often already.
    """
    for number, connection_id in enumerate(ids):
        if outcomes[connection_id] is Outcome.UNSTARTED:
            attempt = _next_attempt(share, len(ids) - number)
            after = ids[number - 1] if number else share.after
            return [replace(share, after=after, attempt=attempt, whole=False)]
    return []


def _next_attempt(task: Range | Rest, left: int) -> int:
    if task.attempt < LAST_ATTEMPT:
        return task.attempt + 1
    raise Unfinished(
        f"{left} connections of {task.channel} could not be posted to in {LAST_ATTEMPT + 1} tasks: "
        "raise posts_per_second or the account's quota"
    )


def _catch_ups(push: Push, outcomes: Outcomes, behind: Collection[Outcome]) -> list[Task]:
    return [_catch_up(push, key) for key, outcome in outcomes.items() if outcome in behind]


def _catch_up(push: Push, connection_id: str) -> Task:
    if push.message is None:
        return CatchUp(
            push.channel, connection_id, push.epoch, push.version, superseded_by_newer=True
        )
    return CatchUp(push.channel, connection_id, push.epoch, push.message - 1)
