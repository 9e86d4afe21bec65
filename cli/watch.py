"""`realtime watch`: a line for each new value of a link, for as long as it takes.

A small client that keeps to the protocol: it comes back after every cut with what it has, shows no
value twice and none that is older, and tells a socket that is dead from a link that is quiet.
"""

import asyncio
import json
import random
import time
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import websockets
from rich.console import Console
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import InvalidStatus

HEARTBEAT_SECONDS = 480
"""Well within the ten idle minutes after which API Gateway closes a connection."""
SHORTEST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 30.0


class WatchError(Exception):
    """The server will not let this client in, however often it comes back."""


@dataclass(frozen=True)
class Frame:
    """A value that is newer than all before it."""

    text: str
    value: dict[str, Any]
    version: int
    age_ms: float
    """From the event to here, by two clocks."""


@dataclass
class Watch:
    """One channel, over as many sockets as it takes."""

    endpoint: str
    code: str
    position: tuple[int, int] | None = None
    """Epoch and version of the newest value seen."""
    cuts: int = 0
    """How often the connection was lost in a row."""
    subscribed: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once the server has taken the first subscription."""

    async def frames(self) -> AsyncGenerator[Frame]:
        """Never ends by itself. Raises `WatchError`."""
        while True:
            try:
                async with websockets.connect(self._address()) as socket:
                    await self._subscribe(socket)
                    async for frame in self._received(socket):
                        self.cuts = 0
                        yield frame
            except InvalidStatus as error:
                self._refused(error)
            except (OSError, TimeoutError, websockets.WebSocketException):
                pass  # a cut, however it shows; what is missed comes with the next snapshot
            await self._pause()

    def _address(self) -> str:
        address = f"{self.endpoint}?code={self.code}"
        if self.position is None:
            return address
        epoch, version = self.position
        return f"{address}&since={epoch}.{version}"

    async def _subscribe(self, socket: ClientConnection) -> None:
        request: dict[str, Any] = {"action": "subscribe", "channel": f"link:{self.code}"}
        if self.position is not None:
            request["since"] = dict(zip(("epoch", "version"), self.position, strict=True))
        await socket.send(json.dumps(request))

    async def _received(self, socket: ClientConnection) -> AsyncIterator[Frame]:
        while True:
            try:
                text = await asyncio.wait_for(socket.recv(), HEARTBEAT_SECONDS)
            except TimeoutError:
                await self._subscribe(socket)  # asks for the newest value, so the answer proves it
                continue
            frame = self._newer(str(text))
            if frame is not None:
                yield frame

    def _newer(self, text: str) -> Frame | None:
        about = json.loads(text).get("realtime", {})
        if about.get("event") == "error" and about["code"] in ("forbidden", "unknown_channel"):
            raise WatchError(about["message"])
        value = json.loads(text)
        if about.get("event") == "subscribed":
            self.subscribed.set()
            value = about.get("value")
        if value is None or "version" not in about:
            return None
        position = (about["epoch"], about["version"])
        if self.position is not None and position <= self.position:
            return None
        self.position = position
        own = {key: part for key, part in value.items() if key != "realtime"}
        return Frame(text, own, about["version"], time.time() * 1000 - about["at"])

    def _refused(self, error: InvalidStatus) -> None:
        status = error.response.status_code
        if status in (400, 401, 403):
            raise WatchError(
                f"the server refuses to let anybody watch {self.code} (HTTP {status})."
                " Check the code, and that the stack's rules make links public."
            ) from error

    async def _pause(self) -> None:
        """Full jitter, so that clients that one cut threw out do not come back together."""
        self.cuts += 1
        longest = min(LONGEST_PAUSE_SECONDS, SHORTEST_PAUSE_SECONDS * 2**self.cuts)
        await asyncio.sleep(random.uniform(0, longest))  # noqa: S311 - jitter is no secret


async def show(console: Console, watch: Watch, *, as_json: bool) -> None:
    """Prints a line a frame; as JSON, the frame as it came. Ends by `WatchError` only."""
    clicks = 0
    async for frame in watch.frames():
        if as_json:
            print(frame.text, flush=True)  # noqa: T201 - for a pipe, which wants no styles
            continue
        number = int(frame.value.get("clicks", frame.version))
        jump = f"+{number - clicks}" if clicks else ""
        console.print(
            f"[dim]{time.strftime('%H:%M:%S')}[/]  [bold]{number:>10,}[/] clicks"
            f"  [green]{jump:<6}[/] [dim]{frame.age_ms:,.0f} ms after the click[/]"
        )
        clicks = number
