"""What may happen on an explored `latest` channel: its client, its publishers, its faults."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from handlers.realtime.engine import Engine, Limits
from handlers.realtime.model import Connection, Outcome, Update
from handlers.realtime.model import Position as At
from handlers.realtime.protocol import Subscribe
from handlers.realtime.subscriptions import Handshake, Peer, connect, subscribe
from tests.fakes.delivery import API, RULES
from tests.fakes.realtime import MemoryStore
from tests.fakes.schedule import step

from .explorer import Script
from .situation import Actor, unchanged

if TYPE_CHECKING:
    from .latest import Latest

CHANNEL = "link:a"
CLIENT = "c"
Position = tuple[int, int]
Run = Callable[["Latest", Engine, Script], Any]
Change = Callable[[Actor, Engine], Engine]


class Store(MemoryStore):
    """Counts clicks, too."""

    def __init__(self) -> None:
        super().__init__()
        self.counted: frozenset[str] = frozenset()

    async def count(self, tokens: Sequence[str]) -> int:
        """How many of them are new; one transaction."""
        await step()
        new = {*tokens} - self.counted
        self.counted |= new
        return len(new)

    async def total(self) -> int:
        await step()
        return len(self.counted)


@dataclass(frozen=True)
class Clicks:
    """A batch."""

    tokens: tuple[str, ...]


async def subscribing(world: "Latest", engine: Engine, script: Script) -> None:
    peer = Peer(CLIENT, API)
    await subscribe(engine.store, RULES, CHANNEL, peer=peer, maximum=9, now_ms=1)
    reply = await engine.mode(CHANNEL).snapshot(engine, Subscribe(CHANNEL), 1)
    await script.do(lambda: world.show(reply))  # the reply travels: a push may overtake it


async def subscribing_again(world: "Latest", engine: Engine, script: Script) -> None:
    """With a heartbeat after the answer."""
    await subscribing(world, engine, script)
    await subscribing(world, engine, script)


async def connecting(world: "Latest", engine: Engine, script: Script) -> None:
    connection = Connection(CLIENT, "anonymous", 0, 7200, frozenset([CHANNEL]))
    since = None if world.setup.since is None else At(1, world.setup.since)
    handshake = Handshake(CHANNEL, connection, API, since)
    await connect(engine, engine.queue, engine.mode(CHANNEL), handshake)
    await script.do(world.open)  # the answer travels, and only then does the socket open


async def connecting_and_subscribing(world: "Latest", engine: Engine, script: Script) -> None:
    await connecting(world, engine, script)
    await subscribing(world, engine, script)


async def publish(
    engine: Engine, update: Update, tokens: Sequence[str], max_wait_ms: int = 0
) -> None:
    await engine.mode(CHANNEL).publish(engine, update, tokens, max_wait_ms)


async def counting(tokens: Sequence[str], engine: Engine) -> None:
    """A consumer of clicks, in batches that are not the same when they come again."""
    store: Any = engine.store
    await store.count(tokens)
    await publish(engine, update(await store.total()), tokens)


async def breaking(world: "Latest", _: Engine, script: Script) -> None:
    """The network, which is broken for a while."""
    await script.do(lambda: world.end_posts(world.setup.breaks))
    await script.do(lambda: world.end_posts(None))


@dataclass(frozen=True)
class Setup:
    """What is explored, and which design is in the place of the right one."""

    client: Run = subscribing
    since: int | None = None
    """The version that a plain client says it has."""
    versions: tuple[int, ...] = (1, 2)
    """One publisher for each."""
    clicks: tuple[str, ...] = ()
    """Handled in batches, of which any may come again with another."""
    crashes: int = 0
    client_dies: bool = False
    """Whether the function that a client called may die; the client calls again."""
    duplicates: int = 0
    publishers_twice: bool = False
    """Whether a publish may be in two hands at once; otherwise only a task may."""
    in_an_interval: bool = False
    """Whether a value was pushed just before."""
    ticks: int = 1
    """How often the clock may move,"""
    tick_ms: int = 1_000
    """and how far: past the end of an interval, as it is."""
    workers: int = 1
    """How many tasks are worked on at a time."""
    breaks: Outcome | None = None
    """How posts end for a while."""
    patient: bool = False
    """Whether publishers wait for an interval to end, which it may or may not have done then."""
    others: tuple[str, ...] = ()
    """Further subscribers, whose posts arrive."""
    limits: Limits = field(default_factory=Limits)
    in_every_order: bool = False
    # A broken design changes one of these.
    store: type[Store] = Store
    meanwhile: tuple[Run, ...] = ()
    """What happens at any time besides."""
    change_client: Change = unchanged
    change_publisher: Change = unchanged
    change_worker: Change = unchanged
    count: Callable[[Sequence[str], Engine], Any] = counting
    shows: Callable[[Position, Position], Position] = max
    """What a client shows that showed the first and receives the second."""
    attempts_outlast_a_handshake: bool = True


def update(version: int) -> Update:
    return Update(CHANNEL, {}, version, at=1, epoch=1)
