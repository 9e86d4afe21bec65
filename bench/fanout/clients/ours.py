"""The project's push client, on an event loop that is kept between batches as a function keeps it.

With `uvloop` as second argument the loop is uvloop's.
"""

import asyncio
import importlib
import sys
from collections.abc import Callable, Sequence

from handlers.signed_http.client import Answer, PushClient

from ..job import Job, main


def prepare(job: Job) -> Callable[[Sequence[str]], int]:
    factory = None
    if sys.argv[2:] == ["uvloop"]:
        factory = importlib.import_module("uvloop").new_event_loop
    runner = asyncio.Runner(loop_factory=factory)
    data = job.data.encode()
    client = PushClient(
        job.endpoint,
        region=job.region,
        credentials=lambda: job,
        concurrency=job.concurrency,
        tls=job.tls(),
    )

    def post_batch(ids: Sequence[str]) -> int:
        results = runner.run(client.post_all(ids, data, batch_seconds=60))
        return sum(result == Answer(200) for result in results.values())

    return post_batch


if __name__ == "__main__":
    main(prepare)
