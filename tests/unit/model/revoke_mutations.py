"""Logging out with one step moved or left out; each must leave somebody in, or too few."""

from tests.unit.model.revoke_engine import Calls, Engine
from tests.unit.model.revoke_table import (
    Channels,
    close_socket,
    delete_expiry,
    delete_row,
    delete_session,
    put_expiry,
    put_revoked,
    put_session,
    query_sessions,
    read_expiry,
    read_meta,
    read_revoked,
    refuse,
    remove_meta,
)


class QueriesBeforeRevoked(Engine):
    def revoke(self) -> Calls:
        may_be_opening: bool | None = yield query_sessions()
        yield put_revoked()
        if may_be_opening is not None:
            yield put_expiry()
            yield from self.close()
            yield delete_session()


class ConnectReadsBeforeItWrites(Engine):
    def connect(self) -> Calls:
        revoked: bool = yield read_revoked()
        if revoked:
            yield refuse()
            return
        yield put_session()
        yield from self.open()


class ConnectReadsBeforeItsRow(Engine):
    """The session is written, then read REVOKED, and only then META and the row are."""

    def connect(self) -> Calls:
        yield put_session()
        revoked: bool = yield read_revoked()
        if revoked:
            yield from self.end()
            yield refuse()
        else:
            yield from self.open()


class ConnectDoesNotRead(Engine):
    def connect(self) -> Calls:
        yield put_session()
        yield from self.open()


class ConnectWritesNoSession(Engine):
    def connect(self) -> Calls:
        yield from self.open()
        revoked: bool = yield read_revoked()
        if revoked:
            yield from self.end()
            yield refuse()


class ClosesOpeningSocketsOnce(Engine):
    """A 410 is taken for a closed socket, also of one that opens the next moment."""

    def close_sessions(self) -> Calls:
        may_be_opening: bool | None = yield query_sessions()
        if may_be_opening is not None:
            yield from self.close()
            yield delete_session()


class LeavesRowsToDisconnect(Engine):
    """A closed socket's $disconnect deletes them; one that is opening has none."""

    def close(self) -> Calls:
        yield from self.close_socket()


class RemovesMetaBeforeRows(Engine):
    """As $disconnect does. After a death in between, nobody knows which rows there are."""

    def close(self) -> Calls:
        meta: Channels | None = yield remove_meta()
        if meta is Channels.LISTED:
            yield delete_row()
        yield from self.close_socket()


class LeavesMeta(Engine):
    """The rows are gone, and the connection may subscribe again."""

    def close(self) -> Calls:
        meta: Channels | None = yield read_meta()
        if meta is Channels.LISTED:
            yield delete_row()
        yield from self.close_socket()


class DeletesTheSessionFirst(Engine):
    def close_sessions(self) -> Calls:
        may_be_opening: bool | None = yield query_sessions()
        if may_be_opening is not None:
            yield delete_session()
            if may_be_opening:
                yield put_expiry()
            yield from self.close()


class PutsExpiryLast(Engine):
    def close_sessions(self) -> Calls:
        may_be_opening: bool | None = yield query_sessions()
        if may_be_opening is not None:
            yield from self.close()
            yield delete_session()
            if may_be_opening:
                yield put_expiry()


class FailedCloseIsDropped(Engine):
    def close_socket(self) -> Calls:
        yield close_socket()


class SweepDeletesExpiryFirst(Engine):
    """By then the connection is forgotten, and the next sweep does not come for it."""

    def sweep(self) -> Calls:
        is_due: bool = yield read_expiry()
        if is_due:
            yield delete_expiry()
            yield from self.close()
            yield delete_session()


class RevokesWhateverIsOpen(Engine):
    """Also what was opened with a newer token."""

    def close_sessions(self) -> Calls:
        may_be_opening: bool | None = yield query_sessions()
        if may_be_opening is not None:
            yield from self.close()
            yield delete_session()
