"""`make bench-peers`: one watcher in 50 stalls, one is late, one is gone: do the others notice?

The real fan-out and push client against a loopback management API; the table and the queue are in
memory. Fan-outs with and without the bad peers alternate in one run.
"""

import asyncio
import json
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from handlers.realtime.delivery.fan_out import fan_out
from handlers.realtime.delivery.posts import ManagementPosts
from handlers.realtime.engine import Limits
from handlers.realtime.model import State
from handlers.signed_http.client import PushClient
from tests.fakes.delivery import Fakes, watcher
from tests.fakes.realtime import MemoryStore

ROOT = Path(__file__).parents[2]
RESULT = ROOT / "bench" / "results" / "peers.json"
WATCHERS = 200
ONE_IN = 50
ROUNDS = 40
CHANNEL = "raw:peers"


@dataclass(frozen=True)
class Keys:
    access_key: str = "AKIDEXAMPLE"
    secret_key: str = "secret"  # noqa: S105 - nobody checks it
    token: str = "t" * 800


@contextmanager
def management_api() -> Generator[str]:
    command = [sys.executable, "-m", "bench.peers.server"]
    with subprocess.Popen(  # noqa: S603 - a fixed command
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        process.kill()


def audience(*, bad: bool) -> list[str]:
    kinds = {0: "stalls", 1: "late", 2: "gone"} if bad else {}
    return [f"{kinds.get(n % ONE_IN, 'good')}-{n:04d}" for n in range(WATCHERS)]


async def one_round(endpoint: str, push: PushClient, *, bad: bool) -> tuple[list[float], int]:
    """How long each good watcher waited, in ms, and how many tasks the others became."""
    fakes = Fakes(
        store=MemoryStore(page_size=2 * WATCHERS),
        now=time.time_ns() // 1_000_000,
        limits=Limits(inline_maximum=WATCHERS),
    )
    for connection_id in audience(bad=bad):
        ends = fakes.now // 1000 + 7200
        watcher(fakes.store, connection_id, CHANNEL, connected_at=fakes.now, expires_at=ends)
    fakes.posts = ManagementPosts(push, endpoint)  # type: ignore[assignment]
    state = State(CHANNEL, fakes.now, 1, {"clicks": 1}, fakes.now)
    await asyncio.to_thread(arrivals, endpoint)
    started = time.time() * 1000
    published = await fan_out(fakes.engine, fakes.engine.mode(CHANNEL), state)
    served = await asyncio.to_thread(arrivals, endpoint)
    return [at - started for at in served.values()], published.tasks


def arrivals(endpoint: str) -> dict[str, float]:
    with urllib.request.urlopen(endpoint, timeout=10) as answer:  # noqa: S310 - loopback
        return json.load(answer)


async def measure(endpoint: str) -> dict[str, Any]:
    push = PushClient(endpoint, region="eu-west-1", credentials=Keys)
    waits: dict[bool, list[float]] = {True: [], False: []}
    tasks = 0
    for number in range(2 * ROUNDS + 2):
        bad = number % 2 == 1
        found, handed_on = await one_round(endpoint, push, bad=bad)
        if number >= 2:  # the first two open the connections
            waits[bad] += found
            tasks += handed_on
    push.close()
    return report(waits, tasks)


def report(waits: dict[bool, list[float]], tasks: int) -> dict[str, Any]:
    p95 = {bad: statistics.quantiles(found, n=20)[-1] for bad, found in waits.items()}
    bad_peers = sum(not name.startswith("good") for name in audience(bad=True))
    return {
        "watchers": WATCHERS,
        "bad_peers": bad_peers,
        "rounds": ROUNDS,
        "good_posts_expected": ROUNDS * (WATCHERS - bad_peers),
        "good_posts_served": len(waits[True]),
        "tasks_for_the_bad_ones": tasks,
        "p50_ms": {"without": _ms(waits[False], 50), "with": _ms(waits[True], 50)},
        "p95_ms": {"without": round(p95[False], 1), "with": round(p95[True], 1)},
        "p95_ratio": round(p95[True] / p95[False], 2),
    }


def _ms(found: list[float], percent: int) -> float:
    return round(statistics.quantiles(found, n=100)[percent - 1], 1)


def main() -> None:
    with management_api() as endpoint:
        result = asyncio.run(measure(endpoint))
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))  # noqa: T201 - it is what the command is for


if __name__ == "__main__":
    main()
