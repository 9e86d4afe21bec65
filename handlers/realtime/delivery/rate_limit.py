"""Keeps all workers together below the posts per second that the account may make.

Every post of a worker costs a token of the second's shared count in the table. Throttled posts
halve this process's own rate for a while, because other callers use the account's quota too.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ..model import Outcome
from ..ports import Posts, Tokens

WINDOW = 100
"""Tokens are taken, and posts are started, so many at a time."""
WINDOWS_AT_ONCE = 8
"""Enough to go on while a few of them wait for a socket that does not answer."""
ANSWER_SECONDS = 3.0
"""Kept for the answers to the window that starts last."""
JITTER_MS = 250
"""Spreads the workers that wait for the same second."""

Sleep = Callable[[float], Awaitable[None]]


@dataclass
class Rate:
    """Posts per second that this process starts: additive increase, multiplicative decrease.

    A few throttled posts are slow sockets; many in one window are an account over its quota.
    """

    maximum: float
    current: float = field(init=False)
    _next_at: float = 0
    _paused_until: float = 0

    def __post_init__(self) -> None:
        self.current = self.maximum

    def reserve(self, posts: int, now_ms: float) -> float:
        """When so many posts may start, in ms."""
        start = max(now_ms, self._next_at, self._paused_until)
        self._next_at = start + posts * 1000 / self.current
        return start

    def answered(self, posts: int, slow: int, now_ms: float, *, jitter: float) -> None:
        """`jitter` is 0 to 1, so that the workers do not come back all at once."""
        if posts < 20 or slow <= posts / 5:
            self.current = min(self.maximum, self.current + self.maximum / 50)
        elif now_ms >= self._paused_until:  # posts that were under way meet the same overload
            self.current = max(1, self.maximum / 100, self.current / 2)
            self._paused_until = now_ms + 250 + 750 * jitter


class RateLimitedPosts:
    """The `Posts` of a worker: starts window by window, each with its tokens.

    Windows overlap, because one with a socket that does not answer takes as long as a call may.
    """

    def __init__(
        self,
        posts: Posts,
        tokens: Tokens,
        posts_per_second: int,
        now_ms: Callable[[], int],
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self.rate = Rate(posts_per_second)
        self.waits = 0
        self._posts, self._tokens = posts, tokens
        self._maximum = posts_per_second
        self._now_ms, self._sleep = now_ms, sleep
        self._exhausted_second = 0
        self._slots = asyncio.Semaphore(WINDOWS_AT_ONCE)

    async def post_all(
        self, connection_ids: Sequence[str], data: bytes, seconds: float
    ) -> Mapping[str, Outcome]:
        loop = asyncio.get_running_loop()
        ends = loop.time() + seconds
        size = min(WINDOW, self._maximum)
        under_way: list[asyncio.Task[Mapping[str, Outcome]]] = []
        try:
            async with asyncio.timeout_at(ends - min(ANSWER_SECONDS, seconds / 2)):
                for start in range(0, len(connection_ids), size):
                    window = connection_ids[start : start + size]
                    await self._slots.acquire()
                    try:
                        await self.acquire(len(window))
                    except BaseException:
                        self._slots.release()
                        raise
                    under_way.append(loop.create_task(self._post(window, data, ends)))
        except TimeoutError:
            pass  # the caller hands on the posts that have not started
        outcomes = dict.fromkeys(connection_ids, Outcome.UNSTARTED)
        for answered in await asyncio.gather(*under_way):
            outcomes.update(answered)
        return outcomes

    async def disconnect(self, connection_id: str) -> None:
        await self._posts.disconnect(connection_id)

    async def acquire(self, posts: int) -> None:
        """Returns when so many posts may start."""
        now = self._now_ms()
        start = self.rate.reserve(posts, now)
        if start > now:
            await self._wait(start - now)
        while True:
            second = self._now_ms() // 1000
            if second != self._exhausted_second:
                if await self._tokens.take_tokens(second, posts, self._maximum):
                    return
                self._exhausted_second = second
            jitter = random.uniform(0, JITTER_MS)  # noqa: S311 - jitter is no secret
            await self._wait(1000 - self._now_ms() % 1000 + jitter)

    async def _wait(self, milliseconds: float) -> None:
        self.waits += 1
        await self._sleep(milliseconds / 1000)

    async def _post(
        self, connection_ids: Sequence[str], data: bytes, ends: float
    ) -> Mapping[str, Outcome]:
        try:
            left = ends - asyncio.get_running_loop().time()
            outcomes = await self._posts.post_all(connection_ids, data, left)
        finally:
            self._slots.release()
        slow = sum(outcome is Outcome.SLOW for outcome in outcomes.values())
        jitter = random.random()  # noqa: S311 - jitter is no secret
        self.rate.answered(len(outcomes), slow, self._now_ms(), jitter=jitter)
        return outcomes
