"""What a batch has no time to wait for goes on without it, and its sockets serve the next one."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from handlers.signed_http.client import Answer, Failure, PushClient, Result
from tests.fakes.peer import GONE, OK, Peer, client, forever, ids, outcomes, peer


class Gate:
    """A server that answers nothing until it is opened, and then what it owes."""

    def __init__(self, owed: bytes = OK) -> None:
        self.opened = asyncio.Event()
        self.owed = owed

    async def __call__(self, _: str, writer: asyncio.StreamWriter, __: int) -> None:
        answer = OK if self.opened.is_set() else self.owed
        await self.opened.wait()
        writer.write(answer)


@asynccontextmanager
async def gated(gate: Gate) -> AsyncGenerator[tuple[Peer, PushClient]]:
    async with peer(gate) as server:
        push = client(server, concurrency=4)
        try:
            yield server, push
        finally:
            push.close()
            gate.opened.set()


async def left_behind(push: PushClient, call_seconds: float = 30) -> dict[str, Result]:
    return await push.post_all(ids(4), b"x", call_seconds=call_seconds, batch_seconds=0.5)


def test_an_answer_that_comes_between_two_batches_frees_its_socket_for_the_next() -> None:
    async def scenario() -> tuple[int, int]:
        gate = Gate()
        async with gated(gate) as (server, push):
            assert outcomes(await left_behind(push)) == {Failure.UNANSWERED: 4}
            gate.opened.set()
            async with asyncio.timeout(5):
                while push.pool.waiting:
                    await asyncio.sleep(0.01)
            assert outcomes(await push.post_all(ids(40), b"y")) == {Answer(200): 40}
            return server.connections, len(server.posts)

    assert asyncio.run(scenario()) == (4, 44)


def test_an_answer_that_came_between_batches_is_read_before_the_next_one_starts() -> None:
    runner, gate = asyncio.Runner(), Gate()

    async def first() -> None:
        assert outcomes(await left_behind(push)) == {Failure.UNANSWERED: 4}
        gate.opened.set()
        await asyncio.sleep(0)

    with runner:
        context = gated(gate)
        server, push = runner.run(context.__aenter__())
        runner.run(first())
        results = runner.run(push.post_all(ids(8), b"y", call_seconds=5))
        assert outcomes(results) == {Answer(200): 8}
        assert server.connections <= 8
        runner.run(context.__aexit__(None, None, None))


def test_a_late_answer_is_never_taken_for_the_next_posts() -> None:
    async def scenario() -> dict[str, Result]:
        gate = Gate(owed=GONE)
        async with gated(gate) as (_, push):
            await left_behind(push)
            batch = asyncio.create_task(push.post_all(ids(8), b"y"))
            await asyncio.sleep(0)
            gate.opened.set()
            return await batch

    assert outcomes(asyncio.run(scenario())) == {Answer(200): 8}


def test_a_socket_that_never_answers_is_closed_when_its_own_time_is_over() -> None:
    async def scenario() -> int:
        async def stall(_: str, __: asyncio.StreamWriter, ___: int) -> None:
            await forever()

        async with peer(stall) as server:
            push = client(server, concurrency=4)
            await left_behind(push, call_seconds=0.6)
            results = await push.post_all(ids(1), b"y", call_seconds=0.5)
            assert outcomes(results) == {Failure.TIMEOUT: 1}
            assert push.pool.waiting == 0
            push.close()
            return server.connections

    assert asyncio.run(scenario()) == 5


def test_no_more_is_left_behind_than_may_be_posted_at_once() -> None:
    async def scenario() -> int:
        gate = Gate()
        async with gated(gate) as (_, push):
            for _ in range(3):
                await left_behind(push)
            return push.pool.waiting

    assert asyncio.run(scenario()) == 4
