"""Whether a region can carry a plan: pure checks of the settings against the quotas.

A quota that is asked for counts only once it is granted.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from ..resources.regions import Figures, regions
from .demand import (
    COUNT_SECONDS,
    HEARTBEAT_SECONDS,
    UNRESERVED_EXECUTIONS,
    api_requests,
    connects_per_second,
    demand,
    executions,
    messages_per_second,
    posts_per_second,
)
from .region_settings import Raise, Raised, RegionSettings


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """Why a plan cannot hold."""

    about: str
    """The quota, or the setting within the region, that is exceeded."""

    sentence: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """The place of a plan's settings, which a sentence and its command name."""

    region: str
    stack: str

    def key(self, path: str) -> str:
        return f"realtime:regions.{self.region}.{path}"

    def command(self, path: str, value: object) -> str:
        return f"pulumi config set --stack {self.stack} --path '{self.key(path)}' {value}"


def refusals(plans: Mapping[str, RegionSettings], stack: str) -> list[Refusal]:
    """Of all regions of a stack, under AWS's defaults and the granted quotas."""
    found: list[Refusal] = []
    for code, plan in plans.items():
        place = Place(region=code, stack=stack)
        if region := regions().regions.get(code):
            found += violations(plan, capacity(region.defaults, plan.raised), place)
            found += _needless_raises(plan.raised, region.defaults, place)
        else:
            near = regions().nearest(code) or sorted(regions().regions)
            command = f"pulumi config rm --stack {stack} --path 'realtime:regions.{code}'"
            sentence = (
                f"realtime:regions must name commercial regions of AWS, got {code!r}."
                f" There are {', '.join(near)}. Run: {command}"
            )
            found.append(Refusal(about="region", sentence=sentence))
    return found


def capacity(defaults: Figures, raised: Raised) -> Figures:
    """The account's quotas: the granted ones, and the defaults for the others."""
    asked = {name: getattr(raised, name) for name in Raised.model_fields}
    granted = {name: ask.value for name, ask in asked.items() if ask and ask.granted}
    return replace(defaults, **granted)


def violations(plan: RegionSettings, allowed: Figures, place: Place) -> list[Refusal]:
    """The violations of a plan; empty if it fits."""
    return [
        *_beyond_quotas(plan, allowed, place),
        *_reserved(plan, place),
        *_load_beyond_budget(plan, place),
    ]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Bound:
    """The sentence about an exceeded quota."""

    path: str
    """The setting, within the region."""
    rule: str
    reason: str


_BOUNDS = {
    "api_requests_per_second": _Bound(
        path="throttle",
        rule="and push must stay within {most} requests/s together",
        reason="API Gateway counts all three in one bucket of the region",
    ),
    "web_socket_connects_per_second": _Bound(
        path="throttle.connectsPerSecond",
        rule="must be {most} at most",
        reason="API Gateway opens no more new connections a second, over all APIs of the account",
    ),
    "put_events_per_second": _Bound(
        path="expectedLoad.clicksPerSecond",
        rule="must be {most} at most",
        reason="each click is a PutEvents request, and EventBridge takes no more a second",
    ),
    "event_invocations_per_second": _Bound(
        path="expectedLoad.clicksPerSecond",
        rule="must be {most} at most",
        reason="EventBridge delivers no more events a second, and more arrive late",
    ),
    "lambda_concurrency": _Bound(
        path="concurrency",
        rule="must need {most} executions at a time at most",
        reason=f"Lambda runs no more in the region, and keeps {UNRESERVED_EXECUTIONS} unreserved",
    ),
}


def _beyond_quotas(plan: RegionSettings, allowed: Figures, place: Place) -> Iterator[Refusal]:
    for name, wanted in demand(plan).items():
        most: int = getattr(allowed, name)
        if wanted > most:
            bound, code = _BOUNDS[name], regions().quotas[name].code
            rule = bound.rule.format(most=f"{most:,}")
            got = f"{wanted:,}"
            if name == "api_requests_per_second":
                parts = (f"{count:,} {part}" for part, count in api_requests(plan).items())
                got = f"{' + '.join(parts)} = {got}"
            yield Refusal(
                about=name,
                sentence=f"{place.key(bound.path)} {rule}, got"
                f" {got}: {bound.reason} (quota {code})."
                f" {_ask(plan.raised, name, wanted, place)}",
            )


def _ask(raised: Raised, name: str, wanted: int, place: Place) -> str:
    alias = Raised.model_fields[name].alias
    asked: Raise | None = getattr(raised, name)
    if asked and not asked.granted and asked.value >= wanted:
        command = place.command(f"raised.{alias}.granted", "true")
        ask = f"realtime quotas --stack {place.stack} --region {place.region} --request"
        return (
            f"{asked.value:,} is not granted yet. Ask with: {ask}. Once AWS has agreed: {command}"
        )
    command = place.command(f"raised.{alias}.value", wanted)
    return f"Lower it, or ask AWS for more, which counts once it is granted: {command}"


def _reserved(plan: RegionSettings, place: Place) -> Iterator[Refusal]:
    kept, workers = plan.concurrency.reserved, plan.concurrency.workers
    mapped = {
        "aggregate": (kept.aggregate, plan.concurrency.aggregators, "concurrency.aggregators"),
        "fanOut": (kept.fan_out, workers, "concurrency.workers"),
        "publish": (kept.publish, 2 * workers, "twice concurrency.workers, for it has two queues"),
    }
    for name, (executions_kept, least, what) in mapped.items():
        if executions_kept is not None and executions_kept < least:
            path = f"concurrency.reserved.{name}"
            yield Refusal(
                about=path,
                sentence=f"{place.key(path)} must be {least:,} or more ({what}), got"
                f" {executions_kept:,}: the queue would start more functions than may run, and"
                f" messages would fail unread. Run: {place.command(path, least)}",
            )


def _load_beyond_budget(plan: RegionSettings, place: Place) -> Iterator[Refusal]:
    for path, got, least, reason in _needs(plan):
        if got < least:
            enough = math.ceil(least)
            yield Refusal(
                about=path,
                sentence=f"{place.key(path)} must be {enough:,} or more, got {got:,}: {reason}."
                f" Expect less, or run: {place.command(path, enough)}",
            )


def _needs(plan: RegionSettings) -> list[tuple[str, int, float, str]]:
    """Setting, its value, the least that the expected load takes, and the reason."""
    load, throttle, push = plan.expected_load, plan.throttle, plan.push
    posts = posts_per_second(load, push.min_interval_ms)
    watchers = f"{load.watched_links:,} links with {load.watchers_per_link:,} watchers"
    busy = executions(plan)
    return [
        (
            "throttle.redirectsPerSecond",
            throttle.redirects_per_second,
            load.clicks_per_second,
            "each expected click is a redirect",
        ),
        (
            "throttle.messagesPerSecond",
            throttle.messages_per_second,
            max(messages_per_second(load), throttle.connects_per_second),
            f"{watchers} send a heartbeat each {HEARTBEAT_SECONDS} s, and connects are messages",
        ),
        (
            "throttle.connectsPerSecond",
            throttle.connects_per_second,
            connects_per_second(load),
            f"of {watchers} each is cut after two hours and comes back",
        ),
        (
            "push.postsPerSecond",
            push.posts_per_second,
            posts,
            f"{watchers} and {load.clicks_per_second:,} clicks/s, a push every"
            f" {push.min_interval_ms:,} ms and link at most, are so many posts",
        ),
        (
            "concurrency.aggregators",
            plan.concurrency.aggregators,
            busy["aggregate"],
            f"{load.clicks_per_second:,} clicks/s of {COUNT_SECONDS * 1000:.0f} ms each keep so"
            " many busy",
        ),
        (
            "concurrency.workers",
            plan.concurrency.workers,
            busy["fan_out"],
            f"{posts:,.0f} posts/s keep so many busy",
        ),
    ]


def _needless_raises(raised: Raised, defaults: Figures, place: Place) -> Iterator[Refusal]:
    for name, field in Raised.model_fields.items():
        asked: Raise | None = getattr(raised, name)
        default: int = getattr(defaults, name)
        if asked and asked.value <= default:
            path = f"raised.{field.alias}"
            command = f"pulumi config rm --stack {place.stack} --path '{place.key(path)}'"
            yield Refusal(
                about=path,
                sentence=f"{place.key(path)}.value must be more than {default:,}, which every"
                f" account has, got {asked.value:,}: Service Quotas lowers none. Run: {command}",
            )
