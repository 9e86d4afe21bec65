"""One connection of one principal, as logging out everywhere finds it, and each call about it.

There is no clock. A socket is young while its handshake lasts and may count as young for a while
longer; when the sweeper looks, no handshake is under way, for what it waits for outlasts one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from tests.unit.model.system import Call, Step


@dataclass(frozen=True)
class Connect:
    """A handshake with a token of before the revocation, up to the answer of $connect."""


@dataclass(frozen=True)
class Open:
    """API Gateway ends the handshake."""


@dataclass(frozen=True)
class Subscribe:
    """The client's, once its socket is open."""


@dataclass(frozen=True)
class Disconnect:
    """$disconnect, which API Gateway may also leave out."""


@dataclass(frozen=True)
class Revoke:
    """Log out everywhere."""


@dataclass(frozen=True)
class Returned:
    """Whoever asked for it hears that it is done."""


@dataclass(frozen=True)
class Sweep:
    """The sweeper comes to the connection's minute."""


class Socket(Enum):
    NONE = "none"
    OPEN = "open"
    CLOSED = "closed"


class Channels(Enum):
    """What META lists; without META, rows are found by nobody."""

    NONE = "none"
    LISTED = "listed"


class World(NamedTuple):
    revoked: bool
    session: bool
    """The row of `PRINCIPAL#`."""
    expiry: bool
    """The row of `EXPIRY#`."""
    meta: Channels | None
    row: bool
    """The row of `CHANNEL#`, by which the connection is pushed to."""
    socket: Socket
    done: bool
    """The caller believes that everybody is out."""
    faults: int
    """How often closing a socket may still fail."""


Moves = Iterable[Step[World]]


class Failed(Enum):
    FAILED = "failed"


def put_session() -> Call[World]:
    return Call("put PRINCIPAL", lambda world: [Step(None, world._replace(session=True))])


def delete_session() -> Call[World]:
    return Call("delete PRINCIPAL", lambda world: [Step(None, world._replace(session=False))])


def put_meta(channels: Channels) -> Call[World]:
    return Call("put META", lambda world: [Step(None, world._replace(meta=channels))])


def put_row() -> Call[World]:
    return Call("put row", lambda world: [Step(None, world._replace(row=True))])


def delete_row() -> Call[World]:
    return Call("delete row", lambda world: [Step(None, world._replace(row=False))])


def put_revoked() -> Call[World]:
    return Call("put REVOKED", lambda world: [Step(None, world._replace(revoked=True))])


def mark_done() -> Call[World]:
    return Call("hear that it is done", lambda world: [Step(None, world._replace(done=True))])


def put_expiry() -> Call[World]:
    """The row is what the sweeper finds, so that the sweep is as good as sent."""

    def steps(world: World) -> Moves:
        yield Step(None, world._replace(expiry=True), () if world.expiry else (Sweep(),))

    return Call("put EXPIRY", steps)


def delete_expiry() -> Call[World]:
    return Call("delete EXPIRY", lambda world: [Step(None, world._replace(expiry=False))])


def read_expiry() -> Call[World]:
    """Waits until it is due, which is after any handshake."""

    def steps(world: World) -> Moves:
        if world.socket is not Socket.NONE:
            yield Step(world.expiry, world)

    return Call("query EXPIRY", steps)


def read_revoked() -> Call[World]:
    return Call("read REVOKED", lambda world: [Step(world.revoked, world)])


def query_sessions() -> Call[World]:
    """None, or whether the connection counts as one that may be opening."""

    def steps(world: World) -> Moves:
        ages = (True,) if world.socket is Socket.NONE else (True, False)
        for may_be_opening in ages if world.session else (None,):
            yield Step(may_be_opening, world)

    return Call("query PRINCIPAL", steps)


def read_meta() -> Call[World]:
    return Call("read META", lambda world: [Step(world.meta, world)])


def remove_meta() -> Call[World]:
    """Tells what it was."""
    return Call("delete META", lambda world: [Step(world.meta, world._replace(meta=None))])


def add_channel() -> Call[World]:
    """Whether there is a connection to subscribe; the client waits until its socket is open."""

    def steps(world: World) -> Moves:
        if world.socket is Socket.NONE:
            return
        known = world.socket is Socket.OPEN and world.meta is not None
        yield Step(known, world._replace(meta=Channels.LISTED) if known else world)

    return Call("ADD channels to META", steps)


def open_socket() -> Call[World]:
    """What $connect refused stays closed."""

    def steps(world: World) -> Moves:
        opens = world.socket is Socket.NONE
        yield Step(None, world._replace(socket=Socket.OPEN) if opens else world)

    return Call("open", steps)


def refuse() -> Call[World]:
    return Call("refuse", lambda world: [Step(None, world._replace(socket=Socket.CLOSED))])


def close_socket() -> Call[World]:
    """DELETE @connections: 410 for a socket that is closed, and for one that is not open yet."""

    def steps(world: World) -> Moves:
        if world.faults:
            yield Step(Failed.FAILED, world._replace(faults=world.faults - 1))
        if world.socket is not Socket.OPEN:
            yield Step(None, world)
            return
        closed = world._replace(socket=Socket.CLOSED)
        yield Step(None, closed, (Disconnect(),))
        yield Step(None, closed)

    return Call("close socket", steps)
