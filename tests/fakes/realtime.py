"""Twins of the realtime ports: store, posts and queue in memory, with a step before each call."""

import dataclasses
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from handlers.realtime.delivery.tasks import Task
from handlers.realtime.latest.writes import AHEAD_MS
from handlers.realtime.model import (
    ROWS_PER_DELETE,
    Claim,
    Claimed,
    Connection,
    Held,
    Join,
    Joined,
    Misconfigured,
    Outcome,
    Page,
    State,
    Subscription,
    Superseded,
    TooManySubscriptions,
    UnknownConnection,
    Update,
)

from .schedule import step


@dataclass(frozen=True)
class Hold:
    """What a state's row has besides the value."""

    until: int = 0
    since: int = 0
    armed: str | None = None
    flushed: str | None = None


class MemoryStore:
    def __init__(self, page_size: int = 100) -> None:
        self.connections: dict[str, Connection] = {}
        self.rows: dict[tuple[str, str], Subscription] = {}
        """By channel and connection id."""
        self.states: dict[str, State] = {}
        self.holds: dict[str, Hold] = {}
        self.tokens: Counter[tuple[int, int]] = Counter()
        """By second and part."""
        self.refused_deletes = 0
        """So many times, `delete_subscriptions` leaves its last row unprocessed."""
        self._page_size = page_size

    async def put_connection(self, connection: Connection) -> None:
        await step()
        self.connections[connection.connection_id] = connection

    async def remove_connection(self, connection_id: str) -> Connection | None:
        await step()
        return self.connections.pop(connection_id, None)

    async def add_channel(self, connection_id: str, channel: str, maximum: int) -> Connection:
        await step()
        connection = self.connections.get(connection_id)
        if connection is None:
            raise UnknownConnection(connection_id)
        if channel not in connection.channels and len(connection.channels) >= maximum:
            raise TooManySubscriptions(connection_id)
        return self._replace(connection, connection.channels | {channel})

    async def remove_channel(self, connection_id: str, channel: str) -> None:
        await step()
        if connection := self.connections.get(connection_id):
            self._replace(connection, connection.channels - {channel})

    async def put_subscription(self, channel: str, subscription: Subscription) -> None:
        await step()
        self.rows[channel, subscription.connection_id] = subscription

    async def delete_subscription(self, channel: str, connection_id: str) -> None:
        await step()
        self._delete(channel, connection_id)

    async def delete_subscriptions(
        self, connection_id: str, channels: Sequence[str]
    ) -> Sequence[str]:
        await step()
        assert len(channels) <= ROWS_PER_DELETE
        done = len(channels)
        if self.refused_deletes:
            self.refused_deletes -= 1
            done -= 1
        for channel in channels[:done]:
            self._delete(channel, connection_id)
        return channels[done:]

    async def subscriptions(
        self,
        channel: str,
        after: str | None = None,
        until: str | None = None,
        limit: int | None = None,
    ) -> Page:
        await step()
        watching = sorted(
            connection_id
            for of, connection_id in self.rows
            if of == channel
            and (after is None or connection_id > after)
            and (until is None or connection_id <= until)
        )
        size = min(self._page_size, limit or self._page_size)
        page = watching[:size]
        return Page(
            [self.rows[channel, connection_id] for connection_id in page],
            page[-1] if len(page) == size else None,
        )

    async def subscription(self, channel: str, connection_id: str) -> Subscription | None:
        await step()
        return self.rows.get((channel, connection_id))

    async def read_state(self, channel: str) -> State | None:
        await step()
        return self.states.get(channel)

    async def claim(self, update: Update, now_ms: int, interval_ms: int) -> Claim:
        await step()
        hold = self.holds.get(update.channel, Hold())
        if self._is_newer(update):
            return self._superseded(update.channel)
        if now_ms < hold.until and hold.since <= now_ms + AHEAD_MS:
            return Held(hold.until)
        self._write(update)
        self._hold(update.channel, now_ms, interval_ms, None)
        return Claimed(self.states[update.channel])

    async def join(self, update: Update, token: str) -> Join:
        await step()
        hold = self.holds.get(update.channel, Hold())
        if self._is_newer(update):
            return self._superseded(update.channel)
        self._write(update)
        self.holds[update.channel] = dataclasses.replace(hold, armed=hold.armed or token)
        interval_ms = self.states[update.channel].interval_ms
        return Joined(hold.armed or token, hold.until, interval_ms)

    async def flush(self, channel: str, token: str, now_ms: int, interval_ms: int) -> State | None:
        await step()
        hold = self.holds.get(channel, Hold())
        if (hold.armed or hold.flushed) != token:
            return None
        self._hold(channel, now_ms, interval_ms, token)
        return self.states[channel]

    async def set_interval(self, channel: str, interval_ms: int) -> None:
        await step()
        hold = self.holds.get(channel, Hold())
        if channel in self.states and hold.since:
            state = dataclasses.replace(self.states[channel], interval_ms=interval_ms)
            self.states[channel] = state
            until = hold.since + interval_ms
            self.holds[channel] = dataclasses.replace(hold, until=until)

    async def take_tokens(self, second: int, part: int, tokens: int, maximum: int) -> bool:
        await step()
        used = self.tokens[second, part]
        if used and used > maximum - tokens:
            return False
        self.tokens[second, part] = used + tokens
        return True

    def _is_newer(self, update: Update) -> bool:
        before = self.states.get(update.channel)
        position = (update.epoch, update.version)
        return before is not None and (before.epoch, before.version) > position

    def _superseded(self, channel: str) -> Superseded:
        hold, state = self.holds.get(channel, Hold()), self.states[channel]
        return Superseded(hold.armed, hold.until, state.interval_ms, state.epoch)

    def _write(self, update: Update) -> None:
        before = self.states.get(update.channel)
        value = json.loads(json.dumps(update.value))
        interval_ms = before.interval_ms if before else None
        state = State(update.channel, update.epoch, update.version, value, update.at, interval_ms)
        self.states[update.channel] = state

    def _hold(self, channel: str, now_ms: int, interval_ms: int, flushed: str | None) -> None:
        before = self.holds.get(channel, Hold())
        self.holds[channel] = Hold(before.until, before.since, flushed=flushed)
        if interval_ms:
            until = now_ms + (self.states[channel].interval_ms or interval_ms)
            self.holds[channel] = Hold(until, now_ms, flushed=flushed)

    def _delete(self, channel: str, connection_id: str) -> None:
        self.rows.pop((channel, connection_id), None)

    def _replace(self, connection: Connection, channels: frozenset[str]) -> Connection:
        changed = dataclasses.replace(connection, channels=channels)
        self.connections[connection.connection_id] = changed
        return changed


class MemoryPosts:
    """Sockets that take every frame, but for those with an outcome of their own."""

    def __init__(self, outcomes: Mapping[str, Outcome] | None = None) -> None:
        self.outcomes = dict(outcomes or {})
        self.frames: dict[str, list[dict[str, Any]]] = {}
        self.disconnected: list[str] = []
        self.misconfigured = False

    async def post_all(
        self,
        connection_ids: Sequence[str],
        data: bytes,
        seconds: float,  # noqa: ARG002 - a twin has no clock
    ) -> Mapping[str, Outcome]:
        results: dict[str, Outcome] = {}
        for connection_id in connection_ids:
            await step()
            if self.misconfigured:
                raise Misconfigured(connection_id)
            results[connection_id] = self.outcomes.get(connection_id, Outcome.DELIVERED)
            if results[connection_id] is Outcome.DELIVERED:
                self.frames.setdefault(connection_id, []).append(json.loads(data))
        return results

    async def disconnect(self, connection_id: str) -> None:
        await step()
        self.outcomes[connection_id] = Outcome.GONE
        self.disconnected.append(connection_id)


class MemoryQueue:
    """Keeps every task with its delay; who wants one worked on takes it from there."""

    def __init__(self) -> None:
        self.sent: list[tuple[Task, int]] = []

    async def send(self, tasks: Sequence[Task], delay_seconds: int = 0) -> None:
        await step()
        self.sent += [(task, delay_seconds) for task in tasks]

    @property
    def tasks(self) -> list[Task]:
        return [task for task, _ in self.sent]
