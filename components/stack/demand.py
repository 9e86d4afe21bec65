"""The quotas that a region's plan uses: pure arithmetic on the expected load and the settings.

Durations are assumed, on the high side: AWS publishes none, and this project measured on one
machine.
"""

import math

from ..resources.regions import Figures
from .region_settings import ExpectedLoad, RegionSettings

UNRESERVED_EXECUTIONS = 100
"""https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html"""
CONNECTION_SECONDS = 7_200
"""API Gateway closes every WebSocket connection after two hours."""
HEARTBEAT_SECONDS = 480
"""A watcher asks this often whether its row is still there: docs/protocol.md."""

REDIRECT_SECONDS = 0.050
CONNECT_SECONDS = 0.070
"""Authorizer and `$connect`, one after the other."""
MESSAGE_SECONDS = 0.020
COUNT_SECONDS = 0.046
"""Of a click in a batch: reads, a transaction and a claim, and a post. See bench/scale.

A click alone may wait for its channel besides; where many come, few are alone.
"""
POST_SECONDS = 0.020 / 64
"""A worker posts on 64 sockets at a time."""


def posts_per_second(load: ExpectedLoad, min_interval_ms: int) -> float:
    """Posts that the load takes at most.

    Each watched link is pushed as often as it is clicked, and not more often than its interval
    allows. Evenly spread clicks are the worst case: a busy link's are conflated.
    """
    clicks_per_link = load.clicks_per_second / load.watched_links
    pushes = min(clicks_per_link, 1000 / min_interval_ms if min_interval_ms else math.inf)
    return load.watched_links * load.watchers_per_link * pushes


def messages_per_second(load: ExpectedLoad) -> float:
    """Heartbeats of all watchers, and the connects of those that two hours have cut."""
    return _watchers(load) / HEARTBEAT_SECONDS + connects_per_second(load)


def connects_per_second(load: ExpectedLoad) -> float:
    """In a steady state. After an outage all clients reconnect, up to the throttle."""
    return _watchers(load) / CONNECTION_SECONDS


def executions(plan: RegionSettings) -> dict[str, int]:
    """Functions at work at a time, by Little's law: arrivals a second times seconds each."""
    load = plan.expected_load
    posts = posts_per_second(load, plan.push.min_interval_ms)
    busy = {
        "redirect": load.clicks_per_second * REDIRECT_SECONDS,
        "connect": connects_per_second(load) * CONNECT_SECONDS,
        "messages": messages_per_second(load) * MESSAGE_SECONDS,
        "aggregate": load.clicks_per_second * COUNT_SECONDS,
        "fan_out": posts * POST_SECONDS,
    }
    return {name: math.ceil(seconds) for name, seconds in busy.items()}


def demand(plan: RegionSettings) -> dict[str, int]:
    """The share of each quota that the plan uses."""
    clicks = plan.expected_load.clicks_per_second
    kept = plan.concurrency.reserved
    needed = executions(plan)
    unreserved = sum(count for name, count in needed.items() if not getattr(kept, name, None))
    return {
        "api_requests_per_second": sum(api_requests(plan).values()),
        "web_socket_connects_per_second": plan.throttle.connects_per_second,
        "put_events_per_second": clicks,
        "event_invocations_per_second": clicks,
        "lambda_concurrency": kept.total
        + max(unreserved, UNRESERVED_EXECUTIONS * bool(kept.total)),
    }


def bursts(plan: RegionSettings, allowed: Figures) -> dict[str, int]:
    """Requests that clients may send at once: a second's, within their share of the burst."""
    rates = {
        "redirects": plan.throttle.redirects_per_second,
        "messages": plan.throttle.messages_per_second,
    }
    all_of_it = sum(rates.values())
    return {
        name: max(1, min(rate, allowed.api_burst * rate // all_of_it))
        for name, rate in rates.items()
    }


def api_requests(plan: RegionSettings) -> dict[str, int]:
    """The parts of the one bucket: the allotted rate, or the expected one where that is more."""
    posts = math.ceil(posts_per_second(plan.expected_load, plan.push.min_interval_ms))
    messages = math.ceil(messages_per_second(plan.expected_load))
    return {
        "redirects": max(plan.throttle.redirects_per_second, plan.expected_load.clicks_per_second),
        "messages": max(plan.throttle.messages_per_second, messages),
        "posts": max(plan.push.posts_per_second, posts),
    }


def _watchers(load: ExpectedLoad) -> int:
    return load.watched_links * load.watchers_per_link
