"""The parts of a stack in one region, and what the program exports of them.

Regions share nothing: each has its own links, users, counts and limits. The home region's parts
have short names; another region's carry the region, and so do its roles, which are global.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

import pulumi

from ..realtime_api import ChannelRule, RealtimeApi, RealtimeApiArgs
from ..resources.api_gateway_account import ApiGatewayAccount, ApiGatewayAccountArgs
from ..resources.function import FunctionDefaults
from ..shortener.api import Shortener, ShortenerArgs
from ..shortener.click_pipeline import ClickPipeline, ClickPipelineArgs
from ..shortener.table import LinkTable, LinkTableArgs
from .demand import bursts
from .regional_operations import addresses, customer_key, host_dashboard, observe, queues
from .site import Site

Exports = Mapping[str, Any]


def build_region(site: Site) -> Exports:
    """Declares the region's resources; returns its addresses."""
    site = dataclasses.replace(site, kms_key_arn=customer_key(site))
    realtime = _realtime(site, _account(site))
    links = _links(site)
    clicks = _clicks(site, realtime, links)
    shortener = _shortener(site, realtime, links, clicks)
    found = addresses(site, realtime, shortener)
    operations = observe(site, realtime, clicks, shortener)
    return {
        **found,
        **host_dashboard(site, found, shortener),
        "region": site.region,
        "tier": site.settings.tier,
        "user_pool_id": shortener.user_pool_id,
        "user_pool_client_id": shortener.user_pool_client_id,
        "realtime_table": realtime.table_name,
        "links_table": links.name,
        "click_queue_url": clicks.queue_url,
        "dead_letter_queue_url": clicks.dead_letter_queue_url,
        "queues": queues(realtime, clicks),
        "alarm_topic": operations.topic_arn,
    }


def _account(site: Site) -> list[pulumi.Resource]:
    if not site.plan.manage_api_gateway_account:
        return []
    return [ApiGatewayAccount(site.name("account"), ApiGatewayAccountArgs(region=site.away))]


def _realtime(site: Site, account: list[pulumi.Resource]) -> RealtimeApi:
    settings, plan = site.settings, site.plan
    link = ChannelRule(
        pattern="link:*",
        access="public",
        delivery="latest",
        min_interval_ms=plan.push.min_interval_ms,
    )
    args = RealtimeApiArgs(
        stage_name=pulumi.get_stack(),
        channels=[link],
        connect_parameters={"code": "link:{}"},
        allowed_origins=_origins(site) if settings.allowed_origins else None,
        require_origin=settings.require_origin,
        throttling_rate_limit=plan.throttle.messages_per_second,
        throttling_burst_limit=bursts(plan, site.allowed)["messages"],
        connects_per_second=plan.throttle.connects_per_second,
        maximum_subscriptions=plan.caps.subscriptions,
        payload_limit_bytes=plan.caps.payload_bytes,
        posts_per_second=plan.push.posts_per_second,
        maximum_workers=plan.concurrency.workers,
        reserved_fan_out=plan.concurrency.reserved.fan_out,
        reserved_publish=plan.concurrency.reserved.publish,
        defaults=site.defaults,
        protect_data=site.protects_data,
        region=site.away,
    )
    return RealtimeApi(site.name("realtime"), args, pulumi.ResourceOptions(depends_on=account))


def _links(site: Site) -> LinkTable:
    args = LinkTableArgs(
        protect_data=site.protects_data,
        kms_key_arn=site.kms_key_arn,
        region=site.away,
    )
    return LinkTable(site.name("links"), args)


def _clicks(site: Site, realtime: RealtimeApi, links: LinkTable) -> ClickPipeline:
    args = ClickPipelineArgs(
        links_table_name=links.name,
        links_table_arn=links.arn,
        publish_policy=realtime.publish_policy,
        publish_environment=realtime.publish_environment,
        maximum_concurrency=site.plan.concurrency.aggregators,
        reserved_concurrency=site.plan.concurrency.reserved.aggregate,
        defaults=_defaults(site, realtime),
        protect_data=site.protects_data,
        region=site.away,
    )
    return ClickPipeline(site.name("clicks"), args)


def _shortener(
    site: Site, realtime: RealtimeApi, links: LinkTable, clicks: ClickPipeline
) -> Shortener:
    plan = site.plan
    args = ShortenerArgs(
        links_table_name=links.name,
        links_table_arn=links.arn,
        click_policy=clicks.click_policy,
        click_environment=clicks.click_environment,
        allowed_origins=_origins(site),
        throttling_rate_limit=plan.throttle.redirects_per_second,
        throttling_burst_limit=bursts(plan, site.allowed)["redirects"],
        defaults=_defaults(site, realtime),
        protect_data=site.protects_data,
        region=site.away,
        public_url=f"https://{plan.domains.http}" if plan.domains else None,
    )
    return Shortener(site.name("shortener"), args)


def _defaults(site: Site, realtime: RealtimeApi) -> FunctionDefaults:
    """One layer for all functions of the region."""
    return dataclasses.replace(site.defaults, layer_arn=realtime.layer_arn)


def _origins(site: Site) -> list[str]:
    return [*site.settings.allowed_origins, *site.dashboard_origins]
