"""An `every` channel with one client, its publishers, its history and its delivery queue."""

import json
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from handlers.realtime import protocol
from handlers.realtime.delivery.retry import Undelivered
from handlers.realtime.engine import Engine, Limits
from handlers.realtime.every.mode import Contended, replied
from handlers.realtime.every.recovery import recover
from handlers.realtime.functions.fan_out import work
from handlers.realtime.model import Connection, LogMessage, Outcome, Position, Task, Update
from handlers.realtime.ports import Duplicate
from handlers.realtime.subscriptions import Handshake, Peer, connect, subscribe
from tests.fakes.client import EveryClient
from tests.fakes.delivery import API, NOW, RULES, Fakes
from tests.fakes.log import Log, MemoryLog

from .explorer import Choice, Recorded, Script
from .situation import Actor, Message, Situation, copied, unchanged

CHANNEL = "order:1"
CLIENT = "c"
FOR_EVER = 2**40
EPOCH = 7
Run = Callable[["Every", Engine, Script], Any]
Change = Callable[[Actor, Engine], Engine]


class Plain(EveryClient):
    """Shows whatever comes, as it comes."""

    def receive(self, frame: Any) -> None:
        if frame["realtime"].get("event") != "subscribed":
            self.shown.append(frame["id"])


async def subscribing(world: "Every", engine: Engine, script: Script) -> None:
    """With the client's position, and once more while the reply says that there is more."""
    more = True
    while more:
        since = script.tell(lambda: world.client.since)
        peer = Peer(CLIENT, API)
        await subscribe(engine.store, RULES, CHANNEL, peer=peer, maximum=9, now_ms=NOW)
        limit = world.setup.reply_bytes
        recovery = await world.setup.recover(
            engine.log, CHANNEL, since, now_ms=engine.now_ms(), limit_bytes=limit
        )
        reply = json.loads(replied(protocol.Subscribe(CHANNEL, since), recovery))
        await script.do(lambda reply=reply: world.receive(reply))  # a push may overtake it
        more = reply["realtime"]["more"]


async def connecting(world: "Every", engine: Engine, script: Script) -> None:
    connection = Connection(CLIENT, "anonymous", NOW, FOR_EVER, frozenset([CHANNEL]))
    handshake = Handshake(CHANNEL, connection, API)
    await connect(engine, engine.queue, engine.mode(CHANNEL), handshake)
    await script.do(world.open)


async def breaking(world: "Every", _: Engine, script: Script) -> None:
    """The network, which is broken for a while."""
    outcomes = world.fakes.posts.outcomes
    await script.do(lambda: outcomes.update({CLIENT: Outcome.FAILED}))
    closed = [] if world.is_open else [(CLIENT, Outcome.GONE)]
    await script.do(lambda: (outcomes.clear(), outcomes.update(closed)))


@dataclass(frozen=True)
class Setup:
    ids: tuple[str, ...] = ("a", "b")
    """One publisher for each."""
    client: Run = subscribing
    since: int | None = 0
    """The number of the last message that the client shows; None is a client that is new."""
    history: int = 0
    """How many messages there are before anything happens."""
    expiring: int = 0
    """How many of them expire, each at any time, the oldest first."""
    reply_bytes: int = 10**6
    crashes: int = 0
    duplicates: int = 0
    breaks: bool = False
    workers: int = 1
    # A broken design changes one of these.
    log: type[MemoryLog] = MemoryLog
    change_client: Change = unchanged
    change_publisher: Change = unchanged
    change_worker: Change = unchanged
    recover: Callable[..., Any] = recover
    shows: type[EveryClient] = EveryClient


class Every(Situation):
    giving_up = (Undelivered, Contended)
    commuting = frozenset({"queue.send"})

    def __init__(self, setup: Setup) -> None:
        super().__init__(crashes=setup.crashes, duplicates=setup.duplicates)
        self.setup = setup
        self.fakes = Fakes(log=setup.log(), limits=Limits(history_seconds=FOR_EVER))
        self.is_open = setup.client is not connecting
        since = None if setup.since is None else Position(EPOCH if setup.since else 0, setup.since)
        self.client = setup.shows(since) if self.is_open else Plain()
        self.expired = 0
        self.wrong: str | None = None
        self.had: int | None = None if setup.client is connecting else setup.since or 0
        """Up to which number nothing is owed; None before that is known."""
        self._write_history()
        if self.is_open:
            connection = Connection(CLIENT, "anonymous", NOW, FOR_EVER)
            self.fakes.store.connections[CLIENT] = connection
        else:
            self.fakes.posts.outcomes[CLIENT] = Outcome.GONE
        self.add(Message("client", setup.client, may_die=False, change=setup.change_client))
        self.add(*map(self._publish, setup.ids))
        if setup.breaks:
            self.add(Message("network", breaking, may_die=False))

    def _write_history(self) -> None:
        log = self.fakes.log.of(CHANNEL)
        for number in range(1, self.setup.history + 1):
            name = f"old {number}"
            log.end = Position(EPOCH, number)
            log.messages[number] = LogMessage(number, name, {"id": name}, NOW, FOR_EVER)
            log.ids[name] = Duplicate(log.end)

    def ports(self, script: Script) -> Engine:
        async def sleep(_: float) -> None:
            """What a pause lets others do, the step before the next call lets them do too."""

        engine = self.fakes.engine
        names = ("store", "states", "log", "posts", "queue")
        ports: dict[str, Any] = {
            name: Recorded(name, getattr(engine, name), script) for name in names
        }
        return replace(engine, sleep=sleep, **ports)

    def copy_fakes(self) -> None:
        fakes = self.fakes
        log = copied(fakes.log)
        log.channels = {channel: copied(of) for channel, of in log.channels.items()}
        self.fakes = replace(fakes, store=copied(fakes.store), log=log, posts=copied(fakes.posts))
        self.client = copied(self.client)

    def state(self) -> Hashable:
        store, log = self.fakes.store, self.fakes.log.of(CHANNEL)
        return (
            (store.connections, store.rows, vars(log), self.fakes.posts.outcomes),
            (vars(self.client), self.is_open, self.expired, self.had, self.wrong),
        )

    def fault(self) -> str | None:
        ids = [message.id for message in self._log.messages.values()]
        if len({*ids}) < len(ids):
            return "an id has two numbers"
        found = map(self._number, self.client.shown)
        shown = [number for number in found if number is not None]
        if not self.is_plain and shown != sorted({*shown}):
            return f"the client shows {shown}"
        return self.wrong

    def fault_at_the_end(self) -> str | None:
        numbers = sorted(self._log.messages)
        if numbers != list(range(1, (self._log.end or Position(0, 0)).version + 1)):
            return f"the numbers have a gap: {numbers}"
        if len(numbers) != len(self.setup.ids) + self.setup.history:
            return f"the log has {numbers}"
        shown = {self._number(value) for value in self.client.shown}
        missing = [n for n in numbers if n > (self.had or 0) and n not in shown]
        return f"the client never sees {missing}" if missing else None

    @property
    def is_plain(self) -> bool:
        return isinstance(self.client, Plain)

    @property
    def _log(self) -> Log:
        return self.fakes.log.of(CHANNEL)

    def _number(self, value: Any) -> int | None:
        id_ = value if isinstance(value, str) else value["id"]
        return next((n for n, message in self._log.messages.items() if message.id == id_), None)

    def receive(self, reply: Any) -> None:
        """The client's, which says what it is not owed."""
        about, since = reply["realtime"], self.client.since
        self.client.receive(reply)
        if not about["recovered"]:
            self.had = about.get("version", 0)
            if since and since.version >= self.expired:
                self.wrong = "the client is told of a gap that is none"
        elif since and since.version == 0 and about["messages"]:
            # It asked for the history, as far as that is kept.
            self.had = min(about["messages"][0]["version"] - 1, self.expired)

    def open(self) -> None:
        self.is_open = True
        if self.fakes.posts.outcomes[CLIENT] is Outcome.GONE:
            del self.fakes.posts.outcomes[CLIENT]

    def stepped(self, actor: Actor) -> None:
        if actor.message.run is connecting and self.had is None and actor.script.answers:
            end: Position | None = actor.script.first
            self.had = end.version if end else 0
        for frame in self.fakes.posts.frames.pop(CLIENT, []):
            self.client.receive(frame)
        self.add(*map(self._task, self.fakes.queue.tasks))
        self.fakes.queue.sent.clear()

    def may_start(self, message: Message, actors: Iterable[Actor]) -> bool:
        if not isinstance(message.about, Task):
            return True
        # See `latest`: the last attempt never meets a handshake.
        waits = CLIENT in self.fakes.posts.outcomes and getattr(message.about, "attempt", 0) > 0
        busy = sum(isinstance(actor.message.about, Task) for actor in actors)
        return not waits and busy < self.setup.workers

    def events(self, *, alone: bool) -> Sequence[Choice]:
        return [("expire",)] if self.expired < self.setup.expiring and not alone else []

    def happen(self, event: Choice) -> None:  # noqa: ARG002 - there is one
        self.expired += 1
        message = self._log.messages[self.expired]
        self._log.messages[self.expired] = replace(message, expires_at=0)

    def _publish(self, id_: str) -> Message:
        update = Update(CHANNEL, {"id": id_}, version=0, at=NOW, id=id_)

        async def publishing(_: Every, engine: Engine, __: Script) -> None:
            await engine.mode(CHANNEL).publish(engine, update, [id_])

        change = self.setup.change_publisher
        return Message(f"publish {id_}", publishing, may_come_twice=True, change=change)

    def _task(self, task: Task) -> Message:
        async def working(_: Every, engine: Engine, __: Script) -> None:
            await work(engine, task)

        change = self.setup.change_worker
        return Message(repr(task), working, task, may_come_twice=True, change=change)
