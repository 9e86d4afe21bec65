"""The push client against real sockets: peers that answer, refuse, stall, hang up or babble."""

import asyncio
from collections import Counter

import pytest

from handlers.signed_http.client import Answer, Failure, PushClient, Result
from tests.fakes.peer import GONE, OK, Keys, client, fine, forever, ids, outcomes, peer


def test_every_post_has_its_own_result_and_the_body_arrives_whole() -> None:
    async def scenario() -> None:
        async def behave(connection_id: str, writer: asyncio.StreamWriter, _: int) -> None:
            writer.write(GONE if connection_id in gone else OK)

        gone = set(ids(100)[::7])
        async with peer(behave) as server:
            push = client(server)
            results = await push.post_all(ids(100), b'{"clicks":4}')
            push.close()
        assert {i for i, r in results.items() if r == Answer(410, b'{"message":1}')} == gone
        assert outcomes(results)[Answer(200)] == 100 - len(gone)
        assert sorted(server.posts) == [(i, b'{"clicks":4}') for i in ids(100)]

    asyncio.run(scenario())


def test_connections_are_bounded_and_reused_also_by_the_next_batch() -> None:
    async def scenario() -> int:
        async with peer(fine) as server:
            push = client(server, concurrency=5)
            for _ in range(4):
                assert outcomes(await push.post_all(ids(50), b"x")) == {Answer(200): 50}
            push.close()
            return server.connections

    assert asyncio.run(scenario()) == 5


def test_batches_at_the_same_time_share_the_client_and_not_their_results() -> None:
    async def scenario() -> None:
        async def behave(connection_id: str, writer: asyncio.StreamWriter, _: int) -> None:
            writer.write(OK if connection_id in ids(30) else GONE)

        async with peer(behave) as server:
            push = client(server, concurrency=4)
            others = [f"other-{number}" for number in range(30)]
            found, gone = await asyncio.gather(
                push.post_all(ids(30), b"x"), push.post_all(others, b"y")
            )
            push.close()
        assert outcomes(found) == {Answer(200): 30}
        assert outcomes(gone) == {Answer(410, b'{"message":1}'): 30}

    asyncio.run(scenario())


def test_a_client_that_was_closed_opens_connections_anew() -> None:
    async def scenario() -> int:
        async with peer(fine) as server:
            push = client(server, concurrency=2)
            for _ in range(2):
                assert outcomes(await push.post_all(ids(6), b"x")) == {Answer(200): 6}
                push.close()
            return server.connections

    assert asyncio.run(scenario()) == 4


def test_an_id_named_twice_is_posted_once() -> None:
    async def scenario() -> int:
        async with peer(fine) as server:
            push = client(server)
            await push.post_all(["a", "b", "a"], b"x")
            push.close()
            return len(server.posts)

    assert asyncio.run(scenario()) == 2


def test_no_ids_is_no_work() -> None:
    async def scenario() -> tuple[dict[str, Result], int]:
        async with peer(fine) as server:
            return await client(server).post_all([], b"x"), server.connections

    assert asyncio.run(scenario()) == ({}, 0)


def test_a_peer_that_closed_an_idle_connection_costs_a_retry_not_a_result() -> None:
    async def scenario() -> None:
        async with peer(fine) as server:
            push = client(server, concurrency=3)
            await push.post_all(ids(3), b"x")
            for writer in server.writers:
                writer.transport.abort()
            assert outcomes(await push.post_all(ids(3), b"y")) == {Answer(200): 3}
            push.close()
            assert [body for _, body in server.posts].count(b"y") == 3

    asyncio.run(scenario())


def test_a_peer_that_hangs_up_on_every_request_is_asked_twice_at_most() -> None:
    async def scenario() -> None:
        async def hang_up(_: str, writer: asyncio.StreamWriter, __: int) -> None:
            writer.transport.abort()

        async with peer(hang_up) as server:
            push = client(server)
            assert outcomes(await push.post_all(ids(20), b"x")) == {Failure.NETWORK: 20}
            push.close()
            assert len(server.posts) <= 40

    asyncio.run(scenario())


def test_half_an_answer_is_not_retried_because_the_post_may_have_happened() -> None:
    async def scenario() -> None:
        async def half(_: str, writer: asyncio.StreamWriter, count: int) -> None:
            writer.write(OK if count == 0 else OK[:20])
            if count:
                await writer.drain()
                writer.close()

        async with peer(half) as server:
            push = client(server, concurrency=1)
            results = await push.post_all(["first", "second"], b"x")
            push.close()
            assert results == {"first": Answer(200), "second": Failure.NETWORK}
            assert len(server.posts) == 2

    asyncio.run(scenario())


def test_a_connection_that_says_close_is_replaced() -> None:
    async def scenario() -> None:
        async def once(_: str, writer: asyncio.StreamWriter, __: int) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
            writer.close()

        async with peer(once) as server:
            push = client(server, concurrency=2)
            assert outcomes(await push.post_all(ids(10), b"x")) == {Answer(200): 10}
            push.close()
            assert server.connections == 10

    asyncio.run(scenario())


def test_credentials_that_fail_end_the_batch() -> None:
    async def scenario() -> None:
        asked = 0

        def credentials() -> Keys:
            nonlocal asked
            asked += 1
            if asked > 1:
                raise RuntimeError("no credentials any more")
            return Keys()

        async def stall(*_: object) -> None:
            await forever()

        async with peer(stall) as server:
            push = PushClient(
                f"http://127.0.0.1:{server.port}/dev", region="eu-west-1", credentials=credentials
            )
            with pytest.raises(RuntimeError, match="no credentials any more"):
                await push.post_all(ids(3), b"x")
            push.close()

    asyncio.run(scenario())


@pytest.mark.parametrize("nonsense", [b"\x00\xff" * 50, b"SSH-2.0\r\n", OK + OK, b"HTTP/1.1 200"])
def test_nonsense_is_a_failure_and_never_a_hang(nonsense: bytes) -> None:
    async def scenario() -> Counter[Result]:
        async def babble(_: str, writer: asyncio.StreamWriter, __: int) -> None:
            writer.write(nonsense)
            await writer.drain()
            writer.close()

        async with peer(babble) as server:
            push = client(server)
            results = await push.post_all(ids(5), b"x", call_seconds=5)
            push.close()
            return outcomes(results)

    assert asyncio.run(scenario()) == {Failure.NETWORK: 5}


def test_a_port_where_no_server_listens_is_a_failure_of_each_post() -> None:
    async def scenario() -> Counter[Result]:
        async with peer(fine) as server:
            pass
        return outcomes(await client(server).post_all(ids(5), b"x"))

    assert asyncio.run(scenario()) == {Failure.NETWORK: 5}


def test_a_payload_larger_than_any_socket_buffer_arrives_whole() -> None:
    async def scenario() -> None:
        payload = bytes(range(256)) * 40_000

        async def slow_reader(_: str, writer: asyncio.StreamWriter, __: int) -> None:
            writer.write(OK)

        async with peer(slow_reader) as server:
            push = client(server, concurrency=2)
            assert outcomes(await push.post_all(ids(3), payload)) == {Answer(200): 3}
            push.close()
            assert {body for _, body in server.posts} == {payload}

    asyncio.run(scenario())


def test_credentials_are_asked_anew_for_each_batch() -> None:
    async def scenario() -> int:
        asked = 0

        def credentials() -> Keys:
            nonlocal asked
            asked += 1
            return Keys(secret_key=f"secret-{asked}")

        async with peer(fine) as server:
            push = PushClient(
                f"http://127.0.0.1:{server.port}/dev", region="eu-west-1", credentials=credentials
            )
            await push.post_all(ids(1), b"x")
            before = asked
            await push.post_all(ids(1), b"x")
            push.close()
            return asked - before

    assert asyncio.run(scenario()) >= 1
