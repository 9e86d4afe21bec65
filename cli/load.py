"""`realtime load`: many sockets on one link, clicks at a rate, and whether all of them saw the end.

The age of a frame is taken between two clocks, the redirect's and this machine's. Clicks are sent
on time whether or not the ones before are answered, so a slow stack cannot slow its own load.
"""

import asyncio
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

from localcloud.command.watch import Watch

OPENING_AT_ONCE = 16
TIMEOUT_SECONDS = 30
SETTLE_SECONDS = 60
POLL_SECONDS = 0.05
REDIRECT = 302

Progress = Callable[[str, int, int], None]
"""Gets the name of the step, the part of it that is done, and the whole."""


class LoadError(Exception):
    """The load could not start; the message names the missing part."""


@dataclass(frozen=True)
class Plan:
    endpoint: str
    api_url: str
    code: str
    sockets: int
    clicks_per_second: float
    seconds: float

    @property
    def clicks(self) -> int:
        return max(1, round(self.clicks_per_second * self.seconds))


@dataclass
class Socket:
    """One watcher, and the ages of the frames that it got while there were clicks."""

    watch: Watch
    version: int = 0
    ages_ms: list[float] = field(default_factory=list[float])

    async def listen(self, clicking: asyncio.Event) -> None:
        async for frame in self.watch.frames():
            self.version = frame.version
            if clicking.is_set():
                self.ages_ms.append(frame.age_ms)


@dataclass(frozen=True)
class Report:
    sockets: int
    clicks: int
    refused_clicks: int
    """Not answered, or not with a redirect: throttled, most likely."""
    clicks_per_second: float
    """As they went out, up to the last answer."""
    frames: int
    right_at_the_end: int
    """Sockets whose last value counts every click, and is the newest that any of them has."""
    click_to_frame_ms: dict[str, float]

    @property
    def is_sound(self) -> bool:
        return self.right_at_the_end == self.sockets and not self.refused_clicks


async def run(plan: Plan, progress: Progress) -> Report:
    """Raises `LoadError`, and `WatchError` for a link that is not public."""
    sockets = [Socket(Watch(plan.endpoint, f"link:{plan.code}")) for _ in range(plan.sockets)]
    clicking = asyncio.Event()
    listening = list[asyncio.Task[None]]()
    try:
        await _open(sockets, clicking, listening, progress)
        before = max(socket.version for socket in sockets)
        clicking.set()
        started = time.perf_counter()
        redirected = await _click(plan, progress)
        seconds = time.perf_counter() - started
        await _settle(sockets, before + redirected, progress)
    finally:
        for task in listening:
            task.cancel()
        await asyncio.gather(*listening, return_exceptions=True)
    return _report(plan, sockets, before, redirected, seconds)


async def _open(
    sockets: list[Socket],
    clicking: asyncio.Event,
    listening: list[asyncio.Task[None]],
    progress: Progress,
) -> None:
    """Sixteen handshakes at a time: a stage lets only so many in a second."""
    gate = asyncio.Semaphore(OPENING_AT_ONCE)
    opened = 0

    async def one(socket: Socket) -> None:
        nonlocal opened
        async with gate:
            task = asyncio.create_task(socket.listen(clicking))
            listening.append(task)
            waiting = asyncio.create_task(socket.watch.subscribed.wait())
            await asyncio.wait(
                (task, waiting), timeout=SETTLE_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
            waiting.cancel()
            if task.done():
                task.result()  # raises why it ended
            if not socket.watch.subscribed.is_set():
                raise LoadError(
                    f"a socket must be subscribed within {SETTLE_SECONDS} s, and {opened} of"
                    f" {len(sockets)} were. Open fewer, or raise the stage's throttle."
                )
        opened += 1
        progress("Opening sockets", opened, len(sockets))

    await asyncio.gather(*(one(socket) for socket in sockets))


async def _click(plan: Plan, progress: Progress) -> int:
    """How many were redirected."""
    address = f"{plan.api_url.rstrip('/')}/{plan.code}"
    limits = httpx.Limits(max_connections=200, max_keepalive_connections=200)
    answered = redirected = 0

    async def one(http: httpx.AsyncClient, after_seconds: float) -> None:
        nonlocal answered, redirected
        await asyncio.sleep(after_seconds)
        try:
            status = (await http.get(address)).status_code
        except httpx.HTTPError:
            status = 0
        answered, redirected = answered + 1, redirected + (status == REDIRECT)
        progress("Clicking", answered, plan.clicks)

    async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS, limits=limits) as http:
        await asyncio.gather(
            *(one(http, number / plan.clicks_per_second) for number in range(plan.clicks))
        )
    return redirected


async def _settle(sockets: list[Socket], expected: int, progress: Progress) -> None:
    """Until all have seen the end, or for a minute: the report says how many have not."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while time.monotonic() < deadline:
        done = _right(sockets, expected)
        progress("Waiting for the last value", done, len(sockets))
        if done == len(sockets):
            return
        await asyncio.sleep(POLL_SECONDS)


def _right(sockets: list[Socket], expected: int) -> int:
    newest = max(expected, *(socket.version for socket in sockets))
    return sum(socket.version == newest for socket in sockets)


def _report(
    plan: Plan, sockets: list[Socket], before: int, redirected: int, seconds: float
) -> Report:
    return Report(
        sockets=len(sockets),
        clicks=redirected,
        refused_clicks=plan.clicks - redirected,
        clicks_per_second=round(redirected / seconds, 1),
        frames=sum(len(socket.ages_ms) for socket in sockets),
        right_at_the_end=_right(sockets, before + redirected),
        click_to_frame_ms=_percentiles([age for socket in sockets for age in socket.ages_ms]),
    )


def _percentiles(ages_ms: list[float]) -> dict[str, float]:
    """Empty without a frame, of which nothing can be said."""
    if not ages_ms:
        return {}
    cuts = statistics.quantiles(ages_ms, n=100) if len(ages_ms) > 1 else ages_ms * 99
    return {f"p{p}": round(cuts[p - 1], 1) for p in (50, 95, 99)}
