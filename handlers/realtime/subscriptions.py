"""What happens when a connection opens, watches, stops watching and ends.

The order of the calls is the guarantee: a row is written before the state is read, and a publisher
writes the state before it reads the rows, so that whichever comes first, a value arrives by
snapshot or by push.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from typing import Literal

from .. import aws
from .channels import ForbiddenChannel, Rule, Rules, UnknownChannel
from .delivery.tasks import CatchUp
from .every.log import LogStore
from .model import (
    ROWS_PER_DELETE,
    Connection,
    State,
    Store,
    Subscription,
    TaskQueue,
    UnknownConnection,
)
from .protocol import Since

CONNECTION_SECONDS = 7200
"""API Gateway ends every WebSocket connection after two hours."""
DELETE_ATTEMPTS = 5
LONGEST_PAUSE_SECONDS = 1.0

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True)
class Peer:
    """The socket that a message came by."""

    connection_id: str
    api_id: str


class RowsLeft(Exception):
    """DynamoDB kept refusing to delete a connection's rows; they expire by themselves."""


@dataclass(frozen=True)
class Handshake:
    """A socket that opens when $connect has answered, and the channel it watches from then on."""

    channel: str | None
    """None of an authenticated client that will subscribe."""
    connection: Connection
    api_id: str
    since: Since | None = None
    """What the client says it has; None takes what is there when the handshake begins."""


async def connect(
    store: Store, log: LogStore, queue: TaskQueue, rules: Rules, handshake: Handshake
) -> bool:
    """Whether the client lacks something already, which it is sent once its socket is open.

    A push that meets the handshake is refused and repeated later (see `delivery`); what is written
    before the row is there to be pushed to is found here. It takes both to miss nothing. The caller
    has checked that the principal may watch the channel.
    """
    channel, connection = handshake.channel, handshake.connection
    if channel is None:
        await store.put_connection(connection)
        return False
    rule = rules.find(channel)
    before = handshake.since or await _position(store, log, rule, channel)
    await store.put_connection(connection)
    await store.put_subscription(channel, _subscription(connection, handshake.api_id, "connect"))
    after = await _position(store, log, rule, channel)
    if after is None or (before and (after.epoch, after.version) <= (before.epoch, before.version)):
        return False
    task = CatchUp(channel, connection.connection_id)
    if before:
        task = replace(task, epoch=before.epoch, version=before.version)
    await queue.send([task], delay_seconds=1)
    return True


async def disconnect(
    store: Store,
    connection_id: str,
    *,
    also: Iterable[str] = (),
    sleep: Sleep = asyncio.sleep,
) -> int:
    """Deletes the connection, then its rows, with those on the channels `also`; returns how many.

    Raises `RowsLeft`.
    """
    connection = await store.remove_connection(connection_id)
    channels = {*also, *(connection.channels if connection else ())}
    return await delete_rows(store, connection_id, channels, sleep)


async def delete_rows(
    store: Store, connection_id: str, channels: Iterable[str], sleep: Sleep = asyncio.sleep
) -> int:
    """Raises `RowsLeft`."""
    ordered = sorted(channels)
    for start in range(0, len(ordered), ROWS_PER_DELETE):
        await _delete(store, connection_id, ordered[start : start + ROWS_PER_DELETE], sleep)
    return len(ordered)


async def watch(
    store: Store,
    rules: Rules,
    channel: str,
    *,
    peer: Peer,
    maximum: int,
    now_ms: int,
) -> None:
    """Has what is published on the channel from now on pushed to the peer.

    Raises `UnknownChannel`, `ForbiddenChannel`, `TooManySubscriptions`, and `UnknownConnection`,
    also for a connection whose time is over.
    """
    if rules.find(channel) is None:
        raise UnknownChannel("there is no such channel")
    connection = await store.add_channel(peer.connection_id, channel, maximum)
    try:
        # Whose connection it is stands in what was just read, never in the message.
        rules.permit(channel, connection.claims, connection.bound_to)
    except ForbiddenChannel:
        await store.remove_channel(peer.connection_id, channel)
        raise
    if connection.expires_at * 1000 <= now_ms:
        raise UnknownConnection(f"the connection {peer.connection_id} has expired")
    row = _subscription(connection, peer.api_id, "subscribe")
    await store.put_subscription(channel, row)


async def subscribe(
    store: Store,
    rules: Rules,
    channel: str,
    *,
    peer: Peer,
    maximum: int,
    now_ms: int,
) -> State | None:
    """Watches a `latest` channel and returns its newest value. Raises as `watch` does."""
    await watch(store, rules, channel, peer=peer, maximum=maximum, now_ms=now_ms)
    return await store.read_state(channel)


async def unsubscribe(store: Store, channel: str, *, connection_id: str) -> None:
    # The row first: a crash in between leaves a name too many, which costs nothing, instead of a
    # row that nobody would delete.
    await store.delete_subscription(channel, connection_id)
    await store.remove_channel(connection_id, channel)


async def _position(store: Store, log: LogStore, rule: Rule | None, channel: str) -> Since | None:
    """Up to where the channel is written."""
    if rule and rule.delivery == "every":
        sequence = await log.read_sequence(channel)
        return Since(sequence.epoch, sequence.number) if sequence else None
    state = await store.read_state(channel)
    return Since(state.epoch, state.version) if state else None


async def _delete(store: Store, connection_id: str, channels: list[str], sleep: Sleep) -> None:
    left = await store.delete_subscriptions(connection_id, channels)
    for attempt in range(1, DELETE_ATTEMPTS):
        if not left:
            return
        await sleep(aws.full_jitter(attempt, longest=LONGEST_PAUSE_SECONDS))
        left = await store.delete_subscriptions(connection_id, left)
    if left:
        raise RowsLeft(
            f"{len(left)} rows of connection {connection_id} were still unprocessed after "
            f"{DELETE_ATTEMPTS} attempts; their TTL removes them"
        )


def _subscription(
    connection: Connection, api_id: str, via: Literal["connect", "subscribe"]
) -> Subscription:
    return Subscription(
        connection_id=connection.connection_id,
        api_id=api_id,
        via=via,
        connected_at=connection.connected_at,
        expires_at=connection.expires_at,
    )
