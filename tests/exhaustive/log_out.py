"""One connection of one principal who logs out everywhere, to be explored.

The handshake, the revocation, the sweeper, $disconnect and what the client says meanwhile take
their steps in any order. When the sweeper looks, no handshake is under way: it waits for longer
than one takes.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

from handlers.realtime.channels import Rules
from handlers.realtime.engine import Tables
from handlers.realtime.functions.tables import mode_of
from handlers.realtime.identity.sessions import (
    HANDSHAKE_SECONDS,
    ConnectionsLeft,
    Ending,
    admit,
    end,
    part_of,
    revoke,
    sweep,
)
from handlers.realtime.model import Connection, UnknownConnection
from handlers.realtime.subscriptions import Handshake, Peer, connect, subscribe
from tests.fakes.delivery import API, NOW, Fakes
from tests.fakes.sessions import MemorySessions, Sockets

from .explorer import Choice, Recorded, Script
from .situation import Actor, Message, Situation, copied, unchanged

RULES = Rules.parse(
    '[{"pattern":"user:{sub}","access":"owner","delivery":"latest","min_interval_ms":0,'
    '"publishers":[]}]'
)
CHANNEL = "user:alice"
CLIENT = "c="
PRINCIPAL = "alice"
SECOND = NOW // 1000


@dataclass(frozen=True)
class Ports:
    sessions: Any
    store: Any
    posts: Any
    log: Any
    queue: Any

    @property
    def ending(self) -> Ending:
        return Ending(self.sessions, self.store, self.posts)


Change = Callable[[Actor, Ports], Ports]


@dataclass(frozen=True)
class Setup:
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
    closing_fails: bool = False
    """Once."""
    ticks: bool = False
    """Whether the connection may be older than a handshake when it is found."""
    # A broken design changes one of these.
    change_connect: Change = unchanged
    change_revoke: Change = unchanged
    change_sweep: Change = unchanged

    @property
    def connection(self) -> Connection:
        return Connection(
            connection_id=CLIENT,
            principal=PRINCIPAL,
            connected_at=NOW,
            expires_at=SECOND + (630 if self.ends_early else 7200),
            channels=frozenset([CHANNEL] if self.names_a_channel else []),
            claims={"sub": PRINCIPAL},
            issued_at=SECOND + (HANDSHAKE_SECONDS + 1 if self.issued_later else 0),
        )


async def connecting(world: "LogOut", ports: Ports, script: Script) -> None:
    """$connect, and then API Gateway, which opens the socket."""
    connection = world.setup.connection
    channel = CHANNEL if world.setup.names_a_channel else None
    handshake = Handshake(channel, connection, API)
    rule = RULES.find(CHANNEL)
    assert rule
    tables = Tables(store=ports.store, states=ports.store, log=ports.log)
    opening = partial(connect, tables, ports.queue, mode_of(rule), handshake)
    is_admitted = await admit(ports.sessions, ports.store, connection, opening)
    await script.do(world.open if is_admitted else world.refuse)


async def subscribing(world: "LogOut", ports: Ports, _: Script) -> None:  # noqa: ARG001 - a `Run`
    try:
        peer = Peer(CLIENT, API)
        await subscribe(ports.store, RULES, CHANNEL, peer=peer, maximum=9, now_ms=NOW)
    except UnknownConnection:
        return


async def revoking(world: "LogOut", ports: Ports, script: Script) -> None:
    await revoke(ports.ending, PRINCIPAL, script.tell(lambda: world.now_ms))


async def disconnecting(world: "LogOut", ports: Ports, _: Script) -> None:  # noqa: ARG001 - a `Run`
    await end(ports.sessions, ports.store, CLIENT)


async def failing_to_close(world: "LogOut", _: Ports, script: Script) -> None:
    """The management API, once."""
    await script.do(lambda: world.sockets.stubborn.add(CLIENT))


class FailingOnce(Sockets):
    async def disconnect(self, connection_id: str) -> None:
        try:
            await super().disconnect(connection_id)
        except ConnectionError:
            self.stubborn.clear()
            raise


class LogOut(Situation):
    giving_up = (ConnectionsLeft,)

    def __init__(self, setup: Setup) -> None:
        super().__init__(crashes=setup.crashes, duplicates=setup.duplicates)
        self.setup = setup
        self.fakes = Fakes()
        self.sessions = MemorySessions(self.fakes.store)
        self.sockets = FailingOnce()
        self.socket: Literal["none", "open", "closed"] = "none"
        self.now_ms = NOW
        self.is_told = False
        """Whether the caller believes that the principal is out."""
        self.due: frozenset[int] = frozenset()
        """When the sweeper comes for the connection, in seconds."""
        connect = Message("connect", connecting, comes_again=False, change=setup.change_connect)
        revoke = Message("revoke", revoking, change=setup.change_revoke)
        self.add(connect, *[revoke] * setup.revokes)
        if setup.subscribes:
            self.add(Message("subscribe", subscribing, comes_again=False))
        if setup.closing_fails:
            self.add(Message("closing fails", failing_to_close, may_die=False))

    def ports(self, script: Script) -> Ports:
        ports = {
            "sessions": self.sessions,
            "store": self.fakes.store,
            "posts": self.sockets,
            "log": self.fakes.log,
            "queue": self.fakes.queue,
        }
        return Ports(**{name: Recorded(name, port, script) for name, port in ports.items()})

    def copy_fakes(self) -> None:
        self.fakes = replace(self.fakes, store=copied(self.fakes.store))
        self.sessions = copied(self.sessions)
        self.sessions.store = self.fakes.store
        self.sessions.due = {name: {*times} for name, times in self.sessions.due.items()}
        self.sockets = copied(self.sockets)

    def state(self) -> Hashable:
        store, sessions = self.fakes.store, self.sessions
        return (
            (store.connections, store.rows, sessions.rows, sessions.revocations, sessions.due),
            (self.socket, self.sockets.stubborn, self.now_ms, self.is_told),
        )

    def fault(self) -> str | None:
        is_pushed_to = self.socket == "open" and (CHANNEL, CLIENT) in self.fakes.store.rows
        if self.is_told and is_pushed_to and not self.setup.issued_later:
            return "a connection that was logged out is pushed to"
        return None

    def fault_at_the_end(self) -> str | None:
        setup = self.setup
        if not setup.issued_later or setup.ends_early:
            return "a socket stays open" if self.socket == "open" else None
        closed = self.socket == "closed" and not setup.crashes
        return "a newer token was logged out, too" if closed else None

    def open(self) -> None:
        self.socket = "open"
        self.sockets.open.add(CLIENT)

    def refuse(self) -> None:
        self.socket = "closed"

    def stepped(self, actor: Actor) -> None:  # noqa: ARG002 - whoever did it
        if self.socket == "open" and CLIENT not in self.sockets.open:
            self.socket = "closed"
            self.add(Message("disconnect", disconnecting, comes_again=False))
        due = frozenset(self.sessions.due.get(CLIENT, ()))
        self.add(*map(self._sweep, sorted(due - self.due)))
        self.due = due

    def returned(self, actor: Actor) -> None:
        self.is_told = self.is_told or actor.message.run is revoking

    def died(self, actor: Actor) -> None:
        if actor.message.run is connecting:  # the handshake is refused
            self.socket = "closed"

    def may_start(self, message: Message, actors: Iterable[Actor]) -> bool:  # noqa: ARG002 - any number
        if message.run is subscribing:
            return self.socket == "open"
        return self.socket != "none" or not message.name.startswith("sweep")

    def events(self, *, alone: bool) -> Sequence[Choice]:
        found: list[Choice] = []
        if self.setup.ticks and self.now_ms == NOW and self.socket != "none" and not alone:
            found.append(("tick",))
        if any(message.run is disconnecting for message in self.waiting().values()):
            found.append(("no $disconnect",))
        return found

    def happen(self, event: Choice) -> None:
        if event == ("tick",):
            self.now_ms += HANDSHAKE_SECONDS * 1000
            return
        for number, message in self.waiting().items():
            if message.run is disconnecting:
                del self.messages[number]

    def _sweep(self, due: int) -> Message:
        async def sweeping(_: LogOut, ports: Ports, __: Script) -> None:
            await sweep(ports.ending, part_of(CLIENT), due // 60, due * 1000)

        name = f"sweep at {due}"
        change = self.setup.change_sweep
        return Message(name, sweeping, may_come_twice=True, change=change)
