"""Publishing from inside a function, with its metrics.

Only for a function whose source delivers again what was not acknowledged: a publish that dies half
way is finished by the next delivery, and by nothing else.
"""

import functools
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from .publisher import Published, Update, publish
from .push import management_posts
from .store import dynamo_store


@dataclass(frozen=True)
class PublishEnvironment:
    """What a publishing function's own `Environment` inherits."""

    realtime_table: str
    management_endpoint: str
    realtime_api_id: str


@functools.cache
def publisher(environment: PublishEnvironment) -> Callable[[Update], Awaitable[Published]]:
    """One for each environment and process. What it returns raises as `publisher.publish` does."""
    store = dynamo_store(environment.realtime_table)
    posts = management_posts(environment.management_endpoint)

    async def send(update: Update) -> Published:
        published = await publish(
            store, posts, update, api_id=environment.realtime_api_id, now_ms=_now_ms()
        )
        _record(published, age_ms=max(0, _now_ms() - update.at))
        return published

    return send


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _record(published: Published, *, age_ms: int) -> None:
    # API Gateway has no metrics for posts: these are the only ones there are. Each publish has its
    # own object, because publishes run side by side and the shared one would mix them.
    metrics = EphemeralMetrics()
    metrics.add_metric("StalePublishes", MetricUnit.Count, int(published.stale))
    if not published.stale:
        metrics.add_metric("Subscribers", MetricUnit.Count, published.subscribers)
        metrics.add_metric("PostsDelivered", MetricUnit.Count, published.delivered)
        metrics.add_metric("PostsGone", MetricUnit.Count, published.gone)
        metrics.add_metric("PostsFailed", MetricUnit.Count, published.failed)
        metrics.add_metric("PostsHandshaking", MetricUnit.Count, published.handshaking)
        metrics.add_metric("EventAge", MetricUnit.Milliseconds, age_ms)
    metrics.flush_metrics()
