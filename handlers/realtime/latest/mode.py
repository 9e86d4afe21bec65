"""`modes.Mode` of a `latest` channel: a throttle with a leading and a trailing push.

A publisher that meets no cooldown pushes at once. One that meets a cooldown stores its value, and
the first to do so sends the task of the trailing push. Only a strictly newer value stops a
publisher: with an equal one it goes on, because the attempt that wrote it may have died before
its push.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from .. import protocol
from ..delivery.fan_out import fan_out
from ..engine import Engine, Tables
from ..model import (
    Position,
    Published,
    Range,
    Rejected,
    Request,
    Retry,
    State,
    Trail,
    Update,
)
from ..modes import Missing
from ..ports import CoolingDown, Deferred, Led, Superseded

LONGEST_DELAY_SECONDS = 900
"""SQS delays a message no longer."""
PLANNED_SHARE = 0.7
"""The share of the posts for which an interval is planned. A fan-out also waits for its queue and
reads rows; planned for all of the rate, it would still be at work when the next one begins."""
UNCOUNTED_MS = 2_000
"""The interval of a large channel until a worker has counted its subscribers."""


@dataclass(frozen=True)
class Latest:
    interval_ms: int
    """The rule's; 0 pushes every value."""

    def admit(self, request: Request, now_ms: int) -> Update:  # noqa: ARG002 - the modes' signature
        version = request.at if request.version is None else request.version
        if version is None:
            raise Rejected(
                "missing_version",
                "a `latest` channel needs a version, or at to take for it: messages come in any "
                "order, and without one the newest is unknown",
            )
        protocol.check_value(request.value)
        data = protocol.encoded(request.value)
        name = f"the value for {request.channel}"
        protocol.check_size(data, protocol.VALUE_LIMIT_BYTES, name)
        at = request.sent_at if request.at is None else request.at
        return Update(request.channel, request.value, version, at, request.epoch)

    async def publish(
        self, engine: Engine, update: Update, tokens: Sequence[str], max_wait_ms: int = 0
    ) -> Published:
        """A cooldown that ends within `max_wait_ms` is waited for, which saves the task of a
        trailing push.

        One of `tokens` may own the trailing push from an earlier attempt that died before it sent
        the task. This attempt sends it.
        """
        written = await engine.states.lead(update, engine.now_ms(), self.interval_ms)
        if isinstance(written, CoolingDown):
            wait_ms = written.until - engine.now_ms()
            if wait_ms <= max_wait_ms:
                # Once at most: if the channel cools down again, it has other publishers.
                await engine.sleep(max(0, wait_ms) / 1000)
                written = await engine.states.lead(update, engine.now_ms(), self.interval_ms)
        if isinstance(written, Led):
            return await fan_out(engine, self, written.state)
        if isinstance(written, CoolingDown):
            written = await engine.states.defer(update, tokens[0])
        # Also where a newer value is there: an earlier attempt may have deferred and died.
        if written.trailing in tokens:
            await self._send_trail(engine, update.channel, written)
        if isinstance(written, Deferred):
            return Published(conflated=True)
        if update.epoch == 0 and written.epoch:
            raise Rejected(
                "missing_epoch",
                f"an update of {update.channel} must give an epoch, as the channel's value has "
                f"{written.epoch}: without it no version is newer; have all publishers give one",
            )
        return Published(stale=True)

    async def trail(self, engine: Engine, task: Trail) -> Published:
        """Pushes the newest value, unless another push has taken over.

        That one's publisher answers for the value. The token that took the trailing push last may
        take it again, because its worker may have died before the push.
        """
        # The queue delays by whole seconds.
        wait_ms = min(task.due - engine.now_ms(), 1000)
        if wait_ms > 0:
            await engine.sleep(wait_ms / 1000)
        now_ms = engine.now_ms()
        state = await engine.states.trail(task.channel, task.token, now_ms, self.interval_ms)
        return await fan_out(engine, self, state) if state else Published()

    async def snapshot(self, tables: Tables, request: protocol.Subscribe, now_ms: int) -> str:  # noqa: ARG002 - the modes' signature
        """The value, unless the client's `since` says that the client has it."""
        state = await tables.states.read_state(request.channel)
        if state is None:
            return protocol.subscribed(request, recovered=False)
        since = request.since
        value = {} if since and state.position <= since else {"value": state.value}
        return protocol.subscribed(
            request,
            epoch=state.epoch,
            version=state.version,
            at=state.at,
            recovered=since is not None and since.epoch == state.epoch,
            **value,
        )

    async def missing(self, tables: Tables, task: Range | Retry, now_ms: int) -> Missing:  # noqa: ARG002 - the modes' signature
        state = await tables.states.read_state(task.channel)
        if state is None:
            return Missing()
        if isinstance(task, Retry) and task.position:
            is_newer = state.position > task.position
            # The publisher of a newer value pushes it to these connections, with its own retries.
            if is_newer != task.span:
                return Missing()
        return Missing((state,))

    async def position(self, tables: Tables, channel: str) -> Position | None:
        state = await tables.states.read_state(channel)
        return state.position if state else None

    async def adapt_interval(
        self, engine: Engine, state: State, subscribers: int | None, *, is_all: bool = True
    ) -> None:
        """Keeps the next pushes as far apart as one of them takes.

        Only a complete count shortens the interval.
        """
        if self.interval_ms == 0:
            return
        before_ms = state.interval_ms or self.interval_ms
        if subscribers is None:
            # Otherwise each further value would start a fan-out before the first one is counted.
            interval_ms = before_ms if state.interval_ms else max(before_ms, UNCOUNTED_MS)
        else:
            planned = engine.limits.posts_per_second * PLANNED_SHARE
            interval_ms = max(self.interval_ms, round(subscribers * 1000 / planned))
        if interval_ms > before_ms or (interval_ms < before_ms and is_all):
            await engine.states.set_interval(state.channel, interval_ms)

    async def _send_trail(
        self, engine: Engine, channel: str, written: Deferred | Superseded
    ) -> None:
        now_ms = engine.now_ms()
        # The interval at most: a longer cooldown was written by a clock that is ahead.
        latest_ms = now_ms + (written.interval_ms or self.interval_ms)
        due = min(written.cooldown_until, latest_ms)
        delay = min(max(0, due - now_ms) // 1000, LONGEST_DELAY_SECONDS)
        task = Trail(channel, str(written.trailing), due)
        await engine.queue.send([task], delay_seconds=delay)
