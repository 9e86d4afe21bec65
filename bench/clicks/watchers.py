"""Browsers, as far as a server can tell: sockets that watch links and note each number's time."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import websockets
from websockets.asyncio.client import ClientConnection

from .latency import Frame

OPENING_AT_ONCE = 8
OPEN_SECONDS = 60


@dataclass
class Watcher:
    code: str
    frames: list[Frame] = field(default_factory=list[Frame])

    @property
    def shown(self) -> int:
        """What a page without versions shows: whatever came last."""
        return self.frames[-1].clicks if self.frames else 0

    @property
    def highest(self) -> int:
        return max((frame.clicks for frame in self.frames), default=0)

    async def listen(self, socket: ClientConnection) -> None:
        async for text in socket:
            frame = json.loads(text)
            if "clicks" in frame:
                self.frames.append(Frame(time.perf_counter(), frame["clicks"]))


@asynccontextmanager
async def watching(endpoint: str, watchers: Mapping[str, int]) -> AsyncGenerator[list[Watcher]]:
    """Plain clients, the seed's: they name the link as they connect and send nothing."""
    gate = asyncio.Semaphore(OPENING_AT_ONCE)
    async with AsyncExitStack() as stack:

        async def open_one(code: str) -> ClientConnection:
            async with gate:
                return await stack.enter_async_context(
                    websockets.connect(f"{endpoint}?code={code}", open_timeout=OPEN_SECONDS)
                )

        codes = [code for code, count in watchers.items() for _ in range(count)]
        sockets = await asyncio.gather(*map(open_one, codes))
        found = [Watcher(code) for code in codes]
        listening = [
            asyncio.create_task(watcher.listen(socket))
            for watcher, socket in zip(found, sockets, strict=True)
        ]
        try:
            yield found
        finally:
            for task in listening:
                task.cancel()
            await asyncio.gather(*listening, return_exceptions=True)
