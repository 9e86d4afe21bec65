"""The loop that the product promises, on the deployed program: real sockets, IAM enforced."""

import asyncio
import json
import random
import socket
import struct
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
import websockets
from websockets.asyncio.client import ClientConnection

from cli.links import LinkApi
from handlers.shortener.click import new, to_body
from tests.e2e.conftest import Stack

FRAME_SECONDS = 120
WATCHERS = 200
KILLED = 20


async def frame(watcher: ClientConnection) -> dict[str, Any]:
    return json.loads(await asyncio.wait_for(watcher.recv(), FRAME_SECONDS))


def numbers(received: dict[str, Any]) -> tuple[int, int]:
    return received["realtime"]["version"], received["clicks"]


async def shows(watcher: ClientConnection, clicks: int) -> bool:
    """Reads until it is there; as a client does, it passes over what comes late or again."""
    seen = 0
    while seen < clicks:
        seen = max(seen, (await frame(watcher)).get("clicks", seen))
    return seen == clicks


async def reply(watcher: ClientConnection) -> dict[str, Any]:
    """The next control frame; a push that comes before it is passed over."""
    while "event" not in (control := (await frame(watcher))["realtime"]):
        pass
    return control


async def subscribe(watcher: ClientConnection, code: str) -> dict[str, Any]:
    await watcher.send(json.dumps({"action": "subscribe", "channel": f"link:{code}"}))
    return await reply(watcher)


@asynccontextmanager
async def watching(stack: Stack, code: str, count: int) -> AsyncGenerator[list[ClientConnection]]:
    """`count` sockets that have subscribed by message, so that each is known to be open."""
    async with AsyncExitStack() as sockets:
        opened: list[ClientConnection] = []
        for _ in range(count):
            watcher = await sockets.enter_async_context(websockets.connect(stack.watch_url(code)))
            opened.append(watcher)
            assert (await subscribe(watcher, code))["event"] == "subscribed"
        yield opened


async def eventually(
    condition: Callable[[], Awaitable[bool]], what: str, seconds: float = FRAME_SECONDS
) -> None:
    deadline = asyncio.get_running_loop().time() + seconds
    while not await condition():
        assert asyncio.get_running_loop().time() < deadline, f"never came to be: {what}"
        await asyncio.sleep(0.05)


def reset(watcher: ClientConnection) -> None:
    """Ends the TCP connection by RST: no close frame, no FIN, as when a machine vanishes."""
    raw: socket.socket = watcher.transport.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    watcher.transport.abort()


def test_a_plain_client_that_sends_nothing_sees_each_click(stack: Stack) -> None:
    async def scenario() -> list[bool]:
        async with LinkApi(stack.exports["api_url"], stack.token) as links:
            code = (await links.create("https://example.com/")).code
            async with websockets.connect(stack.watch_url(code)) as watcher:
                seen: list[bool] = []
                for expected in (1, 2, 3):
                    assert await links.click(code) == 302
                    seen.append(await shows(watcher, expected))
                return seen

    assert asyncio.run(scenario()) == [True, True, True]


def test_one_click_reaches_200_watchers_and_a_vanished_one_loses_exactly_its_rows(
    stack: Stack,
) -> None:
    async def scenario() -> None:
        async with LinkApi(stack.exports["api_url"], stack.token) as links:
            code = (await links.create("https://example.com/")).code
            other = (await links.create("https://example.com/other")).code
            async with watching(stack, other, 1), watching(stack, code, WATCHERS) as watchers:
                await links.click(code)
                assert all([await shows(w, 1) for w in watchers])
                before = stack.connections(code)
                assert len(before) == WATCHERS

                with stack.disconnect_withheld():
                    for watcher in watchers[:KILLED]:
                        reset(watcher)

                    async def noticed() -> bool:
                        return stack.open_connections(before) == WATCHERS - KILLED

                    await eventually(noticed, "the gateway knows that they are gone")
                    await links.click(code)
                    alive = watchers[KILLED:]
                    assert all([await shows(w, 2) for w in alive])

                    async def cleaned() -> bool:
                        return len(stack.connections(code)) == WATCHERS - KILLED

                    await eventually(cleaned, "the rows of the vanished are gone")
                    gone = before - stack.connections(code)
                    assert len(gone) == KILLED
                    assert not gone & stack.known_connections()
                    assert before - gone <= stack.known_connections()
                    assert len(stack.connections(other)) == 1

                await links.click(code)
                assert all([await shows(w, 3) for w in alive])

    asyncio.run(scenario())


def test_clicks_delivered_five_times_and_out_of_order_count_once_and_the_last_value_is_shown(
    stack: Stack,
) -> None:
    async def scenario() -> tuple[int, list[tuple[int, int]]]:
        async with LinkApi(stack.exports["api_url"], stack.token) as links:
            code = (await links.create("https://example.com/")).code
            now = stack.now_ms()
            clicks = [json.loads(to_body(new(code, at=now - 3000 * age))) for age in range(4)]
            deliveries = clicks * 5
            random.Random(7).shuffle(deliveries)  # noqa: S311 - any order will do, the same each time
            frames: list[tuple[int, int]] = []
            async with websockets.connect(stack.watch_url(code)) as watcher:
                for click in deliveries:
                    await asyncio.to_thread(stack.deliver, click)

                async def drained() -> bool:
                    return stack.queue_depth() == 0

                await eventually(drained, "every delivery is acknowledged")
                while (4, 4) not in frames:  # a flush may still bring it
                    frames.append(numbers(await frame(watcher)))
                await watcher.send(json.dumps({"action": "ping"}))
                while "event" not in (received := await frame(watcher))["realtime"]:
                    frames.append(numbers(received))
            return (await links.read(code)).clicks, frames

    clicks, frames = asyncio.run(scenario())
    assert clicks == 4
    # Two processes' pushes may overtake each other; by its version each says what it is.
    assert all(version == number <= 4 for version, number in frames)


@pytest.mark.parametrize(
    "query", ["", "?code=", "?channel=order:1", "?channel=link%3Aa%23b", "?code=a&channel=link:b"]
)
def test_a_connection_that_names_no_channel_it_may_watch_is_refused(
    stack: Stack, query: str
) -> None:
    async def scenario() -> int:
        with pytest.raises(websockets.InvalidStatus) as refused:
            async with websockets.connect(stack.exports["endpoint"] + query):
                pass
        return refused.value.response.status_code

    assert asyncio.run(scenario()) in (400, 403)


def test_prod_refuses_a_foreign_origin_and_lets_its_own_in(prod: Stack) -> None:
    async def connect(origin: str | None) -> bool:
        try:
            async with websockets.connect(prod.watch_url("XzVZoih"), origin=origin):  # type: ignore[arg-type]
                return True
        except websockets.InvalidStatus:
            return False

    own = prod.allowed_origins[0]
    assert not asyncio.run(connect("https://evil.example"))
    assert not asyncio.run(connect(own + ".evil.example"))
    assert asyncio.run(connect(own))


def test_a_late_subscriber_gets_the_current_value_as_its_snapshot(stack: Stack) -> None:
    async def scenario() -> dict[str, Any]:
        async with LinkApi(stack.exports["api_url"], stack.token) as links:
            code = (await links.create("https://example.com/")).code
            async with watching(stack, code, 1) as (early,):
                await links.click(code)
                await frame(early)
                async with watching(stack, code, 1) as (late,):
                    return await subscribe(late, code)

    snapshot = asyncio.run(scenario())
    assert snapshot["value"]["clicks"] == 1
    assert snapshot["version"] == 1


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("not json", "bad_request"),
        ('{"action":"nope"}', "unknown_action"),
        ('{"action":"subscribe"}', "bad_request"),
        ('{"action":"subscribe","channel":"order:1"}', "unknown_channel"),
    ],
)
def test_a_wrong_message_is_answered_with_a_stable_code(
    stack: Stack, message: str, code: str
) -> None:
    async def scenario() -> dict[str, Any]:
        async with websockets.connect(stack.watch_url("anything")) as watcher:
            await watcher.send(message)
            return await reply(watcher)

    answer = asyncio.run(scenario())
    assert (answer["event"], answer["code"]) == ("error", code)


@pytest.mark.parametrize("action", ["$connect", "$disconnect"])
def test_a_client_that_names_an_inner_route_changes_nothing(stack: Stack, action: str) -> None:
    async def scenario() -> int:
        async with LinkApi(stack.exports["api_url"], stack.token) as links:
            code = (await links.create("https://example.com/")).code
            async with watching(stack, code, 1) as (watcher,):
                await watcher.send(json.dumps({"action": action}))
                await links.click(code)
                while "clicks" not in (received := await frame(watcher)):
                    pass  # an error frame, or the gateway's own answer
                return received["clicks"]

    assert asyncio.run(scenario()) == 1
