"""Works on the delivery queue: flushes, ranges of large audiences, catch-ups and clean-ups.

The tasks of a batch run side by side and fail alone; the queue delivers those again that failed.
"""

import asyncio
import functools
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from aws_lambda_powertools import Logger

from ... import aws
from ... import environment as variables
from ..delivery import metrics
from ..delivery.engine import Engine, Published
from ..delivery.posts import management_posts
from ..delivery.rate_limit import PacedPosts, Pacer
from ..delivery.tasks import CatchUp, Range, Task, decode
from ..delivery.workers import work
from ..store import DynamoStore
from .runtime import PublishEnvironment, engine, rate

logger = Logger()
aws.dynamodb()
aws.sqs()
aws.tls()


@dataclass(frozen=True)
class Environment(PublishEnvironment):
    maximum_workers: int


@dataclass(frozen=True)
class Worker:
    engine: Engine
    paced: Engine
    """For ranges: a small audience is not worth a token."""
    pacer: Pacer

    async def work_on(self, message: Mapping[str, Any]) -> bool:
        """Whether it is done; what it raises is logged and fails this message only."""
        message_id = message["messageId"]
        try:
            await self._work_on(decode(message["body"]))
        except Exception:
            logger.exception("task failed", extra={"message_id": message_id})
            return False
        return True

    async def _work_on(self, task: Task) -> None:
        began = time.monotonic()
        outcome = await work(self.paced if isinstance(task, Range) else self.engine, task)
        if isinstance(outcome, Published):
            duration_ms = round((time.monotonic() - began) * 1000)
            metrics.record_publish(outcome, duration_ms=duration_ms)
        elif isinstance(task, CatchUp):
            metrics.record_catch_up(outcome)


@functools.cache
def _worker() -> Worker:
    environment = variables.read(Environment)
    plain = engine(environment)
    pacer = Pacer(
        DynamoStore(aws.dynamodb(), environment.realtime_table),
        rate(environment.posts_per_second),
        environment.maximum_workers,
        plain.now_ms,
        asyncio.sleep,
    )
    posts = PacedPosts(management_posts(environment.management_endpoint), pacer)
    return Worker(plain, replace(plain, posts=posts), pacer)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    messages = event["Records"]
    worker = _worker()
    worker.pacer.waits = 0
    failed = aws.run(_work(worker, messages))
    if worker.pacer.waits:
        metrics.record_pacing(worker.pacer.waits)
    logger.info("tasks", extra={"messages": len(messages), "failed": len(failed)})
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


async def _work(worker: Worker, messages: Sequence[Mapping[str, Any]]) -> list[str]:
    done = await asyncio.gather(*(worker.work_on(message) for message in messages))
    return [message["messageId"] for message, ok in zip(messages, done, strict=True) if not ok]
