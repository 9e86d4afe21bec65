"""The dashboard's body: a graph for each signal, with the line at which its alarm goes off.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
"""

from collections.abc import Sequence
from typing import Any

import pulumi

from .signal import MINUTE_SECONDS, Signal

COLUMNS = 24
WIDTH, HEIGHT = 8, 6
HEADING_HEIGHT = 1


def body(watched: Sequence[Signal], region: pulumi.Input[str]) -> dict[str, Any]:
    """Groups in the order of their first signal, three graphs beside each other.

    `region` is that of the metrics: a dashboard belongs to none.
    """
    widgets: list[dict[str, Any]] = []
    top = 0
    for group in dict.fromkeys(signal.group for signal in watched):
        members = [signal for signal in watched if signal.group == group]
        heading = {"markdown": f"## {group}", "background": "transparent"}
        place = _place(0, top, COLUMNS, HEADING_HEIGHT)
        widgets.append({"type": "text", **place, "properties": heading})
        top += HEADING_HEIGHT
        for number, signal in enumerate(members):
            row, column = divmod(number, COLUMNS // WIDTH)
            graph = _graph(signal, region)
            widgets.append({**graph, **_place(column * WIDTH, top + row * HEIGHT, WIDTH, HEIGHT)})
        top += -(-len(members) * WIDTH // COLUMNS) * HEIGHT
    return {"widgets": widgets}


def _graph(signal: Signal, region: pulumi.Input[str]) -> dict[str, Any]:
    hidden = signal.expression is not None
    metrics: list[list[Any]] = []
    for key, metric in signal.metrics.items():
        dimensions = [part for pair in metric.dimensions.items() for part in pair]
        options = {"id": key, "stat": metric.statistic, "visible": not hidden}
        metrics.append([metric.namespace, metric.name, *dimensions, options])
    if signal.expression is not None:
        metrics.append([{"id": "result", "expression": signal.expression, "label": signal.title}])
    alarm = [] if signal.threshold is None else [{"label": "alarm", "value": signal.threshold}]
    return {
        "type": "metric",
        "properties": {
            "title": signal.title,
            "region": region,
            "view": "timeSeries",
            "period": MINUTE_SECONDS,
            "metrics": metrics,
            "yAxis": {"left": {"min": 0}},
            "annotations": {"horizontal": alarm},
        },
    }


def _place(x: int, y: int, width: int, height: int) -> dict[str, int]:
    return {"x": x, "y": y, "width": width, "height": height}
