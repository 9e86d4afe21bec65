"""Posts one frame, and sees to each outcome.

No outcome is lost: each that is not a delivery is a task in the queue before the caller
acknowledges the message that it was handling.

| outcome | after a fan-out | after a retry |
|---|---|---|
| delivered, too large | nothing | nothing |
| unstarted | a range of the rest | a retry, later each time |
| gone | a retry of the newest value, which is refused once more | the connection is deleted |
| handshaking | a retry | a retry; the last deletes the connection |
| slow | a retry | a retry; the last disconnects the client, which comes back for the value |
| failed, unanswered | a retry | a retry; the last leaves the task to the dead-letter queue |
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from .. import protocol
from ..engine import Engine
from ..model import Outcome, Position, Retry, State, Subscription

HANDSHAKE_MS = 60_000
"""Authorizer and $connect may take 29 seconds each; before they end no socket takes a post."""
RETRY_SIZE = 100
"""Connections of one retry."""
UNANSWERED_SECONDS = 3
"""As long as a call may take. A newer value may come meanwhile, and save the second post."""

Outcomes = Mapping[str, Outcome]


async def post(
    engine: Engine, state: State, rows: Sequence[Subscription], seconds: float
) -> Outcomes:
    """Skips the rows that are expired, and other APIs', whose connections look gone from here."""
    now_ms = engine.now_ms()
    eligible = {
        row.connection_id: row
        for row in rows
        if row.api_id == engine.api_id and row.expires_at * 1000 > now_ms
    }
    outcomes = await engine.posts.post_all(list(eligible), protocol.push(state), seconds)
    return {
        connection_id: _judged(outcome, eligible[connection_id], now_ms)
        for connection_id, outcome in outcomes.items()
    }


def _judged(outcome: Outcome, row: Subscription, now_ms: int) -> Outcome:
    # By the time before the post: a socket that was opening then is no older for a slow batch.
    is_young = row.via == "connect" and now_ms - row.connected_at < HANDSHAKE_MS
    return Outcome.HANDSHAKING if outcome is Outcome.GONE and is_young else outcome


async def send_retries(engine: Engine, state: State, outcomes: Outcomes) -> int:
    """Sends the retries after a fan-out; returns how many tasks that is."""
    kinds: dict[tuple[Position | None, int], list[str]] = defaultdict(list)
    for connection_id, outcome in outcomes.items():
        match outcome:
            case Outcome.GONE:
                kinds[None, 0].append(connection_id)
            case Outcome.HANDSHAKING | Outcome.SLOW | Outcome.FAILED:
                kinds[state.position, 1].append(connection_id)
            case Outcome.UNANSWERED:
                kinds[state.position, UNANSWERED_SECONDS].append(connection_id)
            case _:
                pass
    sent = 0
    for (position, delay), connection_ids in kinds.items():
        tasks = [Retry(state.channel, ids, position) for ids in parts(connection_ids)]
        await engine.queue.send(tasks, delay_seconds=delay)
        sent += len(tasks)
    return sent


def parts(connection_ids: Sequence[str]) -> Iterable[tuple[str, ...]]:
    for start in range(0, len(connection_ids), RETRY_SIZE):
        yield tuple(connection_ids[start : start + RETRY_SIZE])
