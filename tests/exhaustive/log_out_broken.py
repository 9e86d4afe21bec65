"""Ways of logging out with one step moved or left out."""

from dataclasses import replace
from typing import Any

from handlers.realtime.model import Connection
from tests.fakes.schedule import step

from .log_out import CLIENT, PRINCIPAL, Ports
from .situation import Actor, Changed


class QueriesBeforeItRevokes(Changed):
    page: Any

    async def put_revocation(self, principal: str, at: int) -> None:
        self.page = await self.port.sessions(principal)
        await self.port.put_revocation(principal, at)

    async def sessions(self, *_: Any) -> Any:
        return self.page


class ReadsBeforeItsSession(Changed):
    at: int | None

    async def put_session(self, connection: Connection) -> None:
        self.at = await self.port.revoked_at(PRINCIPAL)
        await self.port.put_session(connection)

    async def revoked_at(self, _: str) -> int | None:
        return self.at


def reading_before_its_connection(actor: Actor, ports: Ports) -> Ports:
    read: dict[str, int | None] = {}

    class Store(Changed):
        async def put_connection(self, *args: Any) -> None:
            read["at"] = await ports.sessions.revoked_at(PRINCIPAL)
            await self.port.put_connection(*args)

    class Sessions(Changed):
        async def revoked_at(self, _: str) -> int | None:
            return read["at"]

    return replace(ports, store=Store(ports.store, actor), sessions=Sessions(ports.sessions, actor))


class DoesNotRead(Changed):
    async def revoked_at(self, _: str) -> None:
        await step()


class WritesNoSession(Changed):
    async def put_session(self, _: Connection) -> None:
        await step()


class ClosesOnce(Changed):
    async def put_expiry(self, *_: Any) -> None:
        await step()


class LeavesTheRows(Changed):
    async def read_connection(self, _: str) -> None:
        await step()


def deleting_the_connection_before_its_rows(actor: Actor, ports: Ports) -> Ports:
    class Sessions(Changed):
        async def read_connection(self, connection_id: str) -> Connection | None:
            return await ports.store.remove_connection(connection_id)

    return replace(ports, sessions=Sessions(ports.sessions, actor))


class LeavesTheConnection(Changed):
    async def remove_connection(self, _: str) -> None:
        await step()


class DeletesTheSessionFirst(Changed):
    async def put_expiry(self, connection_id: str, due: int) -> None:
        await self.port.delete_session(PRINCIPAL, connection_id)
        await self.port.put_expiry(connection_id, due)


class PutsTheExpiryLast(Changed):
    expiry: tuple[str, int] | None = None

    async def put_expiry(self, connection_id: str, due: int) -> None:
        self.expiry = connection_id, due

    async def delete_session(self, *args: Any) -> None:
        await self.port.delete_session(*args)
        if self.expiry:
            await self.port.put_expiry(*self.expiry)


class IgnoresThatClosingFailed(Changed):
    async def disconnect(self, connection_id: str) -> None:
        try:
            await self.port.disconnect(connection_id)
        except ConnectionError:
            return


class DeletesTheExpiryFirst(Changed):
    due: int

    async def expiries(self, *args: Any) -> Any:
        found = await self.port.expiries(*args)
        for _, self.due in found:
            pass
        return found

    async def read_connection(self, connection_id: str) -> Connection | None:
        await self.port.delete_expiry(CLIENT, self.due)
        return await self.port.read_connection(connection_id)


class TakesEveryTokenForAnOldOne(Changed):
    async def sessions(self, *args: Any) -> Any:
        page = await self.port.sessions(*args)
        old = [replace(session, issued_at=0) for session in page.sessions]
        return replace(page, sessions=old)
