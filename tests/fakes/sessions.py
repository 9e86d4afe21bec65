"""The twin of the session store, and sockets that can be closed only when they are open."""

from collections.abc import Sequence

from handlers.realtime.identity.sessions import Session, SessionPage, part_of
from handlers.realtime.model import Connection

from .realtime import MemoryPosts, MemoryStore
from .schedule import step


class MemorySessions:
    def __init__(self, store: MemoryStore | None = None, page_size: int = 100) -> None:
        """The connections are the store's, as one table holds both."""
        self.store = store or MemoryStore()
        self.rows: dict[tuple[str, str], Session] = {}
        """By principal and connection id."""
        self.revocations: dict[str, int] = {}
        self.due: dict[str, set[int]] = {}
        """When a connection is to be closed, by its id."""
        self.swept: int | None = None
        self.page_size = page_size

    async def put_session(self, connection: Connection) -> None:
        await step()
        if connection.issued_at is None:
            raise ValueError(connection.connection_id)
        self.rows[connection.principal, connection.connection_id] = Session(
            connection.connection_id, connection.connected_at, connection.issued_at
        )

    async def sessions(self, principal: str, after: str | None = None) -> SessionPage:
        await step()
        ids = sorted(id_ for of, id_ in self.rows if of == principal and id_ > (after or ""))
        page = ids[: self.page_size]
        last = page[-1] if len(page) == self.page_size else None
        return SessionPage([self.rows[principal, id_] for id_ in page], last)

    async def delete_session(self, principal: str, connection_id: str) -> None:
        await step()
        self.rows.pop((principal, connection_id), None)

    async def put_revocation(self, principal: str, at: int) -> None:
        await step()
        self.revocations[principal] = max(at, self.revocations.get(principal, at))

    async def revoked_at(self, principal: str) -> int | None:
        await step()
        return self.revocations.get(principal)

    async def put_expiry(self, connection_id: str, due: int) -> None:
        await step()
        self.due.setdefault(connection_id, set()).add(due)

    async def expiries(self, minute: int, part: int) -> Sequence[tuple[str, int]]:
        await step()
        found = [
            (connection_id, due)
            for connection_id, times in sorted(self.due.items())
            for due in sorted(times)
            if due // 60 == minute and part_of(connection_id) == part
        ]
        return found[: self.page_size]

    async def delete_expiry(self, connection_id: str, due: int) -> None:
        await step()
        self.due.get(connection_id, set()).discard(due)

    async def read_connection(self, connection_id: str) -> Connection | None:
        await step()
        return self.store.connections.get(connection_id)

    async def swept_until(self) -> int | None:
        await step()
        return self.swept

    async def put_swept(self, minute: int) -> None:
        await step()
        self.swept = minute


class Sockets(MemoryPosts):
    """One that is not open yet cannot be closed, and that is no error."""

    def __init__(self) -> None:
        super().__init__()
        self.open: set[str] = set()
        self.stubborn: set[str] = set()
        """The management API fails for these."""

    async def disconnect(self, connection_id: str) -> None:
        await step()
        if connection_id in self.stubborn:
            raise ConnectionError(connection_id)
        if connection_id in self.open:
            self.open.remove(connection_id)
            self.disconnected.append(connection_id)
