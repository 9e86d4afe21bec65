"""Works on the delivery queue: trailing pushes, ranges of large channels, and retries.

A task that fails fails alone, and the queue delivers it again.
"""

import asyncio
import functools
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from aws_lambda_powertools import Logger

from ... import aws
from ... import environment as variables
from ..channels import UnknownChannel
from ..delivery import metrics
from ..delivery.fan_out import fan_out_range
from ..delivery.rate_limit import RateLimitedPosts
from ..delivery.retry import retry
from ..delivery.tasks import decode
from ..engine import Engine
from ..latest.mode import Latest
from ..model import Outcome, Published, Range, Retry, Task, Trail
from ..store import DynamoStore
from .runtime import PublishEnvironment, engine

RANGES_AT_ONCE = 2
"""The ranges of a batch run one after another, so that each reads the value when its first post
starts. A second one goes on while the first waits for a socket that does not answer."""

logger = Logger()
aws.dynamodb()
aws.sqs()
aws.tls()


@dataclass(frozen=True)
class Environment(PublishEnvironment):
    """The variables of every publishing function, and no other."""


@dataclass(frozen=True)
class Worker:
    engine: Engine
    """For trailing pushes: a channel that is posted to at once is not worth a token."""
    limited: Engine
    posts: RateLimitedPosts

    async def work_on(self, messages: Sequence[Mapping[str, Any]]) -> list[str]:
        """Returns the ids of the messages that failed; their exceptions are logged."""
        lanes = asyncio.Semaphore(RANGES_AT_ONCE)
        ends = asyncio.get_running_loop().time() + self.limited.limits.range_seconds
        done = await asyncio.gather(*(self._succeeds(m, lanes, ends) for m in messages))
        return [m["messageId"] for m, is_done in zip(messages, done, strict=True) if not is_done]

    async def _succeeds(
        self, message: Mapping[str, Any], lanes: asyncio.Semaphore, ends: float
    ) -> bool:
        try:
            task = decode(message["body"])
            if isinstance(task, Range):
                async with lanes:
                    left = max(0.0, ends - asyncio.get_running_loop().time())
                    await self._work(self.limited, task, left)
            else:
                await self._work(self.engine if isinstance(task, Trail) else self.limited, task)
        except Exception:
            logger.exception("task failed", extra={"message_id": message["messageId"]})
            return False
        return True

    async def _work(self, engine: Engine, task: Task, seconds: float | None = None) -> None:
        began = time.monotonic()
        result = await work(engine, task, seconds)
        if isinstance(result, Published):
            duration_ms = round((time.monotonic() - began) * 1000)
            metrics.record_publish(result, duration_ms=duration_ms)
        elif result is not None:
            metrics.record_retry(result)


async def work(
    engine: Engine, task: Task, seconds: float | None = None
) -> Published | Counter[Outcome] | None:
    """Dispatches a task to its channel's mode; returns when nothing depends on the task any more.

    None where no rule of the stack matches the channel any more. `seconds` are left for a range.
    """
    try:
        mode = engine.mode(task.channel)
    except UnknownChannel:
        logger.warning("no rule for the channel of a task", extra={"channel": task.channel})
        return None
    match task:
        case Trail():
            return await mode.trail(engine, task) if isinstance(mode, Latest) else None
        case Range():
            left = engine.limits.range_seconds if seconds is None else seconds
            return await fan_out_range(engine, mode, task, left)
        case Retry():
            return await retry(engine, mode, task)


@functools.cache
def _worker() -> Worker:
    environment = variables.read(Environment)
    plain = engine(environment)
    tokens = DynamoStore(aws.dynamodb(), environment.realtime_table)
    posts = RateLimitedPosts(plain.posts, tokens, environment.posts_per_second, plain.now_ms)
    return Worker(plain, replace(plain, posts=posts), posts)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    messages = event["Records"]
    worker = _worker()
    worker.posts.waits = 0
    failed = aws.run(worker.work_on(messages))
    if worker.posts.waits:
        metrics.record_waits(worker.posts.waits)
    logger.info("tasks", extra={"messages": len(messages), "failed": len(failed)})
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}
