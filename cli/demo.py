"""`realtime demo`: the platform's main job on one machine, from nothing to a number that jumps.

It is a test too: a frame that is missing, late or wrong ends it with exit code 1.
"""

import asyncio
import json
import runpy
import secrets
import time
from collections import Counter
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import websockets
from rich.console import Console
from websockets.asyncio.client import ClientConnection

from localcloud import Deployment, StackConfig, State, deploy, server, stack_config
from localcloud.command.apis import Api, allowing, found
from localcloud.command.stack import Stack, announced

from . import traffic as simulated
from .dashboard_server import DashboardServer, dashboard_server, local_config
from .links import LinkApi, sign_up

ROOT = Path(__file__).parents[1]
STACK = "dev"
EMAIL = "demo@example.com"
CLICKS_BEFORE = 3
CLICKS_WATCHED = 3
FRAME_SECONDS = 20
"""How long a frame may take; generous, because the first of each function is a cold start."""


class DemoError(Exception):
    """A frame is missing, late or wrong; the message has the expected one and the one that came."""


@dataclass(frozen=True)
class Cloud:
    """The program, deployed and reachable."""

    endpoint: str
    region: str
    exports: Mapping[str, Any]
    password: str
    apis: Sequence[Api]
    dashboard: DashboardServer | None
    """None where the demo does not stay up."""


def run(console: Console, *, once: bool, traffic: bool = False) -> int:
    """Returns the exit code: 0 when every frame came and was right."""
    started = time.perf_counter()
    try:
        with ExitStack() as running:
            dashboard = None if once else running.enter_context(dashboard_server())
            endpoint = running.enter_context(server())
            console.print(f"Local cloud started in {time.perf_counter() - started:.1f} s")
            cloud = _deploy(console, endpoint, dashboard)
            if dashboard:
                running.enter_context(announced(_stack(cloud)))
            asyncio.run(_show(console, cloud, started=started, traffic=traffic))
    except DemoError as error:
        console.print(f"[bold red]Failed:[/] {error}")
        return 1
    except KeyboardInterrupt:
        console.print("\nStopped; nothing is left behind.")
    return 0


def _stack(cloud: Cloud) -> Stack:
    return Stack(STACK, cloud.region, cloud.exports, cloud.endpoint, cloud.apis)


def _deploy(console: Console, endpoint: str, dashboard: DashboardServer | None) -> Cloud:
    config = stack_config(ROOT, STACK)
    if dashboard:
        config = with_origin(config, dashboard.origin)
    created, state = Counter[str](), State()
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
            state=state,
            adjust=partial(allowing, ()),
        )
    parts = ", ".join(f"{name} {count}" for name, count in sorted(created.items()))
    console.print(
        f"Stack [bold]{STACK}[/] deployed in {deployment.seconds:.1f} s: "
        f"{created.total()} resources ({parts})"
    )
    exports, region = deployment.exports, config.region
    if dashboard:
        dashboard.publish(local_config(exports, endpoint=endpoint, region=region))
    password = f"Demo-{secrets.randbelow(10**8):08d}"
    return Cloud(endpoint, region, exports, password, found(deployment, state), dashboard)


def with_origin(config: StackConfig, origin: str) -> StackConfig:
    """The stack for a page whose origin is known only when it is served: its port is a free one."""
    return replace(
        config, values={**config.values, "realtime:allowedOrigins": json.dumps([origin])}
    )


async def _show(console: Console, cloud: Cloud, *, started: float, traffic: bool) -> None:
    token = await asyncio.to_thread(
        sign_up,
        endpoint_url=cloud.endpoint,
        region=cloud.region,
        user_pool_id=cloud.exports["user_pool_id"],
        client_id=cloud.exports["user_pool_client_id"],
        email=EMAIL,
        password=cloud.password,
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
            if cloud.dashboard is None:
                return
            _invite(console, cloud, cloud.dashboard.origin, link.code)
            if traffic:
                await simulated.run(console, links, _stack(cloud), link.code)
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


def _invite(console: Console, cloud: Cloud, dashboard: str, code: str) -> None:
    console.print(
        f"\nIt is running. Open the dashboard, and sign in with this user of the local cloud:\n\n"
        f"  {dashboard}/links/{code}\n\n"
        f"  email     {EMAIL}\n"
        f"  password  {cloud.password}\n\n"
        f"The link is public. Watch it without signing in:\n\n"
        f"  {dashboard}/watch/{code}\n"
        f"  ./realtime watch link:{code}\n"
        f"  npx wscat --connect '{cloud.exports['endpoint']}?code={code}'\n\n"
        f"Click on it, and see the number jump:\n\n"
        f"  curl -i {cloud.exports['api_url']}/{code}\n\n"
        f"Ctrl-C stops everything and removes it.\n",
        markup=False,
    )


async def _print_frames(console: Console, socket: ClientConnection) -> None:
    async for text in socket:
        console.print(f"WS RECV {text}", markup=False)
    raise DemoError("the local cloud closed the connection")
