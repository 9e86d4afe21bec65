"""Fakes of the realtime ports: store, posts and queue in memory, with a step before each call."""

import dataclasses
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from handlers.realtime.latest.writes import AHEAD_MS
from handlers.realtime.model import (
    Connection,
    Misconfigured,
    Outcome,
    Page,
    State,
    Subscription,
    Task,
    TooManySubscriptions,
    UnknownConnection,
    Update,
)
from handlers.realtime.ports import (
    ROWS_PER_DELETE,
    CoolingDown,
    Deferred,
    Led,
    Superseded,
)

from .schedule import step


@dataclass(frozen=True)
class Cooldown:
    """The attributes of a state's row besides the value."""

    until: int = 0
    since: int = 0
    trailing: str | None = None
    trailed: str | None = None


class MemoryStore:
    def __init__(self, page_size: int = 100) -> None:
        self.connections: dict[str, Connection] = {}
        self.rows: dict[tuple[str, str], Subscription] = {}
        """By channel and connection id."""
        self.states: dict[str, State] = {}
        self.cooldowns: dict[str, Cooldown] = {}
        self.tokens: Counter[int] = Counter()
        """By second."""
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

    async def lead(
        self, update: Update, now_ms: int, interval_ms: int
    ) -> Led | CoolingDown | Superseded:
        await step()
        cooldown = self.cooldowns.get(update.channel, Cooldown())
        if self._is_newer(update):
            return self._superseded(update.channel)
        if now_ms < cooldown.until and cooldown.since <= now_ms + AHEAD_MS:
            return CoolingDown(cooldown.until)
        self._write(update)
        self._cool_down(update.channel, now_ms, interval_ms, None)
        return Led(self.states[update.channel])

    async def defer(self, update: Update, token: str) -> Deferred | Superseded:
        await step()
        cooldown = self.cooldowns.get(update.channel, Cooldown())
        if self._is_newer(update):
            return self._superseded(update.channel)
        self._write(update)
        trailing = cooldown.trailing or token
        self.cooldowns[update.channel] = dataclasses.replace(cooldown, trailing=trailing)
        return Deferred(trailing, cooldown.until, self.states[update.channel].interval_ms)

    async def trail(self, channel: str, token: str, now_ms: int, interval_ms: int) -> State | None:
        await step()
        cooldown = self.cooldowns.get(channel, Cooldown())
        if (cooldown.trailing or cooldown.trailed) != token:
            return None
        self._cool_down(channel, now_ms, interval_ms, token)
        return self.states[channel]

    async def set_interval(self, channel: str, interval_ms: int) -> None:
        await step()
        cooldown = self.cooldowns.get(channel, Cooldown())
        if channel in self.states and cooldown.since:
            state = dataclasses.replace(self.states[channel], interval_ms=interval_ms)
            self.states[channel] = state
            until = cooldown.since + interval_ms
            self.cooldowns[channel] = dataclasses.replace(cooldown, until=until)

    async def take_tokens(self, second: int, tokens: int, maximum: int) -> bool:
        await step()
        used = self.tokens[second]
        if used and used > maximum - tokens:
            return False
        self.tokens[second] = used + tokens
        return True

    def _is_newer(self, update: Update) -> bool:
        before = self.states.get(update.channel)
        position = (update.epoch, update.version)
        return before is not None and (before.epoch, before.version) > position

    def _superseded(self, channel: str) -> Superseded:
        cooldown, state = self.cooldowns.get(channel, Cooldown()), self.states[channel]
        return Superseded(cooldown.trailing, cooldown.until, state.interval_ms, state.epoch)

    def _write(self, update: Update) -> None:
        before = self.states.get(update.channel)
        value = json.loads(json.dumps(update.value))
        interval_ms = before.interval_ms if before else None
        state = State(update.channel, update.epoch, update.version, value, update.at, interval_ms)
        self.states[update.channel] = state

    def _cool_down(self, channel: str, now_ms: int, interval_ms: int, trailed: str | None) -> None:
        before = self.cooldowns.get(channel, Cooldown())
        self.cooldowns[channel] = Cooldown(before.until, before.since, trailed=trailed)
        if interval_ms:
            until = now_ms + (self.states[channel].interval_ms or interval_ms)
            self.cooldowns[channel] = Cooldown(until, now_ms, trailed=trailed)

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
        seconds: float,  # noqa: ARG002 - a fake has no clock
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
    """Keeps every task with its delay, until a test takes it."""

    def __init__(self) -> None:
        self.sent: list[tuple[Task, int]] = []

    async def send(self, tasks: Sequence[Task], delay_seconds: int = 0) -> None:
        await step()
        self.sent += [(task, delay_seconds) for task in tasks]

    @property
    def tasks(self) -> list[Task]:
        return [task for task, _ in self.sent]
