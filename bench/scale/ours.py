"""The engine's own code against simulated AWS. `Mode.publish`, `work`, `RateLimitedPosts` are real.

Simulated are the ports that they await: DynamoDB (the tests' in-memory fake, after a pause), the
delivery queue, and posts.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from handlers.clicks.counting import MAX_WAIT_MS
from handlers.realtime.channels import Rules
from handlers.realtime.delivery.rate_limit import RateLimitedPosts
from handlers.realtime.engine import Engine, Limits
from handlers.realtime.functions.fan_out import RANGES_AT_ONCE, work
from handlers.realtime.functions.tables import mode_of
from handlers.realtime.model import Outcome, Page, Range, State, Subscription, Task, Trail, Update
from handlers.realtime.ports import CoolingDown, Deferred, Led, Superseded
from tests.fakes.log import MemoryLog
from tests.fakes.realtime import MemoryStore

from .clock import now
from .parameters import Parameters
from .world import Click, Function, Gateway, Processor, Watchers

API = "api"
RULES = (
    '[{"pattern":"link:*","access":"public","delivery":"latest","min_interval_ms":200,'
    '"publishers":[]}]'
)
START_MS = 1_763_787_600_000
READ_UNIT_BYTES = 4096
TASKS_PER_SEND = 10
COUNT_WRITE_UNITS = 1


def channel_of(link: int) -> str:
    return f"link:{link}"


def now_ms() -> int:
    return START_MS + int(now() * 1000)


class Store(MemoryStore):
    """The fake, slow as a network and a parser make it. Its rows are ids in order, by index."""

    def __init__(self, parameters: Parameters, watchers: Watchers, counts: Counter[str]) -> None:
        super().__init__()
        self._parameters, self._counts = parameters, counts
        self._of_a_link = watchers.of_a_link
        self._subscriptions = [_subscription(index) for index in range(watchers.count)]

    async def lead(
        self, update: Update, now_ms: int, interval_ms: int
    ) -> Led | CoolingDown | Superseded:
        await self._pause_to_write()
        return await super().lead(update, now_ms, interval_ms)

    async def defer(self, update: Update, token: str) -> Deferred | Superseded:
        await self._pause_to_write()
        return await super().defer(update, token)

    async def trail(self, channel: str, token: str, now_ms: int, interval_ms: int) -> State | None:
        await self._pause_to_write()
        return await super().trail(channel, token, now_ms, interval_ms)

    async def set_interval(self, channel: str, interval_ms: int) -> None:
        await self._pause_to_write()
        await super().set_interval(channel, interval_ms)

    async def take_tokens(self, second: int, tokens: int, maximum: int) -> bool:
        await self._pause_to_write()
        return await super().take_tokens(second, tokens, maximum)

    async def read_state(self, channel: str) -> State | None:
        await self._pause_to_read(1)
        return await super().read_state(channel)

    async def subscription(self, channel: str, connection_id: str) -> Subscription | None:  # noqa: ARG002 - ids are of one channel
        await self._pause_to_read(1)
        return self._subscriptions[int(connection_id)]

    async def subscriptions(
        self,
        channel: str,
        after: str | None = None,
        until: str | None = None,
        limit: int | None = None,
    ) -> Page:
        first_of_link = int(channel.removeprefix("link:")) * self._of_a_link
        first = first_of_link if after is None else int(after) + 1
        end = first_of_link + self._of_a_link if until is None else int(until) + 1
        size = min(limit or self._parameters.page_rows, self._parameters.page_rows)
        rows = self._subscriptions[first : min(end, first + size)]
        await self._pause_to_read(len(rows))
        return Page(rows, rows[-1].connection_id if len(rows) == size else None)

    async def _pause_to_write(self) -> None:
        self._counts["write_units"] += 1
        await asyncio.sleep(self._parameters.write_seconds)

    async def _pause_to_read(self, rows: int) -> None:
        used = rows * self._parameters.row_bytes
        self._counts["read_units"] += max(1, -(-used // READ_UNIT_BYTES))
        await asyncio.sleep(self._parameters.read_seconds)


def _subscription(index: int) -> Subscription:
    return Subscription(f"{index:07}", API, "subscribe", START_MS, START_MS // 1000 + 7200)


@dataclass(frozen=True)
class ReadingStore:
    """A function's view of the store: reading rows takes its processor."""

    store: Store
    processor: Processor
    parameters: Parameters

    def __getattr__(self, name: str) -> object:
        return getattr(self.store, name)

    async def subscriptions(
        self,
        channel: str,
        after: str | None = None,
        until: str | None = None,
        limit: int | None = None,
    ) -> Page:
        page = await self.store.subscriptions(channel, after, until, limit)
        await self.processor.work(len(page.subscriptions) * self.parameters.row_processor_seconds)
        return page


@dataclass
class Posts:
    """So many sockets at a time; each wave waits for the network and for the processor."""

    parameters: Parameters
    gateway: Gateway
    watchers: Watchers
    processor: Processor

    async def post_all(
        self, connection_ids: Sequence[str], data: bytes, seconds: float
    ) -> Mapping[str, Outcome]:
        clicks = json.loads(data)["clicks"]
        ends = now() + seconds
        outcomes = dict.fromkeys(connection_ids, Outcome.UNSTARTED)
        for start in range(0, len(connection_ids), self.parameters.sockets):
            if now() >= ends:
                break
            wave = connection_ids[start : start + self.parameters.sockets]
            busy = len(wave) * self.parameters.post_processor_seconds
            await self.processor.work(busy, at_least=self.parameters.post_seconds)
            granted = self.gateway.take(len(wave))
            if int(wave[-1]) - int(wave[0]) == len(wave) - 1:
                self.watchers.see(int(wave[0]), granted, clicks)
            else:
                for connection_id in wave[:granted]:
                    self.watchers.see(int(connection_id), 1, clicks)
            outcomes.update(dict.fromkeys(wave[:granted], Outcome.DELIVERED))
            outcomes.update(dict.fromkeys(wave[granted:], Outcome.SLOW))
        return outcomes

    async def disconnect(self, connection_id: str) -> None:
        raise AssertionError(f"nobody is to be disconnected here, {connection_id} was")


@dataclass
class Worker:
    """An environment of the fan-out function, as `fan_out` puts it together."""

    engine: Engine
    limited: Engine


@dataclass
class Ours:
    parameters: Parameters
    gateway: Gateway
    watchers: Watchers
    counts: Counter[str]
    clicks: Counter[int] = field(default_factory=Counter[int])
    """By link."""
    aggregate: Function[Engine, Click] = field(init=False)
    deliver: Function[Worker, Task] = field(init=False)

    def __post_init__(self) -> None:
        parameters = self.parameters
        self._store = Store(parameters, self.watchers, self.counts)
        self._limits = Limits(posts_per_second=self.gateway.region.posts_per_second)
        seconds = parameters.timeout_seconds
        self.aggregate = Function(
            parameters, parameters.aggregators, seconds, self._engine, self._count, self.counts
        )
        self.deliver = Function(
            parameters, parameters.workers, seconds, self._worker, self._work, self.counts
        )

    @property
    def functions(self) -> Sequence[Function[Engine, Click] | Function[Worker, Task]]:
        return self.aggregate, self.deliver

    def cooldown_seconds(self) -> float:
        """How long the cooldowns of the channels last from now on."""
        until = max(cooldown.until for cooldown in self._store.cooldowns.values())
        return max(0.0, (until - now_ms()) / 1000)

    async def send(self, tasks: Sequence[Task], delay_seconds: int = 0) -> None:
        """The delivery queue."""
        sends = -(-len(tasks) // TASKS_PER_SEND)
        self.counts["queue_requests"] += sends
        await asyncio.sleep(-(-sends // self.parameters.senders) * self.parameters.send_seconds)
        for task in tasks:
            self.counts[type(task).__name__] += 1
            self.deliver.put(task, delay_seconds)

    async def _count(self, engine: Engine, messages: Sequence[Click]) -> Sequence[Click]:
        max_wait_ms = MAX_WAIT_MS if len(messages) == 1 else 0
        for link, clicks in Counter(message.link for message in messages).items():
            await asyncio.sleep(self.parameters.write_seconds)
            self.counts["write_units"] += COUNT_WRITE_UNITS
            self.clicks[link] += clicks
            total, tokens = (
                self.clicks[link],
                [f"{link}-{m.at}" for m in messages if m.link == link],
            )
            value = {"code": str(link), "clicks": total}
            update = Update(channel_of(link), value, version=total, at=now_ms(), epoch=START_MS)
            mode = engine.mode(update.channel)
            published = await mode.publish(engine, update, tokens, max_wait_ms)
            self.counts["conflated"] += published.conflated
        return ()

    async def _work(self, worker: Worker, tasks: Sequence[Task]) -> Sequence[Task]:
        lanes = asyncio.Semaphore(RANGES_AT_ONCE)
        done = await asyncio.gather(*(self._task(worker, lanes, task) for task in tasks))
        return [task for task, ok in zip(tasks, done, strict=True) if not ok]

    async def _task(self, worker: Worker, lanes: asyncio.Semaphore, task: Task) -> bool:
        """As `fan_out.Worker` does: an exception fails its task, and is in the results."""
        try:
            if isinstance(task, Range):
                async with lanes:
                    await work(worker.limited, task)
            else:
                await work(worker.engine if isinstance(task, Trail) else worker.limited, task)
        except Exception as error:  # noqa: BLE001 - see above
            self.counts[f"raised_{type(error).__name__}"] += 1
            return False
        return True

    def _engine(self) -> Engine:
        return self._worker().engine

    def _worker(self) -> Worker:
        processor = Processor(self.parameters.processor_share)
        store: MemoryStore = ReadingStore(self._store, processor, self.parameters)  # pyright: ignore[reportAssignmentType] - it hands on what it does not have
        posts = Posts(self.parameters, self.gateway, self.watchers, processor)
        engine = Engine(
            store=store,
            states=store,
            log=MemoryLog(),
            posts=posts,
            queue=self,
            rules=Rules.parse(RULES),
            mode_of=mode_of,
            now_ms=now_ms,
            api_id=API,
            limits=self._limits,
        )
        limited = RateLimitedPosts(posts, self._store, self._limits.posts_per_second, now_ms)
        return Worker(engine, replace(engine, posts=limited))
