import asyncio
import ssl
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from handlers.signed_http.client import Answer, Failure, Result
from tests.fakes.certificates import certificate
from tests.fakes.peer import client, fine, ids, outcomes, peer


@dataclass(frozen=True)
class Tls:
    server: ssl.SSLContext
    trusting: ssl.SSLContext


@pytest.fixture
def tls(tmp_path: Path) -> Tls:
    key, cert = certificate("localhost")
    pem = tmp_path / "server.pem"
    pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + cert.public_bytes(serialization.Encoding.PEM)
    )
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(pem)
    return Tls(server, ssl.create_default_context(cafile=str(pem)))


def test_over_tls_posts_arrive_and_connections_are_reused(tls: Tls) -> None:
    async def scenario() -> int:
        async with peer(fine, tls.server) as server:
            push = client(server, concurrency=3, tls=tls.trusting)
            for _ in range(3):
                assert outcomes(await push.post_all(ids(30), b"x" * 40_000)) == {Answer(200): 30}
            push.close()
            return server.connections

    assert asyncio.run(scenario()) == 3


def test_a_post_that_waits_for_a_handshake_when_the_batch_ends_was_never_sent(tls: Tls) -> None:
    async def scenario() -> Counter[Result]:
        async with peer(fine) as server:  # it speaks no TLS and waits for a request
            push = client(server, concurrency=2, tls=tls.trusting)
            results = await push.post_all(ids(3), b"x", batch_seconds=0.3)
            push.close()
            return outcomes(results)

    assert asyncio.run(scenario()) == {Failure.UNSTARTED: 3}


def test_a_handshake_goes_on_without_its_batch_and_the_next_one_has_its_socket(tls: Tls) -> None:
    async def scenario() -> tuple[Counter[Result], int]:
        async with peer(fine, tls.server) as server:
            push = client(server, concurrency=1, tls=tls.trusting)
            results = await push.post_all(ids(1), b"x", batch_seconds=0.0001)
            async with asyncio.timeout(5):
                while push.pool.waiting:
                    await asyncio.sleep(0.01)
            again = await push.post_all(ids(1), b"x")
            push.close()
            return outcomes(results) + outcomes(again), server.connections

    results, connections = asyncio.run(scenario())
    assert results[Answer(200)] == 1
    assert connections == 1


def test_a_certificate_of_no_trusted_authority_is_refused(tls: Tls) -> None:
    async def scenario() -> tuple[Counter[Result], int]:
        async with peer(fine, tls.server) as server:
            push = client(server, tls=ssl.create_default_context())
            return outcomes(await push.post_all(ids(3), b"x")), len(server.posts)

    assert asyncio.run(scenario()) == ({Failure.NETWORK: 3}, 0)
