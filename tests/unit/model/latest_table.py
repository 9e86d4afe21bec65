"""What a `latest` channel, one watcher and the AWS calls on them do, one request each.

Versions are plain numbers: (epoch, version) is a total order too, and nothing else of it is used.
There is no clock. Whether an interval is over when somebody claims, how late a delayed message
comes, how long a handshake takes: all of it is free, except for the one bound that the engine
relies on (`read_row`).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Literal, NamedTuple

from tests.unit.model.latest_messages import Publish, Range, Task
from tests.unit.model.system import Call, Step

CONNECTION = 2
"""The watcher's connection id, as a number: ranges cut there."""
LAST_ATTEMPT = 1
"""Of a catch-up; the engine has more, which adds states and no new case."""


class Socket(Enum):
    NONE = "none"
    HANDSHAKE = "handshake"
    OPEN = "open"
    CLOSED = "closed"


class Outcome(Enum):
    DELIVERED = "delivered"
    GONE = "gone"
    SLOW = "slow"
    FAILED = "failed"
    UNANSWERED = "unanswered"
    UNSTARTED = "unstarted"


@dataclass(frozen=True)
class Row:
    """What a reader of the watcher's row sees."""

    may_be_opening: bool
    """`via` is connect, and the row is younger than 60 s."""


@dataclass(frozen=True)
class Claimed:
    version: int


@dataclass(frozen=True)
class Joined:
    armed: str


@dataclass(frozen=True)
class Superseded:
    armed: str | None


Via = Literal["connect", "subscribe"]


class World(NamedTuple):
    version: int
    """STATE; 0 is none. `hold` is not kept: a claim on a written STATE may go either way."""
    armed: str | None
    flushed: str | None
    """Whose flush disarmed last; a claim takes it away."""
    row: Via | None
    socket: Socket
    shown: int
    """The newest version on the watcher's screen."""
    went_back: bool
    promised: int | None
    """A plain client is promised all that is newer than this; None before its $connect."""
    counted: frozenset[str]
    faults: int
    """How many posts may still fail."""


Moves = Iterable[Step[World]]
Client = Callable[[World, int], World]


def show_newer(world: World, version: int) -> World:
    """What docs/protocol.md asks of a client: what is not greater is dropped."""
    return world._replace(shown=max(world.shown, version))


def claim(version: int) -> Call[World]:
    """SET version, hold REMOVE armed, flushed IF version <= :v AND hold is over."""

    def steps(world: World) -> Moves:
        if world.version > version:
            yield Step(Superseded(world.armed), world)
        else:
            after = world._replace(version=version, armed=None, flushed=None)
            yield Step(Claimed(version), after)

    return Call(f"CLAIM v{version}", steps)


def join(version: int, token: str) -> Call[World]:
    """SET version, armed = if_not_exists(armed, :token) IF version <= :v."""

    def steps(world: World) -> Moves:
        if world.version > version:
            yield Step(Superseded(world.armed), world)
        else:
            armed = world.armed or token
            yield Step(Joined(armed), world._replace(version=version, armed=armed))

    return Call(f"JOIN v{version}", steps)


def disarm(token: str) -> Call[World]:
    """SET hold, flushed = :token REMOVE armed IF it is armed, or else flushed, by :token."""

    def steps(world: World) -> Moves:
        if (world.armed or world.flushed) == token:
            after = world._replace(armed=None, flushed=token)
            yield Step(Claimed(world.version), after)
        else:
            yield Step(None, world)

    return Call(f"FLUSH {token}", steps)


def read_state() -> Call[World]:
    return Call("read STATE", lambda world: [Step(world.version, world)])


def begin_connect(since: int | None) -> Call[World]:
    """The first read of $connect: what happens from here on is promised, or all since `since`."""

    def steps(world: World) -> Moves:
        known = world.version if since is None else since
        yield Step(known, world._replace(promised=known, socket=Socket.HANDSHAKE))

    return Call("read STATE", steps)


def put_row(via: Via) -> Call[World]:
    return Call(f"put row via {via}", lambda world: [Step(None, world._replace(row=via))])


def query(rows: Range) -> Call[World]:
    """The watchers within a range, read consistently."""
    covered = (rows.after or 0) < CONNECTION and (rows.until or CONNECTION) >= CONNECTION
    return Call("query", lambda world: [Step(seen(world) if covered else None, world)])


def read_row(attempt: int) -> Call[World]:
    """The watcher's row, when the delay of this attempt is over.

    The delays add up to more than a handshake can take: the last attempt never meets one.
    """

    def steps(world: World) -> Moves:
        if attempt < LAST_ATTEMPT or world.socket is not Socket.HANDSHAKE:
            yield Step(seen(world), world)

    return Call("read row", steps)


def seen(world: World) -> Row | None:
    """A row is young as long as the handshake lasts; later its age decides nothing."""
    young = world.row == "connect" and world.socket is Socket.HANDSHAKE
    return Row(young) if world.row else None


def post(version: int, client: Client = show_newer, *, inline: bool = False) -> Call[World]:
    """With `inline` its time may be over before it starts, or before it is answered."""

    def steps(world: World) -> Moves:
        lost = world._replace(faults=world.faults - 1)
        if world.faults and inline:
            yield Step(Outcome.UNSTARTED, lost)
            yield Step(Outcome.UNANSWERED, lost)
        if world.socket is not Socket.OPEN:
            yield Step(Outcome.GONE, world)
            return
        yield Step(Outcome.DELIVERED, client(world, version))
        if world.faults:
            yield Step(Outcome.FAILED, lost)
            yield Step(Outcome.FAILED, client(lost, version))
            yield Step(Outcome.SLOW, lost)
            if inline:
                yield Step(Outcome.UNANSWERED, client(lost, version))

    return Call(f"post v{version}", steps)


def acknowledge() -> Call[World]:
    """Deletes the handler's messages: no crash brings them back."""
    return Call("acknowledge", lambda world: [Step(None, world)], acknowledges=True)


def send(*messages: Publish | Task) -> Call[World]:
    names = ", ".join(map(str, messages))
    return Call(f"send {names}", lambda world: [Step(None, world, messages)], commutes=True)


def delete_rows() -> Call[World]:
    return Call("delete rows", lambda world: [Step(None, world._replace(row=None))])


def disconnect() -> Call[World]:
    """The client will connect again, which makes it another watcher."""
    return Call("disconnect", lambda world: [Step(None, world._replace(socket=Socket.CLOSED))])


def open_socket() -> Call[World]:
    return Call("open", lambda world: [Step(None, world._replace(socket=Socket.OPEN))])


def reply(version: int, client: Client = show_newer) -> Call[World]:
    """The answer to `subscribe`, which the client sends again until it has one."""

    def steps(world: World) -> Moves:
        yield Step(None, client(world, version))

    return Call(f"reply v{version}", steps, acknowledges=True)


def count(tokens: tuple[str, ...]) -> Call[World]:
    """One transaction, which tells how many were new; the others change nothing."""

    def steps(world: World) -> Moves:
        new = len({*tokens} - world.counted)
        yield Step(new, world._replace(counted=world.counted | {*tokens}))

    return Call("count", steps)


def read_total() -> Call[World]:
    return Call("read META", lambda world: [Step(len(world.counted), world)])
