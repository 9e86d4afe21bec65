"""A management API whose connections behave as their ids say; prints when each good one was served.

A program: `python -m bench.peers.server`. It prints its port, then serves until stdin closes; a GET
returns and forgets the arrival times, in ms of this machine's wall clock, by connection id.
"""

import asyncio
import json
import sys
import time
from urllib.parse import unquote

LATE_SECONDS = 30
ANSWER_SECONDS = 0.005
"""What a post to a healthy connection takes; AWS publishes no figure."""

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
GONE = b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n"

served: dict[str, float] = {}


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            method, path, _ = head.split(b" ", 2)
            if method == b"GET":
                body = json.dumps(served).encode()
                served.clear()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
                continue
            length = int(head.lower().rpartition(b"content-length:")[2].split()[0])
            await reader.readexactly(length)
            await answer(unquote(path.rpartition(b"/")[2].decode()), writer)
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def answer(connection_id: str, writer: asyncio.StreamWriter) -> None:
    match connection_id.partition("-")[0]:
        case "stalls":  # the peer never reads, and neither is anything answered for it
            await asyncio.sleep(3600)
        case "late":
            await asyncio.sleep(LATE_SECONDS)
            writer.write(OK)
        case "gone":
            writer.write(GONE)
        case _:
            await asyncio.sleep(ANSWER_SECONDS)
            served[connection_id] = time.time() * 1000
            writer.write(OK)


async def main() -> None:
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201 - it is waited for
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
