import asyncio
from collections import Counter

import pytest

from handlers.signed_http import client as push_client
from handlers.signed_http.client import Answer, Failure, Result
from tests.fakes.peer import OK, client, forever, ids, outcomes, peer


def test_a_stalled_post_times_out_alone() -> None:
    async def scenario() -> None:
        async def stall(connection_id: str, writer: asyncio.StreamWriter, _: int) -> None:
            if connection_id in stalled:
                await forever()
            writer.write(OK)

        stalled = set(ids(60)[::20])
        async with peer(stall) as server:
            push = client(server, concurrency=8)
            results = await push.post_all(ids(60), b"x", call_seconds=1)
            push.close()
        assert {i for i, r in results.items() if r is Failure.TIMEOUT} == stalled
        assert outcomes(results)[Answer(200)] == 60 - len(stalled)

    asyncio.run(scenario())


def test_the_batch_ends_on_time_and_names_the_posts_that_were_never_sent() -> None:
    async def scenario() -> None:
        async def stall(*_: object) -> None:
            await forever()

        async with peer(stall) as server:
            push = client(server, concurrency=4)
            results = await push.post_all(ids(10), b"x", call_seconds=30, batch_seconds=1)
            push.close()
        assert outcomes(results) == {Failure.UNANSWERED: 4, Failure.UNSTARTED: 6}

    asyncio.run(scenario())


def test_a_post_under_way_near_the_end_is_answered_and_a_waiting_one_stays_unsent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Of 1.5 seconds, so that a busy machine answers in time too.
    monkeypatch.setattr(push_client, "ANSWER_SECONDS", 1)

    async def scenario() -> Counter[Result]:
        async def takes_a_moment(_: str, writer: asyncio.StreamWriter, __: int) -> None:
            await asyncio.sleep(0.03)
            writer.write(OK)

        async with peer(takes_a_moment) as server:
            push = client(server, concurrency=4)
            results = await push.post_all(ids(400), b"x", batch_seconds=1.5)
            push.close()
            assert outcomes(results)[Answer(200)] == len(server.posts)
            return outcomes(results)

    assert asyncio.run(scenario()).keys() == {Answer(200), Failure.UNSTARTED}


def test_a_cancellation_closes_the_posts_under_way_and_sends_no_more() -> None:
    async def scenario() -> None:
        asked = asyncio.Event()

        async def stall(*_: object) -> None:
            asked.set()
            await forever()

        async with peer(stall) as server:
            push = client(server, concurrency=2)
            batch = asyncio.create_task(push.post_all(ids(10), b"x"))
            await asyncio.wait_for(asked.wait(), 5)
            batch.cancel()
            with pytest.raises(asyncio.CancelledError):
                await batch
            assert push.pool.idle == []
            assert len(server.posts) <= 2
            push.close()

    asyncio.run(scenario())
