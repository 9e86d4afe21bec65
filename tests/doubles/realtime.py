"""Twins of the realtime ports: a store and the posts, in memory, with a step before each call."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Any

from handlers.realtime.ports import (
    ROWS_PER_DELETE,
    Connection,
    Misconfigured,
    Outcome,
    Page,
    State,
    Subscription,
    TooManySubscriptions,
    UnknownConnection,
    Update,
)

from .schedule import step


class MemoryStore:
    def __init__(self, page_size: int = 100) -> None:
        self.connections: dict[str, Connection] = {}
        self.rows: dict[tuple[str, str], Subscription] = {}
        """By channel and connection id."""
        self.states: dict[str, State] = {}
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
        self.rows.pop((channel, connection_id), None)

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
            self.rows.pop((channel, connection_id), None)
        return channels[done:]

    async def subscriptions(self, channel: str, after: str | None) -> Page:
        await step()
        watching = sorted(
            connection_id
            for of, connection_id in self.rows
            if of == channel and connection_id > (after or "")
        )
        page = watching[: self._page_size]
        return Page(
            [self.rows[channel, connection_id] for connection_id in page],
            page[-1] if len(watching) > len(page) else None,
        )

    async def read_state(self, channel: str) -> State | None:
        await step()
        return self.states.get(channel)

    async def write_state(self, update: Update) -> State | None:
        await step()
        before = self.states.get(update.channel)
        epoch = update.epoch
        if epoch is None:
            epoch = before.epoch if before else update.at
        if before and (before.epoch, before.version) > (epoch, update.version):
            return None
        value = json.loads(json.dumps(update.value))
        state = State(update.channel, epoch, update.version, value, update.at)
        self.states[update.channel] = state
        return state

    def _replace(self, connection: Connection, channels: frozenset[str]) -> Connection:
        changed = dataclasses.replace(connection, channels=channels)
        self.connections[connection.connection_id] = changed
        return changed


class MemoryPosts:
    """Sockets that take every frame, but for those with an outcome of their own."""

    def __init__(self, outcomes: Mapping[str, Outcome] | None = None) -> None:
        self.outcomes = dict(outcomes or {})
        self.frames: dict[str, list[dict[str, Any]]] = {}
        self.misconfigured = False

    async def post_all(self, connection_ids: Sequence[str], data: bytes) -> Mapping[str, Outcome]:
        results: dict[str, Outcome] = {}
        for connection_id in connection_ids:
            await step()
            if self.misconfigured:
                raise Misconfigured(connection_id)
            results[connection_id] = self.outcomes.get(connection_id, Outcome.DELIVERED)
            if results[connection_id] is Outcome.DELIVERED:
                self.frames.setdefault(connection_id, []).append(json.loads(data))
        return results
