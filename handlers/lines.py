"""Log lines and metrics as Powertools writes them, for a function that does without Powertools.

Lambda stores a line of JSON on the standard output as it is:
https://docs.aws.amazon.com/lambda/latest/dg/python-logging.html
"""

import json
import sys
import time
import traceback
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from . import environment


@dataclass(frozen=True)
class _Names:
    powertools_metrics_namespace: str
    powertools_service_name: str


def log(level: str, message: str, **fields: Any) -> None:
    """`level` is WARNING or ERROR; an alarm counts the lines with ERROR."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    _write({"level": level, "message": message, "timestamp": now, **fields})


def log_exception(message: str, **fields: Any) -> None:
    """With the exception that is being handled."""
    log(
        "ERROR",
        message,
        exception=traceback.format_exc(),
        exception_name=type(sys.exception()).__name__,
        **fields,
    )


def count(metric: str) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html"""
    names = environment.read(_Names)
    directive = {
        "Namespace": names.powertools_metrics_namespace,
        "Dimensions": [["service"]],
        "Metrics": [{"Name": metric, "Unit": "Count"}],
    }
    about = {"Timestamp": time.time_ns() // 1_000_000, "CloudWatchMetrics": [directive]}
    _write({"_aws": about, "service": names.powertools_service_name, metric: [1.0]})


def _write(line: dict[str, Any]) -> None:
    print(json.dumps(line), flush=True)  # noqa: T201 - the log is the standard output
