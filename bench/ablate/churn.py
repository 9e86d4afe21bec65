"""A thousand links whose watchers come and go, simulated with the engine's own code.

`bench.scale` has one link, and its watchers are there from the start. Here the links of clicks and
of watchers are drawn by Zipf's law, and each watcher stays for a random time. Connecting,
subscribing and leaving are part of the cost.
"""

import asyncio
import json
import random
import statistics
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from handlers.clicks.counting import MAX_WAIT_MS
from handlers.realtime.channels import Rules
from handlers.realtime.connections import CONNECTION_SECONDS, delete_connection
from handlers.realtime.engine import Engine, Limits
from handlers.realtime.functions.fan_out import work
from handlers.realtime.functions.tables import mode_of
from handlers.realtime.model import Connection, Outcome, Task, Update
from handlers.realtime.protocol import Subscribe
from handlers.realtime.subscriptions import Handshake, Peer, connect, subscribe
from tests.fakes.log import MemoryLog
from tests.fakes.realtime import MemoryStore

from ..clicks.costs import dollars
from ..scale import clock
from ..scale.ours import (
    API,
    COUNT_WRITE_UNITS,
    READ_UNIT_BYTES,
    RULES,
    START_MS,
    now_ms,
)
from ..scale.parameters import Parameters

LINKS = 1_000
AGGREGATORS = 5
WORKERS = 3
WARM_UP_SECONDS = 30
MILLION = 1_000_000
READS = frozenset({"subscription", "subscriptions", "read_state"})


@dataclass(frozen=True)
class Traffic:
    clicks_per_second: int
    watchers: int
    """On average, at any time."""
    stay_seconds: int
    seconds: int

    @property
    def title(self) -> str:
        return (
            f"{self.watchers:,} on 1,000 links, {self.stay_seconds // 60} min each, "
            f"{self.clicks_per_second} clicks a second"
        )


class CountedStore:
    """The in-memory store with DynamoDB's delays and units."""

    def __init__(self, store: MemoryStore, parameters: Parameters, counts: Counter[str]) -> None:
        self._store, self._parameters, self._counts = store, parameters, counts

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        method = getattr(self._store, name)

        async def call(*arguments: Any, **named: Any) -> Any:
            if name in READS:
                await asyncio.sleep(self._parameters.read_seconds)
                answer = await method(*arguments, **named)
                rows = len(answer.subscriptions) if name == "subscriptions" else 1
                used = -(-rows * self._parameters.row_bytes // READ_UNIT_BYTES)
                self._counts["read_units"] += max(1, used)
                return answer
            await asyncio.sleep(self._parameters.write_seconds)
            rows = len(arguments[1]) if name == "delete_subscriptions" else 1
            self._counts["write_units"] += rows
            return await method(*arguments, **named)

        return call


class Simulation:
    """The posts and the queue of every engine, and what watchers and clicks do."""

    def __init__(self, traffic: Traffic, parameters: Parameters) -> None:
        self.traffic, self.parameters = traffic, parameters
        self.random = random.Random(7)  # noqa: S311 - repeatable, not secret
        self.counts = Counter[str]()
        self.clicks = Counter[str]()
        """By channel."""
        self.unseen = defaultdict[str, dict[int, float]](dict[int, float])
        """By channel and number, when a click was made that no watcher has been shown."""
        self.seconds: list[float] = []
        """From a click until a watcher is shown it."""
        self._memory = MemoryStore(page_size=parameters.page_rows)
        self._store: Any = CountedStore(self._memory, parameters, self.counts)
        self._log = MemoryLog()
        self._rules = Rules.parse(RULES)
        self._engines = [self._engine() for _ in range(AGGREGATORS + WORKERS)]
        self._channels = [f"link:{number}" for number in range(LINKS)]
        self._weights = [1 / number for number in range(1, LINKS + 1)]
        self._tasks = set[asyncio.Task[None]]()
        self._errors: list[BaseException] = []

    async def run(self) -> dict[str, Any]:
        for number in range(self.traffic.watchers):
            self._start(self._watch(str(number)))
        self._start(self._arrivals())
        await asyncio.sleep(WARM_UP_SECONDS)
        self.counts.clear()
        clicks, ends = 0, clock.now() + self.traffic.seconds
        while clock.now() < ends:
            await asyncio.sleep(self.random.expovariate(self.traffic.clicks_per_second))
            self._start(self._click())
            clicks += 1
            if self._errors:
                raise self._errors[0]
        units = {
            "web_socket_million_messages": "posts",
            "dynamodb_million_write_units": "write_units",
            "dynamodb_million_read_units": "read_units",
            "sqs_million_requests": "queue_requests",
            "lambda_million_requests": "invocations",
        }
        cost = dollars({price: self.counts[name] for price, name in units.items()})
        return {
            "seconds": round(statistics.mean(self.seconds), 3),
            "dollars": round(cost["total"] / clicks * MILLION, 3),
            **{f"{name}_a_click": round(n / clicks, 3) for name, n in sorted(self.counts.items())},
        }

    async def post_all(
        self, connection_ids: Sequence[str], data: bytes, seconds: float
    ) -> Mapping[str, Outcome]:
        await asyncio.sleep(min(seconds, self.parameters.post_seconds))
        self.counts["posts"] += len(connection_ids)
        there = self._memory.connections
        outcomes = {
            key: Outcome.DELIVERED if key in there else Outcome.GONE for key in connection_ids
        }
        if Outcome.DELIVERED in outcomes.values():
            position = json.loads(data)["realtime"]
            unseen = self.unseen[position["channel"]]
            for number in [number for number in unseen if number <= position["version"]]:
                self.seconds.append(clock.now() - unseen.pop(number))
        return outcomes

    async def disconnect(self, connection_id: str) -> None:
        raise AssertionError(f"no connection is slow here, {connection_id} was closed")

    async def send(self, tasks: Sequence[Task], delay_seconds: int = 0) -> None:
        """The delivery queue: each task is a run of its own."""
        await asyncio.sleep(self.parameters.send_seconds)
        for task in tasks:
            self.counts["queue_requests"] += 3  # send, receive, delete
            self.counts["invocations"] += 1
            self._start(self._work(task, delay_seconds + self.parameters.queue_seconds))

    async def _work(self, task: Task, delay: float) -> None:
        await asyncio.sleep(delay)
        await work(self.random.choice(self._engines[AGGREGATORS:]), task)

    async def _arrivals(self) -> None:
        number = self.traffic.watchers
        while True:
            rate = self.traffic.watchers / self.traffic.stay_seconds
            await asyncio.sleep(self.random.expovariate(rate))
            self._start(self._watch(str(number)))
            number += 1

    async def _watch(self, connection_id: str) -> None:
        (channel,) = self.random.choices(self._channels, self._weights)
        expires_at = now_ms() // 1000 + CONNECTION_SECONDS
        connection = Connection(
            connection_id, "anonymous", now_ms(), expires_at, frozenset([channel])
        )
        handshake = Handshake(channel, connection, API)
        engine = self._engines[0]
        mode = engine.mode(channel)
        await connect(engine, self, mode, handshake)
        peer = Peer(connection_id, API)
        await subscribe(self._store, self._rules, channel, peer=peer, maximum=100, now_ms=now_ms())
        await mode.snapshot(engine, Subscribe(channel), now_ms())
        await asyncio.sleep(self.random.expovariate(1 / self.traffic.stay_seconds))
        await delete_connection(self._store, connection_id)

    async def _click(self) -> None:
        (channel,) = self.random.choices(self._channels, self._weights)
        await asyncio.sleep(self.parameters.write_seconds)
        self.counts["write_units"] += COUNT_WRITE_UNITS
        self.counts["invocations"] += 1
        self.clicks[channel] += 1
        number = self.clicks[channel]
        if any(of == channel for of, _ in self._memory.rows):
            self.unseen[channel][number] = clock.now()
        update = Update(channel, {"clicks": number}, number, at=now_ms(), epoch=START_MS)
        engine = self.random.choice(self._engines[:AGGREGATORS])
        mode = engine.mode(channel)
        await mode.publish(engine, update, [f"{channel}-{number}"], MAX_WAIT_MS)

    def _engine(self) -> Engine:
        return Engine(
            store=self._store,
            states=self._store,
            log=self._log,
            posts=self,
            queue=self,
            rules=self._rules,
            mode_of=mode_of,
            now_ms=now_ms,
            api_id=API,
            limits=Limits(),
        )

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            self._errors.append(error)


def simulate(traffic: Traffic, parameters: Parameters) -> dict[str, Any]:
    random.seed(0)
    return clock.run(Simulation(traffic, parameters).run())
