"""One run: clicks on one link that so many watch, in one region, with one design."""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from ..clicks.costs import dollars
from .clock import now, run
from .naive import Naive
from .ours import Ours
from .parameters import Parameters, Region
from .world import Click, Gateway, Watchers

HORIZON_SECONDS = 3600
"""Nobody waits longer for a number; what has not come by then is said to be missing."""
LOOK_SECONDS = 0.05
DESIGNS = {"ours": Ours, "naive": Naive}


@dataclass(frozen=True)
class Clicks:
    """Comes after a first click that everybody has seen, on a channel that is quiet again."""

    name: str
    title: str
    at: Sequence[float]
    """Seconds after that."""
    cold: bool = False
    """There was no such click: nobody has counted the audience."""


ONE = Clicks("one_click", "one click", (0.0,))


def stream(clicks_per_second: int, seconds: int, *, cold: bool = False) -> Clicks:
    """They come as strangers do; at even intervals they would meet the engine's in step."""
    random_ = random.Random(1)  # noqa: S311 - repeatable, not secret
    gaps = [random_.expovariate(clicks_per_second) for _ in range(clicks_per_second * seconds)]
    title = f"{clicks_per_second} clicks a second for {seconds} seconds"
    if cold:
        return Clicks("cold_stream", f"{title}, the first ever", list(accumulate(gaps)), cold)
    return Clicks("stream", title, list(accumulate(gaps)))


def simulate(
    design: str,
    region: Region,
    watchers: int,
    clicks: Clicks,
    parameters: Parameters,
    links: int = 1,
) -> dict[str, Any]:
    """With more links, each has its part of the watchers, and every click is on the next one."""
    random.seed(0)
    return run(_simulate(design, region, Watchers(watchers, links), clicks, parameters))


async def _simulate(
    design: str, region: Region, watchers: Watchers, clicks: Clicks, parameters: Parameters
) -> dict[str, Any]:
    counts: Counter[str] = Counter()
    gateway = Gateway(region, counts)
    world = DESIGNS[design](parameters, gateway, watchers, counts)
    others = asyncio.get_running_loop().create_task(gateway.serve_others())
    if not clicks.cold:
        await _pushed(world, watchers, [0.0] * watchers.links)
        await asyncio.sleep(world.cooldown_seconds())
        counts.clear()
    began = now()
    await _pushed(world, watchers, clicks.at)
    last = began + clicks.at[-1]
    others.cancel()
    return {
        "half_of_watchers_seconds": _after(watchers.half_at, last),
        "last_watcher_seconds": _after(watchers.all_at, last),
        "mean_seconds": round(watchers.shown_seconds / max(1, watchers.shown), 3),
        "watchers_without": watchers.count - watchers.done,
        "busy_seconds": round(now() - began, 1),
        "functions_at_once": sum(function.most for function in world.functions),
        **{name: counts[name] for name in sorted(counts)},
        "dollars": _dollars(counts, parameters),
    }


async def _pushed(world: Ours | Naive, watchers: Watchers, at: Sequence[float]) -> None:
    """Makes clicks, and returns when nothing is left of them, or nobody waits any longer."""
    made = Counter(number % watchers.links for number in range(len(at)))
    watchers.wait_for([world.clicks[link] + made[link] for link in range(watchers.links)])
    loop, began = asyncio.get_running_loop(), now()
    for number, seconds in enumerate(at):
        link = number % watchers.links
        arrives = began + seconds + world.parameters.event_bus_seconds
        loop.call_at(began + seconds, watchers.click, link)
        loop.call_at(arrives, world.aggregate.put, Click(link, began + seconds))
    await asyncio.sleep(at[-1] + 2 * world.parameters.event_bus_seconds)
    while any(function.busy for function in world.functions):
        if now() > began + at[-1] + HORIZON_SECONDS:
            break
        await asyncio.sleep(LOOK_SECONDS)
    for function in world.functions:
        if function.error:
            raise function.error


def _after(at: float | None, last: float) -> float | None:
    return None if at is None else round(at - last, 3)


def _dollars(counts: Counter[str], parameters: Parameters) -> float:
    """From the click's queue on; the redirect, the bus and the minutes are the same for both."""
    gigabyte_seconds = counts["milliseconds"] / 1000 * parameters.memory_mb / 1024
    return dollars(
        {
            "web_socket_million_messages": counts["posts"],
            "dynamodb_million_write_units": counts["write_units"],
            "dynamodb_million_read_units": counts["read_units"],
            "sqs_million_requests": counts["queue_requests"],
            "lambda_million_requests": counts["invocations"],
            "lambda_gb_second_arm64": gigabyte_seconds,
        }
    )["total"]
