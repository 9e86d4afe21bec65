"""The metrics of deliveries. API Gateway has none for posts, so there are no others.

Each record has its own object, because deliveries run side by side and a shared one would mix them.
"""

from collections import Counter

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from ..model import Outcome, Published

_POSTS = {
    Outcome.DELIVERED: "PostsDelivered",
    Outcome.GONE: "PostsGone",
    Outcome.HANDSHAKING: "PostsHandshaking",
    Outcome.SLOW: "PostsSlow",
    Outcome.FAILED: "PostsFailed",
    Outcome.UNANSWERED: "PostsUnanswered",
    Outcome.TOO_LARGE: "PostsTooLarge",
}


def record_publish(published: Published, *, duration_ms: int) -> None:
    """Of a publish or a worker's part of it."""
    metrics = EphemeralMetrics()
    metrics.add_metric("StalePublishes", MetricUnit.Count, int(published.stale))
    metrics.add_metric("ConflatedUpdates", MetricUnit.Count, int(published.conflated))
    if not (published.stale or published.conflated):
        metrics.add_metric("Subscribers", MetricUnit.Count, published.subscribers)
        for outcome, name in _POSTS.items():
            metrics.add_metric(name, MetricUnit.Count, published.outcomes.get(outcome, 0))
        metrics.add_metric("DeliveryTasks", MetricUnit.Count, published.tasks)
        metrics.add_metric("FanOutDuration", MetricUnit.Milliseconds, duration_ms)
        if published.age_ms is not None:
            metrics.add_metric("EventAge", MetricUnit.Milliseconds, published.age_ms)
    metrics.flush_metrics()


def record_retry(outcomes: Counter[Outcome]) -> None:
    metrics = EphemeralMetrics()
    metrics.add_metric("CatchUps", MetricUnit.Count, 1)
    metrics.add_metric("CatchUpsDelivered", MetricUnit.Count, outcomes[Outcome.DELIVERED])
    metrics.flush_metrics()


def record_waits(waits: int) -> None:
    """Of workers, for the rate limit."""
    metrics = EphemeralMetrics()
    metrics.add_metric("PacingWaits", MetricUnit.Count, waits)
    metrics.flush_metrics()
