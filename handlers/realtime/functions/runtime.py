"""The engine of a function, and publishing from inside one, with its metrics.

Only for a function whose source delivers again every message that was not acknowledged: a publish
that dies half way is finished by the next delivery, and by nothing else.
"""

import time
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import Protocol

from ... import aws
from ..channels import Rules
from ..delivery import metrics
from ..delivery.posts import management_posts
from ..delivery.queue import SqsTaskQueue
from ..engine import Engine, Limits
from ..model import Published, Update
from .tables import mode_of, tables


class Publish(Protocol):
    def __call__(
        self, update: Update, tokens: Sequence[str], max_wait_ms: int = 0
    ) -> Awaitable[Published]: ...


@dataclass(frozen=True)
class PublishEnvironment:
    """The variables that a publishing function's own `Environment` inherits."""

    realtime_table: str
    management_endpoint: str
    realtime_api_id: str
    channel_rules: str
    delivery_queue_url: str
    inline_maximum: int
    posts_per_second: int


def engine(environment: PublishEnvironment) -> Engine:
    """For use on the kept event loop: see `aws.run`."""
    found = tables(environment.realtime_table)
    return Engine(
        store=found.store,
        states=found.states,
        log=found.log,
        posts=management_posts(environment.management_endpoint),
        queue=SqsTaskQueue(aws.sqs(), environment.delivery_queue_url),
        rules=Rules.parse(environment.channel_rules),
        mode_of=mode_of,
        now_ms=now_ms,
        api_id=environment.realtime_api_id,
        limits=Limits(
            inline_maximum=environment.inline_maximum,
            posts_per_second=environment.posts_per_second,
        ),
    )


def publisher(environment: PublishEnvironment) -> Publish:
    """`Mode.publish` with an engine of the environment, and metrics."""
    return publisher_of(engine(environment))


def publisher_of(engine: Engine) -> Publish:
    async def publish(update: Update, tokens: Sequence[str], max_wait_ms: int = 0) -> Published:
        began = time.monotonic()
        mode = engine.mode(update.channel)
        published = await mode.publish(engine, update, tokens, max_wait_ms)
        metrics.record_publish(published, duration_ms=round((time.monotonic() - began) * 1000))
        return published

    return publish


def now_ms() -> int:
    return time.time_ns() // 1_000_000
