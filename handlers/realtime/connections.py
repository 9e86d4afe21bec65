"""Deletes connections and their rows, for every function that finds a connection ended."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from .. import aws
from .ports import ROWS_PER_DELETE, Store

CONNECTION_SECONDS = 7200
"""API Gateway ends every WebSocket connection after two hours."""
DELETE_ATTEMPTS = 5
LONGEST_PAUSE_SECONDS = 1.0

Sleep = Callable[[float], Awaitable[None]]


class RowsLeft(Exception):
    """DynamoDB kept refusing to delete a connection's rows; they expire by themselves."""


async def delete_connection(
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
        left = await store.delete_subscriptions(
            connection_id, ordered[start : start + ROWS_PER_DELETE]
        )
        for attempt in range(1, DELETE_ATTEMPTS):
            if not left:
                break
            await sleep(aws.full_jitter(attempt, longest=LONGEST_PAUSE_SECONDS))
            left = await store.delete_subscriptions(connection_id, left)
        if left:
            raise RowsLeft(
                f"{len(left)} rows of connection {connection_id} were still unprocessed after "
                f"{DELETE_ATTEMPTS} attempts; their TTL removes them"
            )
    return len(ordered)
