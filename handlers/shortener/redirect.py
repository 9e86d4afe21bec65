"""`GET /{code}`: sends the browser on and emits the click; the hot path: a cached read, an event.

A link that was just deleted may lead on for as long as the cache keeps it, ten seconds. What the
cache says of clicks is a guess at the next click's figures, not the number of clicks.
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

from .. import environment
from . import click, codes, emit, store
from .emit import Emitter, Way
from .link import Link
from .store import LinkStore
from .tally import Tally

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

_CACHE_ENTRIES = 10_000
_CACHE_SECONDS = 10
_METRICS = {Way.QUEUE: "ClicksDiverted", Way.NONE: "ClicksLost"}

logger = Logger()


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
    return store.connect(_environment().links_table)


@functools.cache
def _emitter() -> Emitter:
    variables = _environment()
    return emit.connect(bus_name=variables.event_bus_name, queue_url=variables.click_queue_url)


@dataclass
class Cached:
    link: Link
    expected: Tally
    """The link's figures as read, and the clicks on it since that were sent from here."""


@functools.cache
def _cache() -> TTLCache[str, Cached]:
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
    found = _find(code) if codes.is_code(code) else None
    if found is None:
        logger.info("no such link")
        return _refusal(404, "not_found", "There is no such link.")
    link = found.link
    if not link.leads_on(now_ms=now_ms):
        logger.info("link gone", extra={"code": code})
        return _refusal(410, "gone", "This link has expired or was deleted.")
    clicked = click.new(code, at=now_ms, expected=found.expected)
    way = _emitter().emit(clicked)
    if way is not Way.NONE:
        # In place: to put it into the cache again would keep a deleted link for longer.
        found.expected = found.expected.plus({clicked.day: 1})
    if way in _METRICS:
        _count(_METRICS[way])
    logger.info("redirected", extra={"code": code, "click_id": clicked.click_id, "way": way.value})
    return {
        "statusCode": 302,
        "headers": {"location": link.target, "cache-control": "no-store"},
        "body": "",
    }


def _find(code: str) -> Cached | None:
    """A miss is not kept: a code that was tried before its link was made works as soon as it is."""
    cache = _cache()
    found = cache.get(code)
    if found is None:
        link = _links().find(code)
        if link is not None:
            found = cache[code] = Cached(link, link.tally)
    return found


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
