"""The engine of a function, and publishing from inside one, with its metrics.

Only for a function whose source delivers again what was not acknowledged: a publish that dies half
way is finished by the next delivery, and by nothing else.
"""

import asyncio
import functools
import time
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import Protocol

from ... import aws
from ..channels import Rules
from ..delivery import metrics
from ..delivery.engine import Engine, Limits
from ..delivery.posts import management_posts
from ..delivery.queue import SqsTaskQueue
from ..delivery.rate_limit import Rate, RatedPosts
from ..every.log_store import DynamoLog
from ..latest.publish import Published, Update, publish
from ..store import DynamoStore


class Publish(Protocol):
    def __call__(
        self, update: Update, tokens: Sequence[str], max_wait_ms: int = 0
    ) -> Awaitable[Published]: ...


@dataclass(frozen=True)
class PublishEnvironment:
    """What a publishing function's own `Environment` inherits."""

    realtime_table: str
    management_endpoint: str
    realtime_api_id: str
    channel_rules: str
    delivery_queue_url: str
    inline_maximum: int
    posts_per_second: int


def engine(environment: PublishEnvironment) -> Engine:
    """For use on the kept event loop: see `aws.run`."""
    return Engine(
        store=DynamoStore(aws.dynamodb(), environment.realtime_table),
        log=DynamoLog(aws.dynamodb(), environment.realtime_table),
        posts=RatedPosts(
            management_posts(environment.management_endpoint),
            rate(environment.posts_per_second),
            now_ms,
            asyncio.sleep,
        ),
        queue=SqsTaskQueue(aws.sqs(), environment.delivery_queue_url),
        rules=Rules.parse(environment.channel_rules),
        now_ms=now_ms,
        api_id=environment.realtime_api_id,
        limits=Limits(
            inline_maximum=environment.inline_maximum,
            posts_per_second=environment.posts_per_second,
        ),
    )


@functools.cache
def rate(posts_per_second: int) -> Rate:
    """One for each process, whatever posts there."""
    return Rate(posts_per_second)


def publisher(environment: PublishEnvironment) -> Publish:
    """Returns `publisher.publish` with an engine of the environment, and metrics."""
    made = engine(environment)

    async def send(update: Update, tokens: Sequence[str], max_wait_ms: int = 0) -> Published:
        began = time.monotonic()
        published = await publish(made, update, tokens, max_wait_ms)
        metrics.record_publish(published, duration_ms=round((time.monotonic() - began) * 1000))
        return published

    return send


def now_ms() -> int:
    return time.time_ns() // 1_000_000
