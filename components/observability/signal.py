"""A signal: metrics, an alarm's threshold, and the operator's first step when it is crossed."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

Dimensions = Mapping[str, pulumi.Input[str]]

QUOTA_SHARE = 0.8
MINUTE_SECONDS = 60


@dataclass(frozen=True, kw_only=True)
class Metric:
    namespace: str
    name: str
    dimensions: Dimensions
    statistic: str = "Sum"
    """Per minute: `Sum`, `Maximum`, `Average` or a percentile like `p95`."""


@dataclass(frozen=True, kw_only=True)
class Signal:
    key: str
    """Part of the alarm's logical name."""
    title: str
    group: str
    """The dashboard's row."""
    metrics: Mapping[str, Metric]
    """Id in `expression` -> metric; without an expression there is one."""
    threshold: float | None = None
    """None is a graph without an alarm."""
    because: str = ""
    """The fault behind a crossed threshold, and the first step; the alarm's description."""
    expression: str | None = None
    minutes: int = 3
    """Of the last five, in which the threshold is crossed; 1 looks at the last one only."""

    @property
    def only_metric(self) -> Metric | None:
        """The metric of an alarm without an expression; None with one."""
        return None if self.expression else next(iter(self.metrics.values()))


def share(per_second: int) -> float:
    return per_second * MINUTE_SECONDS * QUOTA_SHARE


def one(  # noqa: PLR0913 - a row of a table
    key: str,
    title: str,
    group: str,
    metric: Metric,
    threshold: float,
    because: str,
    *,
    minutes: int = 3,
) -> Signal:
    return Signal(
        key=key,
        title=title,
        group=group,
        metrics={"m": metric},
        threshold=threshold,
        because=because,
        minutes=minutes,
    )
