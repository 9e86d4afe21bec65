"""`realtime demo`: the platform's main job on one machine, from nothing to a number that jumps.

It is a test too: a frame that is missing, late or wrong ends it with exit code 1.
"""

import asyncio
import json
import runpy
import time
from collections import Counter
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import websockets
from rich.console import Console
from websockets.asyncio.client import ClientConnection

from localcloud import Deployment, deploy, server, stack_config

from .links import LinkApi, sign_up

ROOT = Path(__file__).parents[1]
STACK = "dev"
CLICKS_BEFORE = 3
CLICKS_WATCHED = 3
FRAME_SECONDS = 20
"""How long a frame may take; generous, because the first of each function is a cold start."""


class DemoError(Exception):
    """The demo did not show what it promises; says what was expected and what came instead."""


@dataclass(frozen=True)
class Cloud:
    """The program, deployed and reachable."""

    endpoint: str
    region: str
    exports: Mapping[str, Any]


def run(console: Console, *, once: bool) -> int:
    """Returns the exit code: 0 when every frame came and was right."""
    started = time.perf_counter()
    try:
        with server() as endpoint:
            console.print(f"Local cloud started in {time.perf_counter() - started:.1f} s")
            cloud = _deploy(console, endpoint)
            asyncio.run(_show(console, cloud, started=started, once=once))
    except DemoError as error:
        console.print(f"[bold red]Failed:[/] {error}")
        return 1
    except KeyboardInterrupt:
        console.print("\nStopped; nothing is left behind.")
    return 0


def _deploy(console: Console, endpoint: str) -> Cloud:
    config = stack_config(ROOT, STACK)
    created: Counter[str] = Counter()
    with console.status("Deploying") as status:

        def progress(kind: str, name: str, seconds: float) -> None:
            created[name.partition("-")[0]] += 1
            kind = kind.rpartition(":")[2]
            status.update(f"Deploying: {created.total()} made, {kind} {name} in {seconds:.2f} s")

        deployment: Deployment = deploy(
            lambda: runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__"),
            endpoint=endpoint,
            stack=config,
            progress=progress,
        )
    parts = ", ".join(f"{name} {count}" for name, count in sorted(created.items()))
    console.print(
        f"Stack [bold]{STACK}[/] deployed in {deployment.seconds:.1f} s: "
        f"{created.total()} resources ({parts})"
    )
    return Cloud(endpoint=endpoint, region=config.region, exports=deployment.exports)


async def _show(console: Console, cloud: Cloud, *, started: float, once: bool) -> None:
    token = await asyncio.to_thread(
        sign_up,
        endpoint_url=cloud.endpoint,
        region=cloud.region,
        user_pool_id=cloud.exports["user_pool_id"],
        client_id=cloud.exports["user_pool_client_id"],
        email="demo@example.com",
    )
    async with LinkApi(cloud.exports["api_url"], token) as links:
        link = await links.create("https://example.com/")
        address = f"{cloud.exports['endpoint']}?code={link.code}"
        for _ in range(CLICKS_BEFORE):
            await _click(links, link.code)
        await _published(address, link.code, CLICKS_BEFORE)
        console.print(
            f"Link [bold]{link.code}[/] made, {CLICKS_BEFORE} clicks counted and published\n"
        )
        async with _open(console, address) as socket:
            await _transcript(console, links, link.code, socket)
            console.print(f"\nAll of it took {time.perf_counter() - started:.1f} s.")
            if once:
                return
            _invite(console, links.url, link.code, address)
            await _print_frames(console, socket)


@asynccontextmanager
async def _open(console: Console, address: str) -> AsyncGenerator[ClientConnection]:
    """A plain client, the seed of every other: it connects and sends nothing."""
    async with websockets.connect(address) as socket:
        console.print("WS OPEN")
        yield socket


async def _transcript(
    console: Console, links: LinkApi, code: str, socket: ClientConnection
) -> None:
    for expected in range(CLICKS_BEFORE + 1, CLICKS_BEFORE + CLICKS_WATCHED + 1):
        await _click(links, code)
        text = await _newer(socket, expected - 1)
        console.print(f"WS RECV {text}", markup=False)
        frame = json.loads(text)
        if (frame.get("code"), frame.get("clicks")) != (code, expected):
            raise DemoError(f"the frame should say clicks {expected} of {code}, got {text}")


async def _click(links: LinkApi, code: str) -> None:
    status = await links.click(code)
    if status != 302:
        raise DemoError(f"a click on {code} should be redirected with 302, got {status}")


async def _newer(socket: ClientConnection, version: int) -> str:
    """The next frame that is newer, as the protocol tells clients: a value may come twice."""
    while True:
        text = await _frame(socket, f"clicks {version + 1}")
        if json.loads(text)["realtime"]["version"] > version:
            return text


async def _frame(socket: ClientConnection, expected: str) -> str:
    try:
        return str(await asyncio.wait_for(socket.recv(), FRAME_SECONDS))
    except TimeoutError as error:
        raise DemoError(f"no frame within {FRAME_SECONDS} s; expected {expected}") from error


async def _published(address: str, code: str, clicks: int) -> None:
    """Waits until the channel's snapshot, which any late subscriber gets, holds the clicks."""
    deadline = time.monotonic() + FRAME_SECONDS
    async with websockets.connect(address) as socket:
        while True:
            await socket.send(json.dumps({"action": "subscribe", "channel": f"link:{code}"}))
            value: dict[str, Any] = {}
            while "event" not in value:  # a push may come before the reply
                value = json.loads(await _frame(socket, "a snapshot"))["realtime"]
            if value.get("version") == clicks:
                return
            if time.monotonic() > deadline:
                raise DemoError(f"{clicks} clicks should be published, the snapshot is {value}")
            await asyncio.sleep(0.05)


def _invite(console: Console, url: str, code: str, address: str) -> None:
    console.print(
        f"\nIt is running; each click shows here. Click on the link yourself:\n\n"
        f"  curl -i {url}/{code}\n\n"
        f"Watch it from somewhere else:\n\n"
        f"  .venv/bin/python -m websockets '{address}'\n\n"
        f"Ctrl-C stops everything and removes it.\n",
        markup=False,
    )


async def _print_frames(console: Console, socket: ClientConnection) -> None:
    async for text in socket:
        console.print(f"WS RECV {text}", markup=False)
    raise DemoError("the local cloud closed the connection")
