"""`realtime watch`: a line for each new value of a channel, for as long as it takes.

A small client that keeps to the protocol: it reconnects after every loss with the position that it
has, shows no value twice and no older one, and tells a dead socket from a quiet channel.
"""

import asyncio
import json
import random
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import websockets
from rich.console import Console
from rich.markup import escape
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import InvalidStatus

HEARTBEAT_SECONDS = 480
"""Well within the ten idle minutes after which API Gateway closes a connection."""
SHORTEST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 30.0
REJECTED = (400, 401, 403)
FINAL = ("forbidden", "unknown_channel")


class WatchError(Exception):
    """The server rejects this client, however often it reconnects."""


@dataclass(frozen=True)
class Frame:
    """A value that is newer than all before it."""

    value: dict[str, Any]
    version: int
    age_ms: float
    """From the event to here, by two clocks."""
    is_snapshot: bool
    """Whether it was there before this client subscribed."""


def _silent(_sentence: str) -> None:
    pass


@dataclass
class Watch:
    """One channel, over as many sockets as it takes."""

    endpoint: str
    channel: str
    token: str | None = None
    """A JSON Web Token, which channels of an `owner` rule need."""
    report: Callable[[str], None] = _silent
    """Gets each change of the connection as a sentence."""
    known_rules: str = ""
    """For the sentence of a rejection."""
    position: tuple[int, int] | None = None
    """Epoch and version of the newest value seen."""
    is_connected: bool = False
    """Whether the server has accepted the subscription on the present socket."""
    losses: int = 0
    """How often the connection was lost in a row."""
    subscribed: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once the server has accepted the first subscription."""

    async def frames(self) -> AsyncGenerator[Frame]:
        """Never ends by itself. Raises `WatchError`."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else None
        while True:
            try:
                async with websockets.connect(
                    self._address(), additional_headers=headers
                ) as socket:
                    await self._subscribe(socket)
                    async for frame in self._received(socket):
                        self.losses = 0
                        yield frame
            except InvalidStatus as error:
                if error.response.status_code in REJECTED:
                    raise WatchError(self._rejection(error.response.status_code)) from error
                self.report(f"the server answered HTTP {error.response.status_code}; trying again")
            except (OSError, TimeoutError, websockets.WebSocketException) as error:
                # What is missed comes with the next snapshot.
                reason = str(error) or type(error).__name__
                self.report(f"no connection to {self.endpoint}: {reason}; trying again")
            await self._pause()

    def _address(self) -> str:
        address = f"{self.endpoint}?channel={quote(self.channel)}"
        if self.position is None:
            return address
        epoch, version = self.position
        return f"{address}&since={epoch}.{version}"

    async def _subscribe(self, socket: ClientConnection) -> None:
        request: dict[str, Any] = {"action": "subscribe", "channel": self.channel}
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
            for frame in self.newer(str(text)):
                yield frame

    def newer(self, text: str) -> list[Frame]:
        """The values of a message that are newer than all before it. Raises `WatchError`."""
        document: dict[str, Any] = json.loads(text)
        about: dict[str, Any] = document.get("realtime", {})
        match about.get("event"):
            case "error" if about["code"] in FINAL:
                raise WatchError(about["message"])
            case "subscribed":
                self._connected()
                entries = about.get("messages") or ([about] if "value" in about else [])
                values = [(entry["value"], {**about, **entry}) for entry in entries]
            case None if "version" in about:
                own = {key: part for key, part in document.items() if key != "realtime"}
                values = [(own, about)]
            case _:
                return []
        return [frame for value, its in values if (frame := self._taken(value, its))]

    def _connected(self) -> None:
        if not self.is_connected:
            self.report(f"connected; waiting for the next value of {self.channel}")
        self.is_connected = True
        self.subscribed.set()

    def _taken(self, value: dict[str, Any], its: dict[str, Any]) -> Frame | None:
        position = (its["epoch"], its["version"])
        if self.position is not None and position <= self.position:
            return None
        self.position = position
        return Frame(value, its["version"], time.time() * 1000 - its["at"], "event" in its)

    def _rejection(self, status: int) -> str:
        if self.token:
            hint = "the token may have ended, or belong to another user"
        else:
            hint = "a channel of an `owner` rule needs --token"
        known = f" Rules there: {self.known_rules}." if self.known_rules else ""
        return (
            f"the server rejects the channel {self.channel} (HTTP {status}): a rule must fit it,"
            f" and permit this client to watch; {hint}.{known}"
        )

    async def _pause(self) -> None:
        """Full jitter, so that clients whose connections ended together do not return together."""
        self.is_connected = False
        self.losses += 1
        longest = min(LONGEST_PAUSE_SECONDS, SHORTEST_PAUSE_SECONDS * 2**self.losses)
        await asyncio.sleep(random.uniform(0, longest))  # noqa: S311 - jitter is no secret


async def show(console: Console, watch: Watch, *, as_json: bool) -> None:
    """Prints a line for each value. Ends by `WatchError` only."""
    async for frame in watch.frames():
        if as_json:
            print(as_document(frame), flush=True)  # noqa: T201 - for a pipe, which wants no styles
        else:
            console.print(as_line(frame))


def as_document(frame: Frame) -> str:
    """One shape for snapshots and pushes."""
    about = {"version": frame.version, "snapshot": frame.is_snapshot, "age_ms": frame.age_ms}
    return json.dumps({**about, "value": frame.value})


def as_line(frame: Frame) -> str:
    if frame.is_snapshot:
        age = f"snapshot, {frame.age_ms / 1000:,.0f} s old"
    else:
        age = f"{frame.age_ms:,.0f} ms after it happened"
    return (
        f"[dim]{time.strftime('%H:%M:%S')}[/]  version [bold]{frame.version}[/]"
        f"  {escape(json.dumps(frame.value, ensure_ascii=False))}  [dim]{age}[/]"
    )
