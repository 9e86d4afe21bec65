"""aiohttp with botocore's signer: the usual answer to "boto3 is too slow".

pyright: its package is in the benchmark's own environment, not in the one that is checked.
"""

# pyright: basic, reportMissingImports=false

import asyncio
from collections.abc import Callable, Iterator, Sequence

import aiohttp
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from ..job import Job, main


def prepare(job: Job) -> Callable[[Sequence[str]], int]:
    runner = asyncio.Runner()
    auth = SigV4Auth(
        Credentials(job.access_key, job.secret_key, job.token), "execute-api", job.region
    )
    data = job.data.encode()

    async def opened() -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(limit=job.concurrency, ssl=job.tls() or True)
        return aiohttp.ClientSession(connector=connector)

    session = runner.run(opened())

    async def lane(ids: Iterator[str]) -> int:
        delivered = 0
        for connection_id in ids:
            url = f"{job.endpoint}/@connections/{connection_id.replace('=', '%3D')}"
            request = AWSRequest("POST", url, data=data)
            auth.add_auth(request)
            async with session.post(
                aiohttp.client.URL(url, encoded=True), data=data, headers=dict(request.headers)
            ) as answer:
                await answer.read()
                delivered += answer.status == 200
        return delivered

    async def lanes(ids: Sequence[str]) -> int:
        waiting = iter(ids)
        return sum(await asyncio.gather(*(lane(waiting) for _ in range(job.concurrency))))

    return lambda ids: runner.run(lanes(ids))


if __name__ == "__main__":
    main(prepare)
