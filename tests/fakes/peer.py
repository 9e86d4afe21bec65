"""A peer for the push client: a real server whose answer to each post the test decides."""

import asyncio
import ssl
import time
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import unquote

from handlers.signed_http.client import PushClient, Result

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
GONE = b"HTTP/1.1 410 Gone\r\nContent-Length: 13\r\n\r\n" + b'{"message":1}'


@dataclass(frozen=True)
class Keys:
    access_key: str = "AKIDEXAMPLE"
    secret_key: str = "secret"
    token: str | None = "token"


@dataclass
class Peer:
    """A server whose answer to each post is decided by the id it is for."""

    port: int = 0
    connections: int = 0
    posts: list[tuple[str, bytes]] = field(default_factory=list[tuple[str, bytes]])
    writers: list[asyncio.StreamWriter] = field(default_factory=list[asyncio.StreamWriter])


Behaviour = Callable[[str, asyncio.StreamWriter, int], Awaitable[None]]
"""Answers one post: the id, where to write, how many posts this connection has carried before."""


@asynccontextmanager
async def peer(behave: Behaviour, tls: ssl.SSLContext | None = None) -> AsyncGenerator[Peer]:
    state = Peer()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        state.connections += 1
        state.writers.append(writer)
        count = 0
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                path = head.split(b" ")[1].decode()
                length = int(head.lower().rpartition(b"content-length:")[2].split()[0])
                connection_id = unquote(path.rpartition("/")[2])
                state.posts.append((connection_id, await reader.readexactly(length)))
                await behave(connection_id, writer, count)
                count += 1
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    state.port = server.sockets[0].getsockname()[1]
    try:
        yield state
    finally:
        server.close()
        for writer in state.writers:
            writer.close()


async def fine(_: str, writer: asyncio.StreamWriter, __: int) -> None:
    writer.write(OK)


async def forever() -> None:
    await asyncio.get_running_loop().create_future()


def client(
    peer: Peer,
    concurrency: int = 8,
    tls: ssl.SSLContext | None = None,
    clock: Callable[[], float] = time.time,
) -> PushClient:
    scheme = "https" if tls else "http"
    return PushClient(
        f"{scheme}://localhost:{peer.port}/dev" if tls else f"http://127.0.0.1:{peer.port}/dev",
        region="eu-west-1",
        credentials=Keys,
        concurrency=concurrency,
        tls=tls,
        clock=clock,
    )


def ids(count: int) -> list[str]:
    return [f"Zx{number:04d}abcd=" for number in range(count)]


def outcomes(results: dict[str, Result]) -> Counter[Result]:
    return Counter(results.values())
