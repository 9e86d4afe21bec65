"""`make bench-watchers`: sockets, clicks as fast as the local cloud carries them, and what arrived.

Everything runs on this machine's cores, the clients too: the figures say that the guarantees hold
under load and how updates conflate, not how fast AWS is.
"""

import asyncio
import json
import os
import runpy
import statistics
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import websockets
from websockets.asyncio.client import ClientConnection

from cli.links import LinkApi, sign_up
from localcloud import deploy, server, stack_config

ROOT = Path(__file__).parents[2]
RESULT = ROOT / "bench" / "results" / "watchers.json"
SOCKETS = int(os.environ.get("SOCKETS", "1000"))  # noqa: TID251 - a measurement's own knob
SECONDS = int(os.environ.get("SECONDS", "30"))  # noqa: TID251 - a measurement's own knob
OPENING_AT_ONCE = 16
CLICKING_AT_ONCE = 4
SETTLE_SECONDS = 120


@dataclass
class Watcher:
    """One socket, and all that it was sent."""

    socket: ClientConnection
    versions: list[int] = field(default_factory=list[int])
    ages_ms: list[float] = field(default_factory=list[float])

    async def listen(self) -> None:
        async for text in self.socket:
            frame = json.loads(text)["realtime"]
            if "event" not in frame:
                self.versions.append(frame["version"])
                self.ages_ms.append(time.time() * 1000 - frame["at"])

    @property
    def went_back(self) -> int:
        """How often a frame older than one before it arrived; a client drops those by version."""
        highest = backwards = 0
        for version in self.versions:
            backwards += version < highest
            highest = max(highest, version)
        return backwards


async def measure(url: str, address: str, token: str) -> dict[str, Any]:
    async with LinkApi(url, token) as links:
        code = (await links.create("https://example.com/")).code
        opening = time.perf_counter()
        watchers = await open_watchers(f"{address}?code={code}", code)
        opened_seconds = time.perf_counter() - opening
        listening = [asyncio.create_task(watcher.listen()) for watcher in watchers]
        clicks = await click_for(links, code, SECONDS)
        settled_seconds = await settle(watchers, clicks)
        counted = (await links.read(code)).clicks
        for watcher in watchers:
            await watcher.socket.close()
        await asyncio.gather(*listening, return_exceptions=True)
    return summary(watchers, clicks, counted) | {
        "open_seconds": round(opened_seconds, 1),
        "settled_seconds_after_last_click": round(settled_seconds, 2),
    }


async def open_watchers(address: str, code: str) -> list[Watcher]:
    gate = asyncio.Semaphore(OPENING_AT_ONCE)

    async def one() -> Watcher:
        async with gate:
            socket = await websockets.connect(address, open_timeout=60, max_queue=None)
            await socket.send(json.dumps({"action": "subscribe", "channel": f"link:{code}"}))
            await socket.recv()
            return Watcher(socket)

    return await asyncio.gather(*(one() for _ in range(SOCKETS)))


async def click_for(links: LinkApi, code: str, seconds: float) -> int:
    until = time.monotonic() + seconds

    async def lane() -> int:
        clicked = 0
        while time.monotonic() < until:
            clicked += await links.click(code) == 302
        return clicked

    return sum(await asyncio.gather(*(lane() for _ in range(CLICKING_AT_ONCE))))


async def settle(watchers: list[Watcher], clicks: int) -> float:
    started = time.monotonic()
    while any(not w.versions or max(w.versions) != clicks for w in watchers):
        if time.monotonic() - started > SETTLE_SECONDS:
            break
        await asyncio.sleep(0.05)
    return time.monotonic() - started


def summary(watchers: list[Watcher], clicks: int, counted: int) -> dict[str, Any]:
    ages = sorted(age for watcher in watchers for age in watcher.ages_ms)
    posts = sum(len(watcher.versions) for watcher in watchers)
    pushed = {version for watcher in watchers for version in watcher.versions}
    cuts = statistics.quantiles(ages, n=100)
    return {
        "sockets": len(watchers),
        "clicks": clicks,
        "clicks_per_second": round(clicks / SECONDS, 1),
        "counted": counted,
        "ended_on_the_true_count": sum(max(w.versions, default=0) == clicks for w in watchers),
        "frames_that_went_back": sum(watcher.went_back for watcher in watchers),
        "posts": posts,
        "posts_without_conflation": clicks * len(watchers),
        "values_pushed": len(pushed),
        "conflated_updates": clicks - len(pushed),
        "click_to_frame_ms": {p: round(cuts[int(p[1:]) - 1]) for p in ("p50", "p95", "p99")},
    }


def main() -> None:
    config = stack_config(ROOT, "dev")
    with server() as endpoint:
        deployment = deploy(
            lambda: runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__"),
            endpoint=endpoint,
            stack=config,
        )
        exports = deployment.exports
        token = sign_up(
            endpoint_url=endpoint,
            region=config.region,
            user_pool_id=exports["user_pool_id"],
            client_id=exports["user_pool_client_id"],
            email="bench@example.com",
        )
        result = asyncio.run(measure(exports["api_url"], exports["endpoint"], token))
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))  # noqa: T201 - it is what the command is for


if __name__ == "__main__":
    main()
