import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from localcloud.command import watch
from localcloud.command.watch import Watch, WatchError

Script = Callable[[ServerConnection], Awaitable[None]]


def pushed(version: int, *, epoch: int = 1, at: int = 0) -> str:
    about = {"channel": "link:a", "epoch": epoch, "version": version, "at": at}
    return json.dumps({"code": "a", "clicks": version, "realtime": about})


def snapshot(version: int, *, epoch: int = 1) -> str:
    about = {"event": "subscribed", "channel": "link:a", "epoch": epoch, "version": version}
    value = {"code": "a", "clicks": version}
    return json.dumps({"realtime": {**about, "at": 0, "value": value, "recovered": True}})


@asynccontextmanager
async def server(*scripts: Script) -> AsyncGenerator[tuple[str, list[str], list[dict[str, Any]]]]:
    """Plays one script a connection; the last one again and again. Yields address, paths, texts."""
    paths, received = list[str](), list[dict[str, Any]]()

    async def play(socket: ServerConnection) -> None:
        assert socket.request is not None
        script = scripts[min(len(paths), len(scripts) - 1)]
        paths.append(socket.request.path)
        received.append(json.loads(await socket.recv()))
        await script(socket)

    async with serve(play, "127.0.0.1", 0) as listening:
        (bound,) = listening.sockets
        yield f"ws://127.0.0.1:{bound.getsockname()[1]}/dev", paths, received


def sends(*texts: str) -> Script:
    async def script(socket: ServerConnection) -> None:
        for text in texts:
            await socket.send(text)
        await socket.wait_closed()

    return script


def cuts(*texts: str) -> Script:
    async def script(socket: ServerConnection) -> None:
        for text in texts:
            await socket.send(text)
        await socket.close(1001)

    return script


def first(count: int, *scripts: Script) -> tuple[list[int], list[str], list[dict[str, Any]]]:
    async def run() -> tuple[list[int], list[str], list[dict[str, Any]]]:
        async with server(*scripts) as (address, paths, received):
            versions: list[int] = []
            frames = Watch(address, "link:a").frames()
            async for frame in frames:
                versions.append(frame.version)
                if len(versions) == count:
                    break
            await frames.aclose()
            return versions, paths, received

    return asyncio.run(run())


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "SHORTEST_PAUSE_SECONDS", 0.0)


def test_the_snapshot_and_every_newer_value_are_shown() -> None:
    versions, paths, _ = first(3, sends(snapshot(4), pushed(5), pushed(6)))
    assert versions == [4, 5, 6]
    assert paths == ["/dev?channel=link%3Aa"]


@given(st.permutations(range(1, 7)))
def test_a_value_never_goes_back_whatever_the_order(order: list[int]) -> None:
    shown = Watch("ws://nowhere", "link:a")
    versions = [frame.version for number in order for frame in shown.newer(pushed(number))]
    assert versions == sorted(set(versions))
    assert versions[-1] == 6


def test_a_new_epoch_starts_afresh() -> None:
    versions, *_ = first(2, sends(pushed(9), pushed(3, epoch=0), pushed(1, epoch=2)))
    assert versions == [9, 1]


def test_after_a_cut_it_comes_back_with_what_it_has() -> None:
    versions, paths, received = first(2, cuts(pushed(5)), sends(snapshot(5), pushed(7)))
    assert versions == [5, 7]
    assert paths[1] == "/dev?channel=link%3Aa&since=1.5"
    assert received[1]["since"] == {"epoch": 1, "version": 5}


def test_the_gateways_own_frames_are_no_value() -> None:
    internal = json.dumps({"message": "Internal server error", "connectionId": "c"})
    versions, *_ = first(1, sends(internal, pushed(2)))
    assert versions == [2]


def test_a_channel_that_nobody_may_watch_ends_it() -> None:
    about = {"event": "error", "code": "forbidden", "message": "not yours"}
    with pytest.raises(WatchError, match="not yours"):
        first(1, sends(json.dumps({"realtime": about})))


def test_a_refused_handshake_ends_it_with_the_reason() -> None:
    async def refuse(socket: ServerConnection, request: Request) -> Response:  # noqa: ARG001 - websockets' signature
        return socket.respond(403, "Forbidden")

    async def run() -> None:
        async with serve(sends(), "127.0.0.1", 0, process_request=refuse) as listening:
            (bound,) = listening.sockets
            address = f"ws://127.0.0.1:{bound.getsockname()[1]}/dev"
            async for _ in Watch(address, "link:a").frames():
                raise AssertionError("a refused client shows nothing")

    with pytest.raises(WatchError, match="HTTP 403"):
        asyncio.run(run())


def test_a_server_that_is_away_is_tried_again() -> None:
    async def run() -> int:
        async with server(sends(pushed(1))) as (address, *_):
            port = address
        async with server(sends(pushed(1))) as (address, *_):
            addresses = iter([port, port])
            tried = Watch(address, "link:a")
            there = tried._address  # pyright: ignore[reportPrivateUsage] - to be away twice
            tried._address = lambda: next(addresses, there())  # pyright: ignore[reportPrivateUsage]
            async for frame in tried.frames():
                return frame.version
        return 0

    assert asyncio.run(run()) == 1


def test_a_quiet_socket_is_asked_within_the_idle_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "HEARTBEAT_SECONDS", 0.01)

    async def answers(socket: ServerConnection) -> None:
        assert json.loads(await socket.recv())["action"] == "subscribe"
        await socket.send(pushed(8))
        await socket.wait_closed()

    versions, *_ = first(1, answers)
    assert versions == [8]
