"""`GET /{code}`: sends the browser on and emits the click; the hot path: a cached read, an event.

A link that was just deleted may lead on for as long as the cache keeps it, ten seconds.
"""

from __future__ import annotations

import functools
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit
from cachetools import TTLCache

from .. import aws, environment
from . import click, codes, emit
from .emit import Emitter, Way
from .link import Link
from .store import LinkStore

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

_CACHE_ENTRIES = 10_000
_CACHE_SECONDS = 10
_METRICS = {Way.QUEUE: "ClicksDiverted", Way.NONE: "ClicksLost"}

logger = Logger()
aws.dynamodb()
emit.clients()


@dataclass(frozen=True)
class Environment:
    links_table: str
    event_bus_name: str
    click_queue_url: str


@functools.cache
def _environment() -> Environment:
    return environment.read(Environment)


@functools.cache
def _links() -> LinkStore:
    return LinkStore(aws.dynamodb(), _environment().links_table)


@functools.cache
def _emitter() -> Emitter:
    variables = _environment()
    return emit.connect(bus_name=variables.event_bus_name, queue_url=variables.click_queue_url)


@functools.cache
def _cache() -> TTLCache[str, Link]:
    # By the wall clock: the monotonic one may stand still while Lambda keeps the process frozen.
    return TTLCache(maxsize=_CACHE_ENTRIES, ttl=_CACHE_SECONDS, timer=time.time)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    try:
        return _follow(event["pathParameters"]["code"], now_ms=time.time_ns() // 1_000_000)
    except Exception:
        logger.exception("redirect failed")
        return _refusal(500, "internal", "The link could not be followed. Try again later.")


def _follow(code: str, *, now_ms: int) -> dict[str, Any]:
    link = _find(code) if codes.is_code(code) else None
    if link is None:
        logger.info("no such link")
        return _refusal(404, "not_found", "There is no such link.")
    if not link.leads_on(now_ms=now_ms):
        logger.info("link gone", extra={"code": code})
        return _refusal(410, "gone", "This link has expired or was deleted.")
    clicked = click.new(code, at=now_ms)
    way = _emitter().emit(clicked)
    if way in _METRICS:
        _count(_METRICS[way])
    logger.info("redirected", extra={"code": code, "click_id": clicked.click_id, "way": way.value})
    return {
        "statusCode": 302,
        "headers": {"location": link.target, "cache-control": "no-store"},
        "body": "",
    }


def _find(code: str) -> Link | None:
    """A miss is not kept: a code that was tried before its link was made works as soon as it is."""
    link = _cache().get(code)
    if link is None and (link := _links().find(code)):
        _cache()[code] = link
    return link


def _count(metric: str) -> None:
    metrics = EphemeralMetrics()
    metrics.add_metric(name=metric, unit=MetricUnit.Count, value=1)
    metrics.flush_metrics()


def _refusal(status: int, code: str, message: str) -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json", "cache-control": "no-store"},
        "body": json.dumps({"error": {"code": code, "message": message}}),
    }
