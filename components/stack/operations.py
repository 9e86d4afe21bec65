"""The parts of a region for its operators: key, domain names, alarms, dashboard."""

from collections.abc import Mapping

import pulumi

from ..observability import Observability, ObservabilityArgs
from ..realtime_api import RealtimeApi
from ..resources.custom_domain import CustomDomain, CustomDomainArgs
from ..resources.customer_key import CustomerKey, CustomerKeyArgs
from ..shortener.api import Shortener
from ..shortener.click_pipeline import ClickPipeline
from .region import StackRegion

REALTIME_FUNCTIONS = ("authorize", "connect", "disconnect", "messages", "fan_out", "publish")
CLICK_FUNCTIONS = ("aggregate",)
SHORTENER_FUNCTIONS = ("redirect", "links")

Texts = Mapping[str, pulumi.Output[str]]
Queues = Mapping[str, Texts]


def customer_key(region: StackRegion) -> pulumi.Output[str] | None:
    """ARN of a key of the account's own, if the stack asks for one."""
    account_id = region.settings.customer_key.account_id
    if account_id is None:
        return None
    args = CustomerKeyArgs(account_id=account_id, region=region.code)
    return CustomerKey(region.name("data"), args).arn


def addresses(region: StackRegion, realtime: RealtimeApi, shortener: Shortener) -> Texts:
    """Where clients find the APIs: by names of the account's own, if the stack has any."""
    domains = region.plan.domains
    if domains is None:
        return {"endpoint": realtime.endpoint, "api_url": shortener.api_url}
    web_socket = CustomDomainArgs(
        domain_name=domains.web_socket,
        hosted_zone_id=domains.hosted_zone_id,
        api_id=realtime.api_id,
        stage_name=realtime.stage_name,
        region=region.explicit,
    )
    http = CustomDomainArgs(
        domain_name=domains.http,
        hosted_zone_id=domains.hosted_zone_id,
        api_id=shortener.api_id,
        stage_name=shortener.stage_name,
        region=region.explicit,
    )
    named = CustomDomain(region.name("live"), web_socket), CustomDomain(region.name("go"), http)
    return {
        key: pulumi.Output.concat(scheme, domain.domain_name)
        for key, scheme, domain in zip(
            ("endpoint", "api_url"), ("wss://", "https://"), named, strict=True
        )
    }


def host_dashboard(region: StackRegion, found: Texts, shortener: Shortener) -> Texts:
    """Exports of the web page; none where the stack hosts none."""
    asked = region.plan.dashboard
    if asked is None:
        return {}
    # S3 and CloudFront take a third of a second to import, and few stacks need them.
    from ..dashboard.hosting import Dashboard, DashboardArgs  # noqa: PLC0415

    args = DashboardArgs(
        endpoint=found["endpoint"],
        api_url=found["api_url"],
        user_pool_client_id=shortener.user_pool_client_id,
        region=region.code,
        domain_name=asked.domain_name,
        certificate_arn=asked.certificate_arn,
    )
    dashboard = Dashboard(region.name("dashboard"), args)
    return {"dashboard_url": dashboard.url, "dashboard_target": dashboard.distribution_domain_name}


def queues(realtime: RealtimeApi, clicks: ClickPipeline) -> Queues:
    """Title -> the queue and its dead-letter queue, for redriving."""
    pairs = {
        "clicks": (clicks.queue_url, clicks.dead_letter_queue_url),
        "delivery": (realtime.delivery_queue_url, realtime.delivery_dead_letter_queue_url),
        "publish": (realtime.publish_queue_url, realtime.publish_dead_letter_queue_url),
        "events": (realtime.events_queue_url, realtime.events_dead_letter_queue_url),
    }
    return {title: {"url": url, "dead_letter_url": dead} for title, (url, dead) in pairs.items()}


def observe(
    region: StackRegion, realtime: RealtimeApi, clicks: ClickPipeline, shortener: Shortener
) -> Observability:
    fed = queues(realtime, clicks)
    kept = {f"{title}-dead-letters": each["dead_letter_url"] for title, each in fed.items()} | {
        "clicks-parked": clicks.parking_queue_url,
        "clicks-undelivered": clicks.undelivered_queue_url,
        "events-undelivered": realtime.undelivered_queue_url,
    }
    throttle = region.plan.throttle
    args = ObservabilityArgs(
        web_socket_api_id=realtime.api_id,
        stage_name=realtime.stage_name,
        http_api_id=shortener.api_id,
        function_names=_functions(realtime, clicks, shortener),
        queue_names={title: _queue_name(each["url"]) for title, each in fed.items()},
        kept_queue_names={title: _queue_name(url) for title, url in kept.items()},
        services=[region.name(part) for part in ("realtime", "clicks", "shortener")],
        publishing_services=[region.name(part) for part in ("realtime", "clicks")],
        web_socket_rate_limit=throttle.messages_per_second,
        http_rate_limit=throttle.redirects_per_second,
        posts_per_second=region.plan.push.posts_per_second,
        lambda_concurrency=region.allowed.lambda_concurrency,
        emails=region.settings.alarm_addresses,
        kms_key_arn=region.kms_key_arn,
        region=region.explicit,
    )
    return Observability(region.name("operations"), args)


def _functions(realtime: RealtimeApi, clicks: ClickPipeline, shortener: Shortener) -> Texts:
    parts = (
        (realtime.function_names, REALTIME_FUNCTIONS),
        (clicks.function_names, CLICK_FUNCTIONS),
        (shortener.function_names, SHORTENER_FUNCTIONS),
    )
    return {title: names[title] for names, titles in parts for title in titles}


def _queue_name(url: pulumi.Output[str]) -> pulumi.Output[str]:
    return url.apply(lambda known: known.rpartition("/")[2])
