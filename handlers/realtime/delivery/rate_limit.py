"""Keeps all workers together below what the account may post a second.

A worker takes tokens in hundreds from a count in the table. A tenth of the rate is not in there:
each worker has a fixed share of it, for when others have taken the rest. What the account refuses
all the same, because others use its quota too, halves this process's own rate for a while: whether
it was a worker's chunk that was refused, or what a publisher posted at once.
"""

import asyncio
import math
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ..model import Outcome, Posts, Tokens

CHUNK = 100
"""Tokens are taken, and posts are started, so many at a time."""
PARTS = 4
"""Of a second, each with its own count: all that a second has, taken at the end of one and at the
beginning of the next, would be more than an account's burst."""
PART_MS = 1000 // PARTS
SHARED = 0.9
"""What the static shares of workers with nothing to do are, nobody uses: so they are small."""
CHUNKS_AT_ONCE = 8
"""Enough to go on while a few of them wait for a socket that does not answer."""
ANSWER_SECONDS = 3.0
"""Kept for the answers to the chunk that starts last."""

Sleep = Callable[[float], Awaitable[None]]


@dataclass
class Rate:
    """How many posts a second this worker starts: additive increase, multiplicative decrease.

    A few throttled posts are slow sockets; many in one chunk are an account over its quota.
    """

    maximum: float
    current: float = field(init=False)
    _next_at: float = 0
    _paused_until: float = 0

    def __post_init__(self) -> None:
        self.current = self.maximum

    @property
    def minimum(self) -> float:
        return max(1, self.maximum / 100)

    @property
    def is_reduced(self) -> bool:
        return self.current < self.maximum

    def pause_ms(self, now_ms: float) -> float:
        """For how long nothing is to be posted."""
        return max(0, self._paused_until - now_ms)

    def reserve(self, posts: int, now_ms: float) -> float:
        """When so many posts may start, in ms."""
        start = max(now_ms, self._next_at, self._paused_until)
        self._next_at = start + posts * 1000 / self.current
        return start

    def heard(self, outcomes: Mapping[str, Outcome], now_ms: float) -> None:
        slow = sum(outcome is Outcome.SLOW for outcome in outcomes.values())
        self.answered(len(outcomes), slow, now_ms, jitter=random.random())  # noqa: S311 - no secret

    def answered(self, posts: int, slow: int, now_ms: float, *, jitter: float) -> None:
        """`jitter` is 0 to 1, so that the workers do not come back all at once."""
        if posts < 20 or slow <= posts / 5:
            self.current = min(self.maximum, self.current + self.maximum / 50)
        elif now_ms >= self._paused_until:  # what was under way meets the same overload
            self.current = max(self.minimum, self.current / 2)
            self._paused_until = now_ms + 250 + 750 * jitter


class Pacer:
    """`workers` is how many have a fixed share each; more of them may exceed the rate a little."""

    def __init__(
        self, tokens: Tokens, rate: Rate, workers: int, now_ms: Callable[[], int], sleep: Sleep
    ) -> None:
        self._part_maximum = int(rate.maximum * SHARED / PARTS)
        # A part that its chunks did not fill would be left over, second by second.
        self.chunk = max(1, self._part_maximum // max(1, math.ceil(self._part_maximum / CHUNK)))
        """How many posts a permit is for."""
        self.waits = 0
        self.rate = rate
        self._tokens, self._now_ms, self._sleep = tokens, now_ms, sleep
        self._share_per_ms = rate.maximum * (1 - SHARED) / workers / 1000
        self._share: float = self.chunk
        self._share_at = 0
        self._exhausted_part = 0

    async def permit(self) -> None:
        """Returns when the next chunk may start."""
        now = self._now_ms()
        start = self.rate.reserve(self.chunk, now)
        if start > now:
            await self._wait(start - now)
        while not (await self._taken() or self._from_share()):
            to_next_part = PART_MS - self._now_ms() % PART_MS
            await self._wait(to_next_part + random.uniform(0, PART_MS / 10))  # noqa: S311 - no secret

    def answered(self, outcomes: Mapping[str, Outcome]) -> None:
        self.rate.heard(outcomes, self._now_ms())

    async def _taken(self) -> bool:
        part = self._now_ms() // PART_MS
        if part == self._exhausted_part:
            return False
        second, number = divmod(part, PARTS)
        if await self._tokens.take_tokens(second, number, self.chunk, self._part_maximum):
            return True
        self._exhausted_part = part
        return False

    def _from_share(self) -> bool:
        now = self._now_ms()
        grown = self._share + (now - self._share_at) * self._share_per_ms
        self._share, self._share_at = min(self.chunk, grown), now
        if self._share < self.chunk:
            return False
        self._share -= self.chunk
        return True

    async def _wait(self, milliseconds: float) -> None:
        self.waits += 1
        await self._sleep(milliseconds / 1000)


class RatedPosts:
    """The `Posts` of who posts at once, without tokens: less of it where the account refuses.

    What it leaves unstarted the caller hands on, as it does what it has no time for.
    """

    def __init__(self, posts: Posts, rate: Rate, now_ms: Callable[[], int], sleep: Sleep) -> None:
        self._posts, self._rate, self._now_ms, self._sleep = posts, rate, now_ms, sleep

    async def post_all(
        self, connection_ids: Sequence[str], data: bytes, seconds: float
    ) -> Mapping[str, Outcome]:
        outcomes = dict.fromkeys(connection_ids, Outcome.UNSTARTED)
        pause = self._rate.pause_ms(self._now_ms()) / 1000
        if pause > seconds / 2:
            return outcomes
        if pause:
            await self._sleep(pause)
        most = len(connection_ids)
        if self._rate.is_reduced:
            most = math.ceil(self._rate.current * (seconds - pause))
        answered = await self._posts.post_all(connection_ids[:most], data, seconds - pause)
        self._rate.heard(answered, self._now_ms())
        return {**outcomes, **answered}

    async def disconnect(self, connection_id: str) -> None:
        await self._posts.disconnect(connection_id)


class PacedPosts:
    """The `Posts` of a worker: starts chunk by chunk, as the pacer permits.

    Chunks overlap, because one with a socket that does not answer takes as long as a call may.
    """

    def __init__(self, posts: Posts, pacer: Pacer) -> None:
        self._posts, self._pacer = posts, pacer
        self._slots = asyncio.Semaphore(CHUNKS_AT_ONCE)

    async def post_all(
        self, connection_ids: Sequence[str], data: bytes, seconds: float
    ) -> Mapping[str, Outcome]:
        loop = asyncio.get_running_loop()
        ends = loop.time() + seconds
        size = self._pacer.chunk
        under_way: list[asyncio.Task[Mapping[str, Outcome]]] = []
        try:
            async with asyncio.timeout_at(ends - min(ANSWER_SECONDS, seconds / 2)):
                for start in range(0, len(connection_ids), size):
                    await self._permitted()
                    chunk = self._post(connection_ids[start : start + size], data, ends)
                    under_way.append(loop.create_task(chunk))
        except TimeoutError:
            pass  # what has not started is handed on
        outcomes = dict.fromkeys(connection_ids, Outcome.UNSTARTED)
        for answered in await asyncio.gather(*under_way):
            outcomes.update(answered)
        return outcomes

    async def disconnect(self, connection_id: str) -> None:
        await self._posts.disconnect(connection_id)

    async def _permitted(self) -> None:
        await self._slots.acquire()
        try:
            await self._pacer.permit()
        except BaseException:
            self._slots.release()
            raise

    async def _post(
        self, connection_ids: Sequence[str], data: bytes, ends: float
    ) -> Mapping[str, Outcome]:
        try:
            left = ends - asyncio.get_running_loop().time()
            outcomes = await self._posts.post_all(connection_ids, data, left)
        finally:
            self._slots.release()
        self._pacer.answered(outcomes)
        return outcomes
