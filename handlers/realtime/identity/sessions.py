"""Sessions: connections of a principal. They end with their token, and together at a log-out.

The order of the calls is the guarantee. $connect writes its rows, and then reads whether its
principal was logged out; a log-out is written first, and then the connections are read. So one of
the two sees the other. A socket in its handshake cannot be closed, so its rows are deleted first:
without them it gets no push and cannot subscribe. It is closed later.
"""

import zlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from ..connections import CONNECTION_SECONDS, delete_rows
from ..model import Connection
from ..ports import Posts, Store

HANDSHAKE_SECONDS = 60
"""Authorizer and $connect may take 29 seconds each, and only then can a socket be closed."""
PARTS = 8
"""Of one minute's connections, so that many that end together are no hot partition."""
LOOK_BACK_MINUTES = 125
"""API Gateway itself ends a connection after 120."""


@dataclass(frozen=True)
class Session:
    """An authenticated connection, as its principal's partition has it."""

    connection_id: str
    connected_at: int
    """In ms."""
    issued_at: int
    """When its token was, in seconds."""


@dataclass(frozen=True)
class SessionPage:
    sessions: Sequence[Session]
    after: str | None
    """Where the next page starts; None at the end."""


class SessionStore(Protocol):
    """The rows of `PRINCIPAL#` and `EXPIRY#`; every read is consistent."""

    async def put_session(self, connection: Connection) -> None: ...

    async def sessions(self, principal: str, after: str | None = None) -> SessionPage: ...

    async def delete_session(self, principal: str, connection_id: str) -> None: ...

    async def put_revocation(self, principal: str, at: int) -> None:
        """Tokens issued until then, in seconds, are no longer taken. It never goes back."""
        ...

    async def revoked_at(self, principal: str) -> int | None: ...

    async def put_expiry(self, connection_id: str, due: int) -> None: ...

    async def expiries(self, minute: int, part: int) -> Sequence[tuple[str, int]]:
        """One page of connections that are due in that minute, each with the second."""
        ...

    async def delete_expiry(self, connection_id: str, due: int) -> None: ...

    async def read_connection(self, connection_id: str) -> Connection | None: ...

    async def swept_until(self) -> int | None:
        """The first minute that may have connections left."""
        ...

    async def put_swept(self, minute: int) -> None: ...


@dataclass(frozen=True)
class Ending:
    """The ports that end connections."""

    sessions: SessionStore
    store: Store
    posts: Posts


class ConnectionsLeft(Exception):
    """Some connections could not be closed. The next attempt finds them."""


async def admit(
    sessions: SessionStore,
    store: Store,
    connection: Connection,
    opening: Callable[[], Awaitable[object]],
) -> bool:
    """Returns whether the connection may open. `opening` writes the rows of any connection."""
    if connection.issued_at is None:
        await opening()
        return True
    await sessions.put_session(connection)
    if due := due_at(connection):
        await sessions.put_expiry(connection.connection_id, due)
    await opening()
    revoked_at = await sessions.revoked_at(connection.principal)
    if revoked_at is None or connection.issued_at > revoked_at:
        return True
    await end(sessions, store, connection.connection_id)
    return False


async def end(sessions: SessionStore, store: Store, connection_id: str) -> int:
    """Deletes a connection whose socket is closed or will not open; returns its channels.

    Raises `RowsLeft`.
    """
    connection = await store.remove_connection(connection_id)
    if connection is None:
        return 0
    if connection.issued_at is not None:
        await sessions.delete_session(connection.principal, connection_id)
        if due := due_at(connection):
            await sessions.delete_expiry(connection_id, due)
    return await delete_rows(store, connection_id, connection.channels)


async def revoke(ending: Ending, principal: str, now_ms: int) -> int:
    """Ends the principal's connections and refuses their tokens from now on; returns how many.

    Tokens that are issued later are taken. Raises `ConnectionsLeft` when it has to be done again.
    """
    at = now_ms // 1000
    await ending.sessions.put_revocation(principal, at)
    after, ended, failures = None, 0, list[Exception]()
    while True:
        page = await ending.sessions.sessions(principal, after)
        for session in page.sessions:
            if session.issued_at > at:
                continue
            try:
                await _close_session(ending, principal, session, at)
            except Exception as failure:  # noqa: BLE001 - the others must not stay open for it
                failures.append(failure)
            else:
                ended += 1
        if page.after is None:
            break
        after = page.after
    _raise(failures)
    return ended


async def sweep(ending: Ending, part: int, since_minute: int, now_ms: int) -> int:
    """Ends the connections of one part whose tokens have ended; returns how many.

    Raises `ConnectionsLeft` when it has to be done again.
    """
    now = now_ms // 1000
    ended, failures = 0, list[Exception]()
    for minute in range(since_minute, now // 60 + 1):
        # A page that is done is gone, so the next one is the first.
        while due := [e for e in await ending.sessions.expiries(minute, part) if e[1] <= now]:
            for connection_id, at in due:
                try:
                    await _close_expired(ending, connection_id, at)
                except Exception as failure:  # noqa: BLE001 - the others must not stay open for it
                    failures.append(failure)
                else:
                    ended += 1
            if failures:
                break
    _raise(failures)
    return ended


async def first_minute(sessions: SessionStore, now_ms: int) -> int:
    """Where a sweep begins: where the last complete one ended, so that no minute is missed."""
    earliest = now_ms // 60_000 - LOOK_BACK_MINUTES
    return max(earliest, await sessions.swept_until() or earliest)


def part_of(connection_id: str) -> int:
    return zlib.crc32(connection_id.encode()) % PARTS


def due_at(connection: Connection) -> int | None:
    """From which second on the socket is to be closed; None leaves that to API Gateway."""
    connected_at = connection.connected_at // 1000
    if connection.issued_at is None or connection.expires_at >= connected_at + CONNECTION_SECONDS:
        return None
    return max(connection.expires_at, connected_at + HANDSHAKE_SECONDS)


async def _close_session(ending: Ending, principal: str, session: Session, now: int) -> None:
    open_at = session.connected_at // 1000 + HANDSHAKE_SECONDS
    if open_at > now:
        await ending.sessions.put_expiry(session.connection_id, open_at)
    await _close(ending, session.connection_id)
    # Last, so that another attempt finds the session until all else is done.
    await ending.sessions.delete_session(principal, session.connection_id)


async def _close_expired(ending: Ending, connection_id: str, due: int) -> None:
    connection = await _close(ending, connection_id)
    if connection is not None:
        await ending.sessions.delete_session(connection.principal, connection_id)
    await ending.sessions.delete_expiry(connection_id, due)


async def _close(ending: Ending, connection_id: str) -> Connection | None:
    # The rows go before the connection, for only that says which they are.
    connection = await ending.sessions.read_connection(connection_id)
    if connection is not None:
        await delete_rows(ending.store, connection_id, connection.channels)
        await ending.store.remove_connection(connection_id)
    await ending.posts.disconnect(connection_id)
    return connection


def _raise(failures: Sequence[Exception]) -> None:
    if failures:
        raise ConnectionsLeft(
            f"{len(failures)} connections could not be closed; they are tried again"
        ) from failures[0]
