"""Brings one connection up to date that a push did not reach, and ends it if that is hopeless.

Attempts come after 1, 2, 4 ... 32 seconds, which together outlast a handshake; there are no more
than six, because they end chains of tasks that Lambda would take for a loop (`serving`). One that
has too many messages to post goes on in a new task, which is an attempt too.
"""

from collections.abc import Sequence
from dataclasses import replace

from aws_lambda_powertools import Logger

from .. import protocol
from ..model import Outcome, State
from ..subscriptions import disconnect
from .engine import Engine
from .serving import is_served, may_be_opening
from .tasks import CatchUp, Forget

LAST_ATTEMPT = 5
POST_SECONDS = 3.0
LONGEST_MS = 20_000
"""Of posts that arrive, in one task; a third of what its function may take."""

logger = Logger()


class Undelivered(Exception):
    """A connection could not be posted to; the queue keeps the task for a redrive."""


async def catch_up(engine: Engine, task: CatchUp) -> Outcome | None:
    """The outcome of the last post; None if the connection needed none or is not served here.

    Raises `Undelivered`, `Misconfigured` and what store, log and queue raise.
    """
    row = await engine.store.subscription(task.channel, task.connection_id)
    if row is None or not is_served(engine, row):
        return None
    outcome: Outcome | None = None
    ends = engine.now_ms() + LONGEST_MS
    while True:
        states, more = await _missing(engine, task)
        for state in states:
            # Before the post: a socket that was opening when it refused is no older for it.
            young = may_be_opening(row, engine.now_ms())
            outcome = await _post(engine, task.connection_id, state)
            if outcome is not Outcome.DELIVERED:
                await _remedy(engine, task, outcome, young=young)
                return outcome
            task = replace(task, epoch=state.epoch, version=state.version)
            if engine.now_ms() >= ends and (more or state is not states[-1]):
                await _go_on(engine, task)
                return outcome
        if not more:
            return outcome


async def forget(engine: Engine, task: Forget) -> None:
    """Raises `RowsLeft`."""
    for connection_id in task.connection_ids:
        await _forget(engine, task.channel, connection_id)


async def _missing(engine: Engine, task: CatchUp) -> tuple[Sequence[State], bool]:
    """What the connection lacks, in order, and whether there is more of it."""
    rule = engine.rules.find(task.channel)
    if rule is None:
        return (), False
    if rule.delivery == "every":
        return await _missing_messages(engine, task)
    state = await engine.store.read_state(task.channel)
    return ((state,) if state and _is_due(task, state) else ()), False


def _is_due(task: CatchUp, state: State) -> bool:
    if task.epoch is None or task.version is None:
        return True
    if task.superseded_by_newer:
        # Whoever wrote a newer state pushes it to this row too, with a remedy of its own.
        return (state.epoch, state.version) <= (task.epoch, task.version)
    return (state.epoch, state.version) > (task.epoch, task.version)


async def _missing_messages(engine: Engine, task: CatchUp) -> tuple[Sequence[State], bool]:
    sequence = await engine.log.read_sequence(task.channel)
    if sequence is None:
        return (), False
    since = task.version if task.version is not None and task.epoch == sequence.epoch else 0
    while True:
        page = await engine.log.read_messages(task.channel, since, sequence.number)
        now = engine.now_ms()
        states = [
            State(task.channel, sequence.epoch, message.number, message.value, message.at)
            for message in page.messages
            if message.expires_at * 1000 > now
        ]
        if states or page.after is None:
            return states, page.after is not None
        since = page.after


async def _post(engine: Engine, connection_id: str, state: State) -> Outcome:
    outcomes = await engine.posts.post_all([connection_id], protocol.push(state), POST_SECONDS)
    return outcomes[connection_id]


async def _remedy(engine: Engine, task: CatchUp, outcome: Outcome, *, young: bool) -> None:
    gone = outcome is Outcome.GONE and not young
    if outcome is Outcome.TOO_LARGE:
        logger.error("frame refused as too large", extra={"channel": task.channel})
    elif gone:
        await _forget(engine, task.channel, task.connection_id)
    elif task.attempt < LAST_ATTEMPT:
        again = replace(task, attempt=task.attempt + 1)
        await engine.queue.send([again], delay_seconds=2**again.attempt)
    elif outcome is Outcome.GONE:
        await _forget(engine, task.channel, task.connection_id)
    elif outcome is Outcome.SLOW:
        await _end(engine, task)
    else:
        raise Undelivered(
            f"connection {task.connection_id} did not take a post in {LAST_ATTEMPT + 1} attempts "
            f"({outcome.value}); redrive the message when the management API answers again"
        )


async def _go_on(engine: Engine, task: CatchUp) -> None:
    if task.attempt < LAST_ATTEMPT:
        await engine.queue.send([replace(task, attempt=task.attempt + 1)])
    else:
        await _end(engine, task)


async def _end(engine: Engine, task: CatchUp) -> None:
    """The client connects again and says what it has."""
    await engine.posts.disconnect(task.connection_id)
    await _forget(engine, task.channel, task.connection_id)


async def _forget(engine: Engine, channel: str, connection_id: str) -> None:
    await disconnect(engine.store, connection_id, also=[channel], sleep=engine.sleep)
