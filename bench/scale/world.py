"""What both designs meet: one account's gateway, its watchers, and functions fed by queues."""

import asyncio
from array import array
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from .clock import now
from .parameters import Parameters, Region

VISIBILITY_TIMEOUTS = 6
"""The queue's visibility timeout, in time-outs of the function."""
MAXIMUM_RECEIVES = 5
"""Then a message goes to the dead-letter queue, and nobody works on it any more."""

Environment = TypeVar("Environment")
Message = TypeVar("Message")

OTHERS_SECONDS = 0.01
RAMP_START = 5
RAMP_PER_SECOND = 5
"""A queue's mapping starts with five functions at a time and adds 300 a minute.
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
"""


@dataclass
class Watchers:
    """The watchers of each link, one link's after another's, and the number that each has seen."""

    count: int
    links: int = 1
    seen: "array[int]" = field(init=False)
    awaited: Sequence[int] = ()
    """By link, the number of clicks that its watchers are to see."""
    done: int = 0
    half_at: float | None = None
    all_at: float | None = None
    shown: int = 0
    """Clicks on screens, each on each screen of its link."""
    shown_seconds: float = 0
    """What they took together."""

    def __post_init__(self) -> None:
        self.seen = array("q", bytes(8 * self.count))
        self._clicked_at = [[0.0] for _ in range(self.links)]
        """By link and number of clicks, the sum of the times at which they were made."""

    @property
    def of_a_link(self) -> int:
        return self.count // self.links

    def wait_for(self, clicks: Sequence[int]) -> None:
        self.awaited, self.done, self.half_at, self.all_at = clicks, 0, None, None
        self.shown, self.shown_seconds = 0, 0

    def click(self, link: int) -> None:
        self._clicked_at[link].append(self._clicked_at[link][-1] + now())

    def see(self, first: int, count: int, clicks: int) -> None:
        """So many from the first on, all of one link, get a frame with so many clicks."""
        link = first // self.of_a_link
        seen, awaited, clicked_at = self.seen, self.awaited[link], self._clicked_at[link]
        for index in range(first, first + count):
            before = seen[index]
            if clicks > before:
                self.done += clicks >= awaited > before
                self.shown += clicks - before
                waited = clicked_at[clicks] - clicked_at[before]
                self.shown_seconds += (clicks - before) * now() - waited
                seen[index] = clicks
        if self.half_at is None and 2 * self.done >= self.count:
            self.half_at = now()
        if self.all_at is None and self.done == self.count:
            self.all_at = now()


@dataclass(frozen=True)
class Click:
    link: int
    at: float


@dataclass
class Gateway:
    """The account's bucket: what finds it empty is answered 429."""

    region: Region
    counts: Counter[str]
    _tokens: float = field(init=False)
    _at: float = 0

    def __post_init__(self) -> None:
        self._tokens = self.region.burst

    def take(self, posts: int) -> int:
        """How many of the posts get through."""
        granted = self._granted(posts)
        self.counts["posts"] += granted
        self.counts["refused"] += posts - granted
        return granted

    async def serve_others(self) -> None:
        """Until it is cancelled: their requests come evenly."""
        while self.region.others_requests_per_second:
            await asyncio.sleep(OTHERS_SECONDS)
            requests = round(self.region.others_requests_per_second * OTHERS_SECONDS)
            self.counts["others"] += requests
            self.counts["others_refused"] += requests - self._granted(requests)

    def _granted(self, requests: int) -> int:
        grown = self._tokens + (now() - self._at) * self.region.requests_per_second
        self._tokens, self._at = min(self.region.burst, grown), now()
        granted = min(requests, int(self._tokens))
        self._tokens -= granted
        return granted


@dataclass
class Processor:
    """A function's share of a processor: what computes, computes one after the other."""

    share: float
    _free_at: float = 0

    async def work(self, seconds: float, at_least: float = 0) -> None:
        """Takes this much of a whole processor; `at_least` is waiting that goes on meanwhile."""
        began = now()
        self._free_at = max(self._free_at, began) + seconds / self.share
        await asyncio.sleep(max(self._free_at, began + at_least) - began)


@dataclass
class Function(Generic[Environment, Message]):
    """A function and the queue that feeds it, with what the bill counts of them."""

    parameters: Parameters
    maximum: int
    timeout_seconds: float
    make: Callable[[], Environment]
    handle: Callable[[Environment, Sequence[Message]], Awaitable[Collection[Message]]]
    """Returns those that failed."""
    counts: Counter[str]
    running: int = 0
    most: int = 0
    error: BaseException | None = None
    """The first that a run raised: then the simulation is wrong."""
    _waiting: list[tuple[Message, int]] = field(default_factory=list[tuple[Message, int]])
    """With how often it was received before."""
    _idle: list[Environment] = field(default_factory=list[Environment])
    _tasks: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])
    _on_the_way: int = 0
    _backlog_since: float = 0

    def __post_init__(self) -> None:
        self._idle.append(self.make())  # one is warm; more start cold

    def put(self, message: Message, delay_seconds: float = 0, received: int = 0) -> None:
        self._on_the_way += 1
        delay = delay_seconds + self.parameters.queue_seconds
        asyncio.get_running_loop().call_later(delay, self._arrive, message, received)

    @property
    def busy(self) -> bool:
        return bool(self.running or self._waiting or self._on_the_way)

    def _arrive(self, message: Message, received: int) -> None:
        self._on_the_way -= 1
        if not self._waiting:
            self._backlog_since = now()
        self._waiting.append((message, received))
        self._dispatch()

    def _dispatch(self) -> None:
        ramp = RAMP_START + int(RAMP_PER_SECOND * (now() - self._backlog_since))
        while self._waiting and self.running < min(self.maximum, ramp):
            size = self.parameters.batch_size
            batch, self._waiting = self._waiting[:size], self._waiting[size:]
            self.running += 1
            self.most = max(self.most, self.running)
            task = asyncio.get_running_loop().create_task(self._invoke(batch))
            self._tasks.add(task)
            task.add_done_callback(self._finished)

    def _again(self, batch: Sequence[tuple[Message, int]]) -> None:
        """The queue shows them once more when it may."""
        for message, received in batch:
            if received + 1 == MAXIMUM_RECEIVES:
                self.counts["dead"] += 1
            else:
                self.put(message, VISIBILITY_TIMEOUTS * self.timeout_seconds, received + 1)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            self.error = self.error or error

    async def _invoke(self, batch: Sequence[tuple[Message, int]]) -> None:
        self.counts["invocations"] += 1
        self.counts["queue_requests"] += 2  # receive and delete
        began = now()
        if self._idle:
            environment = self._idle.pop()
        else:
            environment = self.make()
            await asyncio.sleep(self.parameters.cold_start_seconds)
        try:
            async with asyncio.timeout(self.timeout_seconds):
                failed = await self.handle(environment, [message for message, _ in batch])
            self._again([received for received in batch if received[0] in failed])
        except TimeoutError:
            self.counts["timeouts"] += 1
            self._again(batch)
        self.counts["milliseconds"] += round((now() - began) * 1000)
        self._idle.append(environment)
        self.running -= 1
        self._dispatch()
