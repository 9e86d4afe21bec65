"""The functions that open, log out and sweep one principal's connection, call by call.

Each method is one function of the handlers, and a mutation is a subclass.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from tests.unit.model.revoke_table import (
    Channels,
    Connect,
    Disconnect,
    Failed,
    Open,
    Returned,
    Revoke,
    Socket,
    Subscribe,
    Sweep,
    World,
    add_channel,
    close_socket,
    delete_expiry,
    delete_row,
    delete_session,
    mark_done,
    open_socket,
    put_expiry,
    put_meta,
    put_revoked,
    put_row,
    put_session,
    query_sessions,
    read_expiry,
    read_meta,
    read_revoked,
    refuse,
    remove_meta,
)
from tests.unit.model.system import Handler, Message, Messages, Undelivered

Calls = Handler[World]


@dataclass(frozen=True)
class Scenario:
    names_a_channel: bool = True
    """In its handshake; otherwise the client subscribes when it is open."""
    subscribes: bool = False
    ends_early: bool = False
    """The token ends before the two hours do, so that the sweeper comes for it."""
    issued_later: bool = False
    """The token is newer than the revocation, which must not touch it."""
    revokes: int = 1
    crashes: int = 0
    duplicates: int = 0
    faults: int = 0


class Engine:
    """The design, as it is meant to be."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.crashes, self.duplicates = scenario.crashes, scenario.duplicates

    # identity/sessions.py

    def connect(self) -> Calls:
        yield put_session()
        if self.scenario.ends_early:
            yield put_expiry()
        yield from self.open()
        revoked: bool = yield read_revoked()
        if revoked and not self.scenario.issued_later:
            yield from self.end()
            yield refuse()

    def end(self) -> Calls:
        meta: Channels | None = yield remove_meta()
        if meta is None:
            return
        yield delete_session()
        if self.scenario.ends_early:
            yield delete_expiry()
        if meta is Channels.LISTED:
            yield delete_row()

    def revoke(self) -> Calls:
        yield put_revoked()
        yield from self.close_sessions()

    def close_sessions(self) -> Calls:
        may_be_opening: bool | None = yield query_sessions()
        if may_be_opening is None or self.scenario.issued_later:
            return
        if may_be_opening:
            yield put_expiry()
        yield from self.close()
        yield delete_session()

    def sweep(self) -> Calls:
        is_due: bool = yield read_expiry()
        if is_due:
            yield from self.close()
            yield delete_session()
            yield delete_expiry()

    def close(self) -> Calls:
        meta: Channels | None = yield read_meta()
        if meta is not None:
            if meta is Channels.LISTED:
                yield delete_row()
            yield remove_meta()
        yield from self.close_socket()

    def close_socket(self) -> Calls:
        failed: Failed | None = yield close_socket()
        if failed:
            raise Undelivered

    # subscriptions.py

    def open(self) -> Calls:
        if self.scenario.names_a_channel:
            yield put_meta(Channels.LISTED)
            yield put_row()
        else:
            yield put_meta(Channels.NONE)

    def subscribe(self) -> Calls:
        known: bool = yield add_channel()
        if known:
            yield put_row()

    # What the checker asks

    def start(self) -> tuple[World, Messages]:
        scenario = self.scenario
        world = World(
            revoked=False,
            session=False,
            expiry=False,
            meta=None,
            row=False,
            socket=Socket.NONE,
            done=False,
            faults=scenario.faults,
        )
        watching = (Subscribe(),) if scenario.subscribes else ()
        return world, (Connect(), *[Revoke()] * scenario.revokes, *watching)

    def handle(self, messages: Messages) -> Calls:
        match messages[0]:
            case Connect():
                yield from self.connect()
            case Open():
                yield open_socket()
            case Subscribe():
                yield from self.subscribe()
            case Disconnect():
                yield from self.end()
            case Revoke():
                yield from self.revoke()
            case Returned():
                yield mark_done()
            case _:
                yield from self.sweep()

    def batches(self, waiting: Messages) -> Iterable[Messages]:
        return ((message,) for message in waiting)

    def may_be_duplicated(self, message: Message) -> bool:
        return isinstance(message, Revoke | Sweep | Subscribe)

    def returned(self, messages: Messages) -> Messages:
        match messages:
            case (Connect(),):
                return (Open(),)
            case (Revoke(),):
                return (Returned(),)
            case _:
                return ()

    def crashed(self, world: World, messages: Messages) -> tuple[World, Messages]:
        if Connect() in messages:  # the handshake is refused, and nobody tries it again
            return world._replace(socket=Socket.CLOSED), ()
        if Disconnect() in messages or Subscribe() in messages:
            return world, ()
        return world, messages

    def broken(self, world: World) -> str | None:
        if self.scenario.issued_later:
            return None
        if world.done and world.socket is Socket.OPEN and world.row:
            return "whoever was logged out is still pushed to"
        return None

    def broken_at_the_end(self, world: World) -> str | None:
        if self.scenario.issued_later:
            early = self.scenario.ends_early
            closed = world.socket is Socket.CLOSED and not early and not self.scenario.crashes
            return "a newer token was logged out too" if closed else None
        return "a socket stays open" if world.socket is Socket.OPEN else None
