"""How many sockets there are: few where answers are fast, as many as may be where they are not."""

import asyncio
import socket

import pytest

from handlers.signed_http import client as push_client
from handlers.signed_http.client import KEPT_SECONDS, OPENING_AT_ONCE, Answer
from handlers.signed_http.connections import Address
from tests.fakes.peer import OK, Behaviour, client, fine, ids, outcomes, peer


def test_answers_that_take_long_are_waited_for_by_more_and_more_sockets() -> None:
    async def scenario() -> int:
        waiting, all_wait = 0, asyncio.Event()

        async def answers_when_all_wait(_: str, writer: asyncio.StreamWriter, __: int) -> None:
            nonlocal waiting
            waiting += 1
            if waiting == 100:
                all_wait.set()
            await all_wait.wait()
            writer.write(OK)

        async with peer(answers_when_all_wait) as server:
            push = client(server, concurrency=100)
            results = await push.post_all(ids(100), b"x", call_seconds=20, batch_seconds=30)
            push.close()
            assert outcomes(results) == {Answer(200): 100}
            return server.connections

    assert asyncio.run(scenario()) == 100


def test_only_so_many_sockets_are_opened_at_a_time() -> None:
    async def scenario() -> int:
        async with peer(fine) as server:
            push = client(server, concurrency=10_000)
            batch = asyncio.create_task(push.post_all(ids(500), b"x"))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            opened_first = push.sockets
            await batch
            push.close()
            return opened_first

    assert asyncio.run(scenario()) <= OPENING_AT_ONCE


def test_all_batches_together_have_so_many_sockets_and_each_has_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(push_client, "MAXIMUM_SOCKETS", 6)

    async def scenario() -> int:
        most = 0

        async def looks(_: str, writer: asyncio.StreamWriter, __: int) -> None:
            nonlocal most
            most = max(most, push.sockets)
            await asyncio.sleep(0.01)
            writer.write(OK)

        behaviour: Behaviour = looks
        async with peer(behaviour) as server:
            push = client(server, concurrency=5)
            results = await asyncio.gather(*(push.post_all(ids(20), b"x") for _ in range(4)))
            push.close()
            assert [outcomes(result) for result in results] == [{Answer(200): 20}] * 4
        return most

    assert 4 <= asyncio.run(scenario()) <= 6 + 3


def test_sockets_that_rested_longer_than_a_network_keeps_them_are_replaced() -> None:
    async def scenario(rest: float) -> int:
        now = 1_800_000_000.0
        async with peer(fine) as server:
            push = client(server, concurrency=3, clock=lambda: now)
            await push.post_all(ids(3), b"x")
            now += rest
            assert outcomes(await push.post_all(ids(3), b"y")) == {Answer(200): 3}
            push.close()
            return server.connections

    assert asyncio.run(scenario(KEPT_SECONDS)) == 3
    assert asyncio.run(scenario(KEPT_SECONDS + 1)) == 6


def test_a_name_is_looked_up_once_for_all_sockets_of_a_batch_and_each_address_is_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def scenario() -> int:
        asked = 0
        async with peer(fine) as server:

            async def two_addresses(_: str, port: int, **__: object) -> list[Address]:
                nonlocal asked
                asked += 1
                family, kind = socket.AF_INET, socket.SOCK_STREAM
                return [
                    (family, kind, 6, "", ("127.0.0.1", closed)),
                    (family, kind, 6, "", ("127.0.0.1", port)),
                ]

            with socket.create_server(("127.0.0.1", 0)) as unused:
                closed = unused.getsockname()[1]
            loop = asyncio.get_running_loop()
            monkeypatch.setattr(loop, "getaddrinfo", two_addresses)
            push = client(server, concurrency=8)
            assert outcomes(await push.post_all(ids(40), b"x")) == {Answer(200): 40}
            push.close()
        return asked

    assert asyncio.run(scenario()) == 1
