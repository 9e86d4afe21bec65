"""A `latest` channel with one client, its publishers and its delivery queue, to be explored.

The queue delivers any task at any time, the clock moves when it likes, and the client shows what
docs/protocol.md says.
"""

import json
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace
from itertools import permutations
from typing import Any

from handlers.realtime.delivery.fan_out import Unfinished
from handlers.realtime.delivery.outcomes import HANDSHAKE_MS
from handlers.realtime.delivery.retry import Undelivered
from handlers.realtime.engine import Engine
from handlers.realtime.functions.fan_out import work
from handlers.realtime.model import Connection, Outcome, State, Task
from tests.fakes.delivery import Fakes, watcher
from tests.fakes.schedule import finish, step

from .explorer import Choice, Recorded, Script
from .latest_setup import (
    CHANNEL,
    CLIENT,
    Clicks,
    Position,
    Setup,
    breaking,
    connecting,
    connecting_and_subscribing,
    publish,
    update,
)
from .situation import Actor, Message, Situation, copied

LONG_MS = 10**15


class Latest(Situation):
    giving_up = (Undelivered, Unfinished)
    commuting = frozenset({"queue.send"})

    def __init__(self, setup: Setup) -> None:
        super().__init__(
            crashes=setup.crashes,
            duplicates=setup.duplicates,
            in_every_order=setup.in_every_order,
        )
        self.setup = setup
        self.fakes = Fakes(now=1, store=setup.store(), limits=setup.limits)
        if setup.in_an_interval:
            finish(publish(self.fakes.engine, update(0), ["before"]))
        self.ticks = setup.ticks
        self.is_open = not _is_plain(setup)
        self.clicks = frozenset(setup.clicks)
        """Those that wait for a batch."""
        self.shown: Position = (0, 0)
        self.went_back = False
        self.had: Position | None = None
        """Up to where the channel was written when a plain client's handshake began."""
        for connection_id in setup.others:
            watcher(self.fakes.store, connection_id, CHANNEL)
        if self.is_open:
            self.fakes.store.connections[CLIENT] = Connection(CLIENT, "anonymous", 0, 7200)
        else:
            self.fakes.posts.outcomes[CLIENT] = Outcome.GONE
        client = Message(
            "client", setup.client, may_die=setup.client_dies, change=setup.change_client
        )
        self.add(client, *map(self._publish, range(len(setup.versions))))
        for run in (*setup.meanwhile, *([breaking] if setup.breaks else [])):
            self.add(Message(run.__name__, run, may_die=False))

    def ports(self, script: Script) -> Engine:
        async def sleep(_: float) -> None:
            await script.ask("sleep", _one_step)

        engine = self.fakes.engine
        names = ("store", "states", "log", "posts", "queue")
        ports: dict[str, Any] = {
            name: Recorded(name, getattr(engine, name), script) for name in names
        }
        now_ms = engine.now_ms
        return replace(engine, now_ms=lambda: script.tell(now_ms), sleep=sleep, **ports)

    def copy_fakes(self) -> None:
        fakes = self.fakes
        self.fakes = replace(fakes, store=copied(fakes.store), posts=copied(fakes.posts))

    def state(self) -> Hashable:
        return (
            (vars(self.fakes.store), self.fakes.posts.outcomes, self.fakes.now),
            (self.is_open, self.shown, self.went_back, self.had, self.ticks, sorted(self.clicks)),
        )

    def fault(self) -> str | None:
        return "the screen went back" if self.went_back else None

    def fault_at_the_end(self) -> str | None:
        last = (1, max(len(self.setup.clicks), *self.setup.versions, 0))
        state = self.fakes.store.states.get(CHANNEL)
        if state is None or (state.epoch, state.version) != last:
            return f"{last} was published and the channel is at {state}"
        if last in (self.shown, self.had):
            return None
        return f"the client shows {self.shown} and the channel is at {last}"

    def open(self) -> None:
        self.is_open = True
        if self.fakes.posts.outcomes[CLIENT] is Outcome.GONE:
            self.end_posts(None)

    def end_posts(self, outcome: Outcome | None) -> None:
        """From now on, in this way; None lets them arrive if the socket is open."""
        outcomes = self.fakes.posts.outcomes
        if outcome is None and self.is_open:
            del outcomes[CLIENT]
        else:
            outcomes[CLIENT] = outcome or Outcome.GONE

    def show(self, reply: str) -> None:
        position = json.loads(reply)["realtime"]
        if "value" in position:
            self._receive((position["epoch"], position["version"]))

    def stepped(self, actor: Actor) -> None:
        if actor.message.run is connecting and self.had is None and actor.script.answers:
            state: State | None = actor.script.first
            known = (state.epoch, state.version) if state else (0, 0)
            self.had = known if self.setup.since is None else (1, self.setup.since)
        for frame in self.fakes.posts.frames.pop(CLIENT, []):
            self._receive((frame["realtime"]["epoch"], frame["realtime"]["version"]))
        self.fakes.posts.frames.clear()
        self.add(*map(self._task, self.fakes.queue.tasks))
        self.fakes.queue.sent.clear()

    def died(self, actor: Actor) -> None:
        if isinstance(actor.message.about, Clicks) and not actor.acknowledges:
            self.clicks |= {*actor.message.about.tokens}

    def may_start(self, message: Message, actors: Iterable[Actor]) -> bool:
        if not isinstance(message.about, Task):
            return True
        # What outlasts one attempt is like what outlasts more of them, and none is like what
        # outlasts the last: by then no handshake is under way, and a queue keeps the rest.
        waits = CLIENT in self.fakes.posts.outcomes and getattr(message.about, "attempt", 0) > 0
        if waits and self.setup.attempts_outlast_a_handshake:
            return False
        busy = sum(isinstance(actor.message.about, Task) for actor in actors)
        return busy < self.setup.workers

    def events(self, *, alone: bool) -> Sequence[Choice]:
        found: list[Choice] = []
        for size in range(1, len(self.clicks) + 1):
            found += [("batch", *batch) for batch in permutations(sorted(self.clicks), size)]
        may_tick = self.is_open or self.setup.tick_ms < HANDSHAKE_MS
        if self.ticks and may_tick and (found or not alone):
            found.append(("tick",))
        return found

    def happen(self, event: Choice) -> None:
        match event:
            case ("batch", *tokens):
                self.clicks -= {*tokens}
                self.add(self._batch(tokens))
            case _:
                self.ticks -= 1
                self.fakes.now += self.setup.tick_ms

    def _receive(self, position: Position) -> None:
        shows = self.setup.shows(self.shown, position)
        self.went_back = self.went_back or shows < self.shown
        self.shown = shows

    def _publish(self, number: int) -> Message:
        version, token = self.setup.versions[number], f"m{number}"
        max_wait_ms = LONG_MS if self.setup.patient else 0

        async def publishing(_: Latest, engine: Engine, __: Script) -> None:
            await publish(engine, update(version), [token], max_wait_ms)

        return Message(
            f"publish {number}",
            publishing,
            may_come_twice=self.setup.publishers_twice,
            change=self.setup.change_publisher,
        )

    def _batch(self, tokens: Sequence[str]) -> Message:
        async def consuming(_: Latest, engine: Engine, __: Script) -> None:
            await self.setup.count(tokens, engine)

        about = Clicks(tuple(tokens))
        change = self.setup.change_publisher
        return Message(repr(about), consuming, about, comes_again=False, change=change)

    def _task(self, task: Task) -> Message:
        async def working(_: Latest, engine: Engine, __: Script) -> None:
            await work(engine, task)

        twice = not self.setup.publishers_twice
        change = self.setup.change_worker
        return Message(repr(task), working, task, may_come_twice=twice, change=change)


def _is_plain(setup: Setup) -> bool:
    return setup.client in (connecting, connecting_and_subscribing)


async def _one_step() -> None:
    await step()
