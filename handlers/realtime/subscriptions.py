"""Opening a connection, subscribing and unsubscribing.

The order of the calls is the guarantee: a subscriber's row is written before the channel is read,
and a publisher writes the channel before it reads the rows. So in each order the subscriber gets a
value by snapshot or by push.
"""

from dataclasses import dataclass
from typing import Literal

from .channels import ForbiddenChannel, Rule, Rules, UnknownChannel
from .engine import Tables
from .model import Connection, Position, Retry, Subscription, UnknownConnection
from .modes import Mode
from .ports import Store, TaskQueue


@dataclass(frozen=True)
class Peer:
    """The socket that a message came by."""

    connection_id: str
    api_id: str


@dataclass(frozen=True)
class Handshake:
    """A socket that opens when $connect has answered, and the channel it watches from then on."""

    channel: str | None
    """None of an authenticated client that will subscribe."""
    connection: Connection
    api_id: str
    since: Position | None = None
    """The position that the client says it has; None takes the one when the handshake begins."""


async def connect(
    tables: Tables, queue: TaskQueue, mode: Mode | None, handshake: Handshake
) -> bool:
    """Whether the client lacks a value already, which is posted once its socket is open.

    A push that meets the handshake is refused and retried: see `delivery`. A value written before
    the row is found here. It takes both to miss nothing. `mode` is the channel's, and the caller
    has checked that the principal may watch it.
    """
    channel, connection = handshake.channel, handshake.connection
    if channel is None or mode is None:
        await tables.store.put_connection(connection)
        return False
    before = handshake.since or await mode.position(tables, channel)
    await tables.store.put_connection(connection)
    row = _subscription(connection, handshake.api_id, "connect")
    await tables.store.put_subscription(channel, row)
    after = await mode.position(tables, channel)
    if after is None or (before and after <= before):
        return False
    task = Retry(channel, (connection.connection_id,), before, span=True)
    await queue.send([task], delay_seconds=1)
    return True


async def subscribe(
    store: Store,
    rules: Rules,
    channel: str,
    *,
    peer: Peer,
    maximum: int,
    now_ms: int,
) -> Rule:
    """Has values published from now on pushed to the peer; returns the channel's rule.

    The caller takes the snapshot afterwards, never before. Raises `UnknownChannel`,
    `ForbiddenChannel`, `TooManySubscriptions`, and `UnknownConnection`, also for a connection that
    has expired.
    """
    if rules.find(channel) is None:
        raise UnknownChannel("there is no such channel")
    connection = await store.add_channel(peer.connection_id, channel, maximum)
    try:
        # The claims stand in the row that was just read, never in the message.
        rule = rules.permit(channel, connection.claims, connection.bound_to)
    except ForbiddenChannel:
        await store.remove_channel(peer.connection_id, channel)
        raise
    if connection.expires_at * 1000 <= now_ms:
        raise UnknownConnection(f"the connection {peer.connection_id} has expired")
    row = _subscription(connection, peer.api_id, "subscribe")
    await store.put_subscription(channel, row)
    return rule


async def unsubscribe(store: Store, channel: str, *, connection_id: str) -> None:
    # The row first: a crash in between leaves a name too many, which costs nothing, instead of a
    # row that no function would delete.
    await store.delete_subscription(channel, connection_id)
    await store.remove_channel(connection_id, channel)


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
