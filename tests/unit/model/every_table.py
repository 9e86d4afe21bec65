"""What an `every` channel's log, one watcher and the AWS calls on them do, one request each.

A subscribing client follows docs/protocol.md: it keeps a push back until the reply to its
`subscribe` is there and the numbers before are shown. A plain client shows what comes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from tests.unit.model.latest_messages import Forget
from tests.unit.model.latest_table import Outcome, Row, Socket
from tests.unit.model.system import Call, Step


@dataclass(frozen=True)
class Event:
    """A message of either door; the id is the publisher's own."""

    id: str


@dataclass(frozen=True)
class CatchUp:
    version: int
    """The number up to which the watcher has the messages."""
    attempt: int = 0


@dataclass(frozen=True)
class Subscribe:
    since: int | None


@dataclass(frozen=True)
class Expire:
    """The oldest message is no longer kept."""


@dataclass(frozen=True)
class Appended:
    number: int


@dataclass(frozen=True)
class Known:
    number: int


@dataclass(frozen=True)
class Moved:
    pass


@dataclass(frozen=True)
class Recovery:
    """What the reply to `subscribe` says."""

    number: int
    """The channel's newest message."""
    recovered: bool = False
    messages: tuple[int, ...] = ()
    more: bool = False


class World(NamedTuple):
    number: int
    """SEQ."""
    log: tuple[tuple[int, str], ...]
    """The messages ever stored, with their ids."""
    expired: int
    """Up to this number they are no longer kept."""
    row: Literal["connect", "subscribe"] | None
    socket: Socket
    promised: int | None
    """The watcher is to see every message with a greater number."""
    position: int | None
    """A subscribing client has shown, or given up, all up to here; None until it knows where."""
    kept_back: frozenset[int]
    shown: tuple[int, ...]
    given_up: frozenset[int]
    """What `recovered: false` has told the client that it missed."""
    wrong: str | None
    faults: int


Moves = Iterable[Step[World]]


def kept(world: World) -> tuple[int, ...]:
    return tuple(number for number, _ in sorted(world.log) if number > world.expired)


def receive(world: World, number: int) -> World:
    """A push reaches a client that buffers."""
    return show(world._replace(kept_back=world.kept_back | {number}))


def receive_plainly(world: World, number: int) -> World:
    return world if number in world.shown else world._replace(shown=(*world.shown, number))


def show(world: World) -> World:
    """Shows what is next, as long as it is there; before the first reply nothing is."""
    if world.promised is None or world.position is None:
        return world
    position, shown = world.position, world.shown
    while position + 1 in world.kept_back:
        position += 1
        shown = (*shown, position)
    ahead = frozenset(number for number in world.kept_back if number > position)
    return world._replace(position=position, shown=shown, kept_back=ahead)


def follow(world: World, since: int | None, reply: Recovery) -> World:
    """The reply reaches the client."""
    before = reply.number if since is None else since
    if reply.messages and since == 0:
        before = reply.messages[0] - 1
    elif since is not None and not reply.recovered:
        before = reply.number
        if since >= world.expired:
            world = world._replace(wrong="not recovered although all that is missing was kept")
    position = max(world.position or 0, before)
    missed = range((position if since is None else since) + 1, position + 1)
    promised = world.promised
    if promised is None:
        promised = position if since is None else since
    return show(
        world._replace(
            promised=promised,
            position=position,
            given_up=world.given_up | {*missed} - {*world.shown},
            kept_back=world.kept_back | {*reply.messages},
        )
    )


def read_sequence() -> Call[World]:
    return Call("read SEQ", lambda world: [Step(world.number, world)])


def append(number: int, id: str) -> Call[World]:  # noqa: A002 - the publisher's word for it
    """One transaction: SEQ if it is still `number`, the message, and its id if it is new."""

    def steps(world: World) -> Moves:
        known = {known: number for number, known in world.log}
        if id in known:
            yield Step(Known(known[id]), world)
        elif world.number != number:
            yield Step(Moved(), world)
        else:
            log = (*world.log, (number + 1, id))
            yield Step(Appended(number + 1), world._replace(number=number + 1, log=log))

    return Call(f"append {number + 1}", steps)


def read_message(number: int) -> Call[World]:
    return Call(f"read {number}", lambda world: [Step(number in kept(world), world)])


def read_messages(after: int, until: int | None = None) -> Call[World]:
    def steps(world: World) -> Moves:
        found = (n for n in kept(world) if after < n and (until is None or n <= until))
        yield Step(tuple(found), world)

    return Call(f"read after {after}", steps)


def begin_connect() -> Call[World]:
    def steps(world: World) -> Moves:
        after = world._replace(promised=world.number, socket=Socket.HANDSHAKE)
        yield Step(world.number, after)

    return Call("read SEQ", steps)


def put_row(via: Literal["connect", "subscribe"]) -> Call[World]:
    return Call(f"put row via {via}", lambda world: [Step(None, world._replace(row=via))])


def seen(world: World) -> Row | None:
    if world.row is None:
        return None
    return Row(world.row == "connect" and world.socket is Socket.HANDSHAKE)


def query() -> Call[World]:
    return Call("query", lambda world: [Step(seen(world), world)])


def read_row(attempt: int, last_attempt: int) -> Call[World]:
    """When the delay is over: the last attempt never meets a handshake."""

    def steps(world: World) -> Moves:
        if attempt < last_attempt or world.socket is not Socket.HANDSHAKE:
            yield Step(seen(world), world)

    return Call("read row", steps)


def post(number: int, *, plain: bool) -> Call[World]:
    client = receive_plainly if plain else receive

    def steps(world: World) -> Moves:
        if world.socket is not Socket.OPEN:
            yield Step(Outcome.GONE, world)
            return
        yield Step(Outcome.DELIVERED, client(world, number))
        if world.faults:
            lost = world._replace(faults=world.faults - 1)
            yield Step(Outcome.FAILED, lost)
            yield Step(Outcome.FAILED, client(lost, number))

    return Call(f"post {number}", steps)


def reply(since: int | None, recovery: Recovery) -> Call[World]:
    """The answer to `subscribe`; if there is more, the client asks for it from where it is then."""

    def steps(world: World) -> Moves:
        after = follow(world, since, recovery)
        sent = (Subscribe(after.position),) if recovery.more else ()
        yield Step(None, after, sent)

    return Call(f"reply {recovery}", steps, acknowledges=True)


def send(message: CatchUp | Forget) -> Call[World]:
    return Call(f"send {message}", lambda world: [Step(None, world, (message,))], commutes=True)


def delete_rows() -> Call[World]:
    return Call("delete rows", lambda world: [Step(None, world._replace(row=None))])


def open_socket() -> Call[World]:
    return Call("open", lambda world: [Step(None, world._replace(socket=Socket.OPEN))])


def expire() -> Call[World]:
    return Call("expire", lambda world: [Step(None, world._replace(expired=world.expired + 1))])
