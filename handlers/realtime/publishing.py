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

from .channels import Rules
from .delivery import metrics
from .delivery.engine import Engine, Limits
from .delivery.pacing import Rate, RatedPosts
from .delivery.pushing import management_posts
from .delivery.task_queue import task_queue
from .every.log_store import dynamo_log
from .publisher import Published, Update, publish
from .store import dynamo_store


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


@functools.cache
def engine(environment: PublishEnvironment) -> Engine:
    """One for each environment and process, for use on the kept event loop (see `loop`)."""
    return Engine(
        store=dynamo_store(environment.realtime_table),
        log=dynamo_log(environment.realtime_table),
        posts=RatedPosts(
            management_posts(environment.management_endpoint),
            rate(environment.posts_per_second),
            now_ms,
            asyncio.sleep,
        ),
        queue=task_queue(environment.delivery_queue_url),
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


@functools.cache
def publisher(
    environment: PublishEnvironment,
) -> Publish:
    """What it returns is `publisher.publish` with its engine, and metrics."""

    async def send(update: Update, tokens: Sequence[str], max_wait_ms: int = 0) -> Published:
        began = time.monotonic()
        published = await publish(engine(environment), update, tokens, max_wait_ms)
        metrics.record_publish(published, duration_ms=round((time.monotonic() - began) * 1000))
        return published

    return send


def now_ms() -> int:
    return time.time_ns() // 1_000_000
