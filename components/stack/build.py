"""The parts of a stack in one region, and their exports.

Regions share nothing: each has its own links, users, counts and limits. The primary region's
parts have short names; a secondary one's carry the region, and so do its roles, which are global.
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
from .operations import addresses, customer_key, host_dashboard, observe, queues
from .region import StackRegion

Exports = Mapping[str, Any]


def build_region(region: StackRegion) -> Exports:
    """Declares the region's resources; returns its addresses."""
    region = dataclasses.replace(region, kms_key_arn=customer_key(region))
    account: list[pulumi.Resource] = []
    if region.plan.manage_api_gateway_account:
        here = ApiGatewayAccountArgs(region=region.explicit)
        account.append(ApiGatewayAccount(region.name("account"), here))
    realtime = _realtime(region, account)
    rows = LinkTableArgs(
        protect_data=region.protects_data,
        kms_key_arn=region.kms_key_arn,
        region=region.explicit,
    )
    links = LinkTable(region.name("links"), rows)
    clicks = _clicks(region, realtime, links)
    shortener = _shortener(region, realtime, links, clicks)
    found = addresses(region, realtime, shortener)
    operations = observe(region, realtime, clicks, shortener)
    return {
        **found,
        **host_dashboard(region, found, shortener),
        "region": region.code,
        "tier": region.settings.tier,
        "user_pool_id": shortener.user_pool_id,
        "user_pool_client_id": shortener.user_pool_client_id,
        "realtime_table": realtime.table_name,
        "links_table": links.name,
        "click_queue_url": clicks.queue_url,
        "dead_letter_queue_url": clicks.dead_letter_queue_url,
        "queues": queues(realtime, clicks),
        "alarm_topic": operations.topic_arn,
    }


def _realtime(region: StackRegion, account: list[pulumi.Resource]) -> RealtimeApi:
    settings, plan = region.settings, region.plan
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
        allowed_origins=_origins(region) if settings.allowed_origins else None,
        require_origin=settings.require_origin,
        throttling_rate_limit=plan.throttle.messages_per_second,
        throttling_burst_limit=bursts(plan, region.allowed)["messages"],
        connects_per_second=plan.throttle.connects_per_second,
        maximum_subscriptions=plan.caps.subscriptions,
        payload_limit_bytes=plan.caps.payload_bytes,
        posts_per_second=plan.push.posts_per_second,
        maximum_workers=plan.concurrency.workers,
        reserved_fan_out=plan.concurrency.reserved.fan_out,
        reserved_publish=plan.concurrency.reserved.publish,
        defaults=region.defaults,
        protect_data=region.protects_data,
        region=region.explicit,
    )
    return RealtimeApi(region.name("realtime"), args, pulumi.ResourceOptions(depends_on=account))


def _clicks(region: StackRegion, realtime: RealtimeApi, links: LinkTable) -> ClickPipeline:
    args = ClickPipelineArgs(
        links_table_name=links.name,
        links_table_arn=links.arn,
        publish_policy=realtime.publish_policy,
        publish_environment=realtime.publish_environment,
        maximum_concurrency=region.plan.concurrency.aggregators,
        reserved_concurrency=region.plan.concurrency.reserved.aggregate,
        defaults=_defaults(region, realtime),
        protect_data=region.protects_data,
        region=region.explicit,
    )
    return ClickPipeline(region.name("clicks"), args)


def _shortener(
    region: StackRegion, realtime: RealtimeApi, links: LinkTable, clicks: ClickPipeline
) -> Shortener:
    plan = region.plan
    args = ShortenerArgs(
        links_table_name=links.name,
        links_table_arn=links.arn,
        click_policy=clicks.click_policy,
        click_environment=clicks.click_environment,
        allowed_origins=_origins(region),
        throttling_rate_limit=plan.throttle.redirects_per_second,
        throttling_burst_limit=bursts(plan, region.allowed)["redirects"],
        defaults=_defaults(region, realtime),
        protect_data=region.protects_data,
        region=region.explicit,
        public_url=f"https://{plan.domains.http}" if plan.domains else None,
    )
    return Shortener(region.name("shortener"), args)


def _defaults(region: StackRegion, realtime: RealtimeApi) -> FunctionDefaults:
    """One layer for all functions of the region."""
    return dataclasses.replace(region.defaults, layer_arn=realtime.layer_arn)


def _origins(region: StackRegion) -> list[str]:
    return [*region.settings.allowed_origins, *region.dashboard_origins]
