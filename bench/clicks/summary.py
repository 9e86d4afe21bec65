"""A measurement as the figures that are reported, each for one click."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from .costs import MILLION, dollars
from .latency import percentile
from .measure import Measured
from .records import Call, Execution

POST = ("execute-api", "POST")
FRONT_DOOR = "redirect"
QUEUE_REQUESTS_PER_BATCH = 2
"""Receive and delete: Lambda makes them, and they are billed to the queue's owner."""
WATCHING = ("connect", "authorize")
"""Functions that open and close sockets: no click calls them."""


def summary(measured: Measured) -> dict[str, Any]:
    calls = [call for call in measured.calls if _by_a_click(call.caller)]
    runs = [run for run in measured.executions if _by_a_click(run.function)]
    pipeline = [call for call in calls if FRONT_DOOR not in call.caller]
    clicks = measured.clicks
    return {
        "clicks": clicks,
        "batches": batches(runs),
        "calls_per_click": _calls(pipeline) / clicks,
        "calls_by_operation": _by_operation(pipeline, clicks),
        "posts_per_click": sum((call.service, call.operation) == POST for call in calls) / clicks,
        "write_units_per_click": sum(call.write_units for call in calls) / clicks,
        "read_units_per_click": sum(call.read_units for call in calls) / clicks,
        "dollars_per_million_clicks": _dollars(calls, runs, clicks),
        "click_to_frame_ms": _latency(measured.seconds),
        "drain_seconds": max(measured.drain_seconds),
        "clicks_sent_twice": sum(_diverted(call) for call in calls),
        "frames_missing": measured.missing,
        "frames_backwards": measured.backwards,
        "screens_wrong_at_end": measured.wrong_at_end,
    }


def batches(runs: Sequence[Execution]) -> dict[str, Any]:
    """Of the aggregator: what it was given at a time."""
    sizes = [run.messages for run in runs if run.messages and "aggregate" in run.function]
    histogram = Counter(sizes)
    return {
        "invocations": len(sizes),
        "mean": sum(sizes) / len(sizes),
        "by_size": {str(size): histogram[size] for size in sorted(histogram)},
    }


def _diverted(call: Call) -> bool:
    """A redirect that did not wait for a slow bus; the click may then arrive twice."""
    return FRONT_DOOR in call.caller and call.service == "sqs"


def _by_a_click(function: str) -> bool:
    return not any(name in function for name in WATCHING)


def _calls(calls: Sequence[Call]) -> int:
    """What the functions ask of AWS; posts are told apart."""
    return sum((call.service, call.operation) != POST for call in calls)


def _by_operation(calls: Sequence[Call], clicks: int) -> dict[str, float]:
    counts = Counter(f"{call.service}:{call.operation}" for call in calls)
    return {operation: counts[operation] / clicks for operation in sorted(counts)}


def _dollars(calls: Sequence[Call], runs: Sequence[Execution], clicks: int) -> Mapping[str, float]:
    """The whole way of a click, front door included; connection minutes are the same for both."""
    by_kind = Counter((call.service, call.operation) for call in calls)
    from_queues = sum(run.messages > 0 for run in runs)
    sent = sum(count for (service, _), count in by_kind.items() if service == "sqs")
    events = sum(call.entries for call in calls if call.operation == "PutEvents")
    counts = {
        "http_api_million_requests": clicks,
        "eventbridge_million_events": events,
        # The bus sends each event to the queue.
        "sqs_million_requests": events + sent + QUEUE_REQUESTS_PER_BATCH * from_queues,
        "lambda_million_requests": len(runs),
        "lambda_gb_second_arm64": sum(run.seconds * run.memory_mb / 1024 for run in runs),
        "dynamodb_million_write_units": sum(call.write_units for call in calls),
        "dynamodb_million_read_units": sum(call.read_units for call in calls),
        "web_socket_million_messages": by_kind[POST],
    }
    return dollars({name: count * MILLION / clicks for name, count in counts.items()})


def _latency(seconds: Sequence[float]) -> dict[str, float]:
    shares = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
    return {
        "samples": len(seconds),
        **{name: percentile(seconds, share) * 1000 for name, share in shares.items()},
    }
