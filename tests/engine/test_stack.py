"""The program as the engine deploys it: the stack dev, from its first preview to its deletion."""

import asyncio
from collections import Counter

import pytest
import websockets

from cli.links import LinkApi
from localcloud import stack_config
from localcloud.paths import search
from tests.e2e import conftest as e2e
from tests.e2e.conftest import Cloud
from tests.e2e.test_click_to_screen import shows
from tests.engine.conftest import ROOT, First
from tests.engine.driver import Engine, Stack, program_of

PRIMARY, SECONDARY = "eu-west-1", "eu-central-1"
DASHBOARD = {
    "domainName": "dashboard.example.com",
    "certificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/0123",
}
LISTS = {
    "apigatewayv2": ("get_apis", "Items[].Name"),
    "cloudwatch": ("describe_alarms", "MetricAlarms[].AlarmName"),
    "dynamodb": ("list_tables", "TableNames"),
    "iam": ("list_roles", "Roles[].RoleName"),
    "lambda": ("list_functions", "Functions[].FunctionName"),
    "s3": ("list_buckets", "Buckets[].Name"),
    "sns": ("list_topics", "Topics[].TopicArn"),
    "sqs": ("list_queues", "QueueUrls"),
}
SHARED = ("account-role-", f"account-{SECONDARY}-role-")
"""Roles of API Gateway, which all stacks of a region share: they stay when one of these goes."""


@pytest.fixture(scope="module")
def first(engine: Engine) -> First:
    return First.of(engine, ROOT, "dev", program_of(ROOT, "components"))


@pytest.fixture(scope="module")
def dev(first: First) -> Stack:
    return first.stack


def held(cloud: Cloud) -> list[str]:
    """What the cloud holds in both regions, by its name there."""
    found: list[str] = []
    for region in (PRIMARY, SECONDARY):
        for service, (operation, names) in LISTS.items():
            answer = getattr(cloud.client(service, region), operation)()
            found += search(names, answer) or []
    return [name for name in found if not name.startswith(SHARED)]


def test_the_first_update_creates_exactly_what_the_preview_announced(first: First) -> None:
    assert first.deployed.operations() == {"create"}
    assert first.went_as_announced()
    assert first.announced.said == first.deployed.said == []


def test_the_deployed_system_counts_three_clicks_and_pushes_each(cloud: Cloud, dev: Stack) -> None:
    stack = e2e.Stack(cloud, stack_config(ROOT, "dev"), dev.outputs())

    async def scenario() -> list[bool]:
        async with LinkApi(stack.exports["api_url"], stack.token) as links:
            code = (await links.create("https://example.com/")).code
            async with websockets.connect(stack.watch_url(code)) as watcher:
                seen: list[bool] = []
                for expected in (1, 2, 3):
                    assert await links.click(code) == 302
                    seen.append(await shows(watcher, expected))
                return seen

    assert asyncio.run(scenario()) == [True, True, True]


def test_neither_a_preview_nor_an_update_without_a_change_changes_anything(dev: Stack) -> None:
    assert dev.preview().operations() == dev.up().operations() == {"same"}


def test_a_refresh_finds_everything_as_it_was_made(first: First) -> None:
    assert first.stack.refresh().summary == Counter(same=first.deployed.summary["create"])


def test_another_throttle_is_set_in_place(cloud: Cloud, dev: Stack) -> None:
    regions = dev.configuration()["realtime:regions"]
    regions[PRIMARY]["throttle"]["messagesPerSecond"] = 90
    dev.configure(regions=regions)
    updated = dev.up()
    assert updated.operations() == {"same", "update"}
    assert {"realtime-stage", "operations-web-socket-quota"} <= updated.names("update")
    gateway = cloud.client("apigatewayv2", PRIMARY)
    (live,) = (api for api in gateway.get_apis()["Items"] if api["ProtocolType"] == "WEBSOCKET")
    stage = gateway.get_stage(ApiId=live["ApiId"], StageName="dev")
    assert stage["DefaultRouteSettings"]["ThrottlingRateLimit"] == 90


def test_traces_another_retention_and_a_key_of_ones_own_replace_nothing(dev: Stack) -> None:
    key = {"accountId": "123456789012"}
    dev.configure(tracing=True, logRetentionDays=30, customerKey=key)
    assert dev.up().operations() == {"create", "same", "update"}


def test_a_second_region_with_names_of_its_own_and_pages_replaces_nothing(
    cloud: Cloud, dev: Stack
) -> None:
    zones = cloud.client("route53", PRIMARY)
    zone = zones.create_hosted_zone(Name="example.com", CallerReference="1")["HostedZone"]
    domains = {
        "hostedZoneId": zone["Id"].rpartition("/")[2],
        "webSocket": "live.example.com",
        "http": "go.example.com",
    }
    regions = dev.configuration()["realtime:regions"]
    secondary = {**regions[PRIMARY], "domains": domains, "dashboard": DASHBOARD}
    dev.configure(regions={**regions, SECONDARY: secondary})
    announced, updated = dev.preview(), dev.up()
    assert announced.changes() == updated.changes()
    assert updated.operations() == {"create", "same"}


def test_a_development_stack_is_destroyed_whole(cloud: Cloud, dev: Stack) -> None:
    assert len(held(cloud)) > len(LISTS)
    assert dev.destroy().operations() == {"delete"}
    assert dev.resources() == []
    assert held(cloud) == []
