"""Retries connections that a post did not reach, with exponential backoff of 1 to 32 seconds.

Six attempts outlast a handshake. There are no more of them, because they end chains of tasks that
Lambda would take for a loop: see `fan_out.LAST_ATTEMPT`.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from aws_lambda_powertools import Logger

from ..connections import delete_connection
from ..engine import Engine
from ..model import Outcome, Retry, Subscription
from ..modes import Mode
from .outcomes import Outcomes, post

LAST_ATTEMPT = 5
POST_SECONDS = 3.0
LONGEST_MS = 20_000
"""Of posts that arrive, in one task; a third of the time that its function has."""

logger = Logger()


class Undelivered(Exception):
    """A connection could not be posted to; the queue keeps the task for a redrive."""


async def retry(engine: Engine, mode: Mode, task: Retry) -> Counter[Outcome]:
    """How the posts ended; empty if no connection needed one.

    Raises `Undelivered`, `Misconfigured` and the exceptions of the ports.
    """
    found = [await engine.store.subscription(task.channel, key) for key in task.connection_ids]
    rows = [row for row in found if row]
    counted = Counter[Outcome]()
    ends = engine.now_ms() + LONGEST_MS
    while rows:
        missing = await mode.missing(engine, task, engine.now_ms())
        for state in missing.states:
            outcomes = await post(engine, state, rows, POST_SECONDS)
            counted.update(outcomes.values())
            rows = [row for row in rows if outcomes.get(row.connection_id) is Outcome.DELIVERED]
            await _follow_up(engine, task, outcomes)
            if not rows:
                return counted
            if task.span:
                task = replace(task, position=state.position)
            is_last = state is missing.states[-1] and not missing.more
            if engine.now_ms() >= ends and not is_last:
                await _go_on(engine, task, rows)
                return counted
        if not missing.more:
            break
    return counted


async def _follow_up(engine: Engine, task: Retry, outcomes: Outcomes) -> None:
    """Sees to each outcome: `outcomes` has the table."""
    is_last = task.attempt == LAST_ATTEMPT
    behind: list[str] = []
    for connection_id, outcome in outcomes.items():
        if outcome is Outcome.GONE or (is_last and outcome is Outcome.HANDSHAKING):
            await _delete(engine, task, connection_id)
        elif is_last and outcome is Outcome.SLOW:
            await _disconnect(engine, task, connection_id)
        elif outcome is Outcome.TOO_LARGE:
            logger.error("frame refused as too large", extra={"channel": task.channel})
        elif outcome is not Outcome.DELIVERED:
            behind.append(connection_id)
    if behind and is_last:
        raise Undelivered(
            f"connections of {task.channel} did not take a post in {LAST_ATTEMPT + 1} attempts, "
            f"{', '.join(behind)}: redrive the message when the management API answers again"
        )
    if behind:
        later = replace(task, connection_ids=tuple(behind), attempt=task.attempt + 1)
        await engine.queue.send([later], delay_seconds=2**later.attempt)


async def _go_on(engine: Engine, task: Retry, rows: Sequence[Subscription]) -> None:
    """A connection that lacks more than one task can post gets another; after the last, its
    client has to come back with its position."""
    ids = tuple(row.connection_id for row in rows)
    if task.attempt < LAST_ATTEMPT:
        await engine.queue.send([replace(task, connection_ids=ids, attempt=task.attempt + 1)])
        return
    for connection_id in ids:
        await _disconnect(engine, task, connection_id)


async def _disconnect(engine: Engine, task: Retry, connection_id: str) -> None:
    await engine.posts.disconnect(connection_id)
    await _delete(engine, task, connection_id)


async def _delete(engine: Engine, task: Retry, connection_id: str) -> None:
    await delete_connection(engine.store, connection_id, also=[task.channel], sleep=engine.sleep)
