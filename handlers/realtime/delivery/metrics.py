"""What deliveries cost and achieve. API Gateway has no metrics for posts: these are all there are.

Each record has its own object, because deliveries run side by side and a shared one would mix them.
"""

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from ..model import Outcome
from .engine import Published


def record_publish(published: Published, *, duration_ms: int) -> None:
    """Of a publish or a worker's part of it."""
    metrics = EphemeralMetrics()
    metrics.add_metric("StalePublishes", MetricUnit.Count, int(published.stale))
    metrics.add_metric("ConflatedUpdates", MetricUnit.Count, int(published.conflated))
    if not (published.stale or published.conflated):
        metrics.add_metric("Subscribers", MetricUnit.Count, published.subscribers)
        metrics.add_metric("PostsDelivered", MetricUnit.Count, published.delivered)
        metrics.add_metric("PostsGone", MetricUnit.Count, published.gone)
        metrics.add_metric("PostsHandshaking", MetricUnit.Count, published.handshaking)
        metrics.add_metric("PostsSlow", MetricUnit.Count, published.slow)
        metrics.add_metric("PostsFailed", MetricUnit.Count, published.failed)
        metrics.add_metric("PostsUnanswered", MetricUnit.Count, published.unanswered)
        metrics.add_metric("PostsTooLarge", MetricUnit.Count, published.too_large)
        metrics.add_metric("DeliveryTasks", MetricUnit.Count, published.tasks)
        metrics.add_metric("FanOutDuration", MetricUnit.Milliseconds, duration_ms)
        if published.age_ms is not None:
            metrics.add_metric("EventAge", MetricUnit.Milliseconds, published.age_ms)
    metrics.flush_metrics()


def record_catch_up(outcome: Outcome | None) -> None:
    """Of one connection; None if it needed nothing."""
    metrics = EphemeralMetrics()
    metrics.add_metric("CatchUps", MetricUnit.Count, 1)
    delivered = int(outcome is Outcome.DELIVERED)
    metrics.add_metric("CatchUpsDelivered", MetricUnit.Count, delivered)
    metrics.flush_metrics()


def record_pacing(waits: int) -> None:
    metrics = EphemeralMetrics()
    metrics.add_metric("PacingWaits", MetricUnit.Count, waits)
    metrics.flush_metrics()
