"""How many sockets there are: few where answers are fast, as many as may be where they are not."""

import asyncio

import pytest

from handlers.realtime.push import client as push_client
from handlers.realtime.push.client import OPENING_AT_ONCE, Answer
from tests.doubles.peer import OK, Behaviour, client, fine, ids, peer, tally


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
            assert tally(results) == {Answer(200): 100}
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
            assert [tally(result) for result in results] == [{Answer(200): 20}] * 4
        return most

    assert 4 <= asyncio.run(scenario()) <= 6 + 3
