"""A `latest` channel with one client, its publishers and its delivery queue, to be explored.

The queue delivers any task at any time, and some twice. The clock moves when it likes. A process
may die between any two calls, and what it was handling is delivered again.
"""

from collections.abc import Callable, Coroutine, Hashable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from handlers.realtime.delivery.engine import Engine, Limits
from handlers.realtime.delivery.tasks import CatchUp, Task
from handlers.realtime.delivery.workers import work
from handlers.realtime.ports import Connection, Outcome, State, Update
from handlers.realtime.publisher import publish
from handlers.realtime.subscriptions import Handshake, Peer, connect, subscribe

from .delivery import API, RULES, Twins
from .explorer import Choice, Recorded, Script
from .realtime import MemoryStore
from .schedule import step

CHANNEL = "link:a"
CLIENT = "c"
LONG_MS = 10**15
Position = tuple[int, int]
Run = Callable[["Situation", Engine], Coroutine[Any, Any, None]]
Change = Callable[["Actor", Engine], Engine]


def unchanged(_: "Actor", engine: Engine) -> Engine:
    return engine


async def subscribing(world: "Situation", engine: Engine) -> None:
    peer = Peer(CLIENT, API)
    state = await subscribe(engine.store, RULES, CHANNEL, peer=peer, maximum=9, now_ms=1)
    await step()  # the reply travels: a push may overtake it
    world.show(state)


async def subscribing_again(world: "Situation", engine: Engine) -> None:
    """With a heartbeat after the answer."""
    await subscribing(world, engine)
    await subscribing(world, engine)


async def connecting(world: "Situation", engine: Engine) -> None:
    connection = Connection(CLIENT, "anonymous", 0, 7200, frozenset([CHANNEL]))
    handshake = Handshake(CHANNEL, connection, API)
    await connect(engine.store, engine.log, engine.queue, RULES, handshake)
    await step()  # the answer travels, and only then does the socket open
    world.is_open = True
    del world.twins.posts.outcomes[CLIENT]


async def breaking(world: "Situation", _: Engine) -> None:
    """The network, which is broken for a while."""
    await step()
    assert world.setup.breaks
    world.twins.posts.outcomes[CLIENT] = world.setup.breaks
    await step()
    del world.twins.posts.outcomes[CLIENT]


@dataclass(frozen=True)
class Setup:
    """What there is to explore, and what is changed in the code to see whether that is noticed."""

    client: Run = subscribing
    versions: tuple[int, ...] = (1, 2)
    """One publisher for each."""
    crashes: int = 0
    client_dies: bool = False
    """Whether what a client asks for may die, too; it asks again."""
    duplicates: int = 0
    ticks: int = 1
    """How often the clock may move past a hold."""
    workers: int = 1
    """How many tasks are worked on at a time."""
    breaks: Outcome | None = None
    """How posts end for a while."""
    patient: bool = False
    """Whether publishers wait for a hold to end, which it may or may not have done then."""
    limits: Limits = field(default_factory=Limits)
    store: type[MemoryStore] = MemoryStore
    change_client: Change = unchanged
    change_publisher: Change = unchanged
    change_worker: Change = unchanged


class Actor:
    """A process at work on one message, or the client."""

    def __init__(self, run: Run, change: Change, task: Task | None = None) -> None:
        self.run, self.change, self.task = run, change, task
        self.script = Script()
        self.steps = 0
        self.is_acknowledged = False
        """Whether what it handles is not delivered again if it dies."""
        self._coroutine: Coroutine[Any, Any, None] | None = None

    def copy(self) -> "Actor":
        copy = Actor(self.run, self.change, self.task)
        copy.script, copy.steps = Script(self.script.answers), self.steps
        copy.is_acknowledged = self.is_acknowledged
        return copy

    def step(self, world: "Situation") -> bool:
        """Whether there is more to do. A copy first does again what its original did."""
        if self._coroutine is None:
            self._coroutine = self.run(world, self.change(self, self._recorded(world)))
            for _ in range(self.steps):
                self._coroutine.send(None)
        self.steps += 1
        try:
            self._coroutine.send(None)
        except StopIteration:
            return False
        return True

    def _recorded(self, world: "Situation") -> Engine:
        async def sleep(_: float) -> None:
            await self.script.ask(_one_step)

        engine = world.twins.engine
        ports: dict[str, Any] = {
            name: Recorded(getattr(engine, name), self.script)
            for name in ("store", "log", "posts", "queue")
        }
        now_ms = engine.now_ms
        return replace(engine, now_ms=lambda: self.script.tell(now_ms), sleep=sleep, **ports)


class Situation:
    """`World` of the explorer."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.twins = Twins(now=1, store=setup.store(), limits=setup.limits)
        self.crashes, self.duplicates, self.ticks = setup.crashes, setup.duplicates, setup.ticks
        self.is_open = setup.client is not connecting
        self.shown: Position = (0, 0)
        self.had: Position | None = None
        """Up to where the channel was written when a plain client's handshake began."""
        self._actors = {"client": Actor(setup.client, setup.change_client)}
        self._tasks = 0
        if self.is_open:
            self.twins.store.connections[CLIENT] = Connection(CLIENT, "anonymous", 0, 7200)
        else:
            self.twins.posts.outcomes[CLIENT] = Outcome.GONE
        if setup.breaks:
            self._actors["network"] = Actor(breaking, unchanged)
        for number, version in enumerate(setup.versions):
            max_wait_ms = LONG_MS if setup.patient else 0
            run = _publishing(version, f"m{number}", max_wait_ms)
            self._actors[f"publisher {number}"] = Actor(run, setup.change_publisher)

    def copy(self) -> "Situation":
        copy = Situation.__new__(Situation)
        copy.__dict__.update(self.__dict__)
        copy.twins = Twins(now=self.twins.now, store=self.setup.store(), limits=self.setup.limits)
        for name in ("connections", "rows", "states", "holds"):
            setattr(copy.twins.store, name, dict(getattr(self.twins.store, name)))
        copy.twins.posts.outcomes = dict(self.twins.posts.outcomes)
        copy.twins.queue.sent = list(self.twins.queue.sent)
        copy._actors = {name: actor.copy() for name, actor in self._actors.items()}
        return copy

    def choices(self) -> Sequence[Choice]:
        found: list[Choice] = [("step", name) for name in self._actors]
        if self.crashes:
            found += [("crash", name) for name in self._actors if self._may_crash(name)]
        if sum(actor.task is not None for actor in self._actors.values()) < self.setup.workers:
            tasks = filter(self._is_deliverable, self.twins.queue.tasks)
            waiting = sorted({repr(task) for task in tasks})
            found += [("deliver", task) for task in waiting]
            if self.duplicates:
                found += [("duplicate", task) for task in waiting]
        if self.ticks and found:
            found.append(("tick",))
        return found

    def take(self, choice: Choice) -> None:
        match choice:
            case ("step", name):
                self._step(name)
            case ("crash", name):
                self.crashes -= 1
                self._crash(name)
            case ("deliver" | "duplicate" as how, text):
                self._deliver(text, twice=how == "duplicate")
            case _:
                self.ticks -= 1
                self.twins.now += 1_000

    def situation(self) -> Hashable:
        store, posts, queue = self.twins.store, self.twins.posts, self.twins.queue
        return (
            (store.states, store.holds, store.rows, store.connections, posts.outcomes),
            (self.is_open, self.shown, self.had, self.twins.now),
            (self.crashes, self.duplicates, self.ticks),
            sorted(map(repr, queue.tasks)),
            sorted(
                (repr(actor.task or name), actor.steps, actor.is_acknowledged, repr(actor.script))
                for name, actor in self._actors.items()
            ),
        )

    def fault(self) -> str | None:
        state = self.twins.store.states[CHANNEL]
        last = (state.epoch, state.version)
        if last in (self.shown, self.had):
            return None
        return f"the client shows {self.shown} and the channel is at {last}"

    def show(self, state: State | None) -> None:
        """What a client does with a value: it shows it unless it shows a newer one."""
        if state:
            self.shown = max(self.shown, (state.epoch, state.version))

    def _step(self, name: str) -> None:
        actor = self._actors[name]
        if not actor.step(self):
            del self._actors[name]
        if actor.run is connecting and self.had is None and actor.script.answers:
            state = actor.script.answers[0]
            assert state is None or isinstance(state, State)
            self.had = (state.epoch, state.version) if state else (0, 0)
        for frame in self.twins.posts.frames.pop(CLIENT, []):
            position = frame["realtime"]
            self.shown = max(self.shown, (position["epoch"], position["version"]))

    def _may_crash(self, name: str) -> bool:
        may = self.setup.client_dies if name == "client" else name != "network"
        return may and self._actors[name].steps > 0

    def _crash(self, name: str) -> None:
        actor = self._actors.pop(name)
        if actor.task:
            self.twins.queue.sent.append((actor.task, 0))
        elif not actor.is_acknowledged:
            self._actors[name] = Actor(actor.run, actor.change)

    def _is_deliverable(self, task: Task) -> bool:
        # What outlasts one attempt is like what outlasts more of them, and none is like what
        # outlasts the last: by then no handshake is under way, and a queue keeps the rest.
        reachable = CLIENT not in self.twins.posts.outcomes
        return reachable or not isinstance(task, CatchUp) or task.attempt < 1

    def _deliver(self, text: str, *, twice: bool) -> None:
        queue = self.twins.queue
        index, task = next((i, t) for i, t in enumerate(queue.tasks) if repr(t) == text)
        if twice:
            self.duplicates -= 1
        else:
            del queue.sent[index]
        self._tasks += 1
        self._actors[f"task {self._tasks}"] = Actor(
            _working_on(task), self.setup.change_worker, task
        )


def _publishing(version: int, token: str, max_wait_ms: int) -> Run:
    async def run(_: Situation, engine: Engine) -> None:
        await publish(engine, Update(CHANNEL, {}, version, at=1, epoch=1), [token], max_wait_ms)

    return run


def _working_on(task: Task) -> Run:
    async def run(_: Situation, engine: Engine) -> None:
        await work(engine, task)

    return run


async def _one_step() -> None:
    await step()
