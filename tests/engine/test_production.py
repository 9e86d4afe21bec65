"""What production keeps: the engine itself refuses to delete what holds data or an address."""

import pytest

from tests.engine.conftest import ROOT, First
from tests.engine.driver import Engine, Stack, program_of

KEPT = {
    "aws:apigatewayv2/api:Api",
    "aws:cognito/userPool:UserPool",
    "aws:cognito/userPoolClient:UserPoolClient",
    "aws:dynamodb/table:Table",
    "aws:sqs/queue:Queue",
}
PROTECTED = "cannot be deleted\nbecause it is protected"
DEPLOYMENT = "aws:apigatewayv2/deployment:Deployment"
LAYER = "aws:lambda/layerVersion:LayerVersion"


@pytest.fixture(scope="module")
def first(engine: Engine) -> First:
    return First.of(engine, ROOT, "prod", program_of(ROOT, "components"))


def protected(stack: Stack) -> set[str]:
    return {resource["urn"] for resource in stack.resources() if resource.get("protect")}


def test_the_first_update_creates_exactly_what_the_preview_announced(first: First) -> None:
    assert first.deployed.operations() == {"create"}
    assert first.went_as_announced()
    assert first.announced.said == first.deployed.said == []


def test_every_table_api_pool_and_queue_is_protected(first: First) -> None:
    kept = {step.urn for step in first.deployed.steps if step.type in KEPT}
    assert protected(first.stack) == kept


def test_a_destruction_is_refused_before_anything_is_deleted(first: First) -> None:
    before = first.stack.resources()
    *reasons, _ = first.stack.refused_destruction().said
    assert reasons
    assert all(PROTECTED in reason for reason in reasons)
    assert first.stack.resources() == before
    assert first.stack.refresh().summary == {"same": first.deployed.summary["create"]}


SHOP = """
import pulumi
from realtime_platform.components import ChannelRule, FunctionDefaults, RealtimeApi, RealtimeApiArgs

args = RealtimeApiArgs(
    stage_name=pulumi.get_stack(),
    channels=[ChannelRule(pattern="link:*", access="public", delivery="latest")],
    throttling_rate_limit=100,
    defaults=FunctionDefaults(log_retention_days=30),
    protect_data=True,
)
RealtimeApi("realtime", args)
"""
RENAMED = SHOP.replace('RealtimeApi("realtime", args)', 'RealtimeApi("live", args, opts)')
WITHOUT_ALIAS = RENAMED.replace("args =", "opts = None\nargs =", 1)
WITH_ALIAS = RENAMED.replace(
    "args =",
    'opts = pulumi.ResourceOptions(aliases=[pulumi.Alias(name="realtime")])\nargs =',
    1,
)


@pytest.fixture(scope="module")
def shop(engine: Engine) -> Stack:
    stack = engine.stack_of("shop", "prod", {"__main__.py": SHOP})
    stack.up()
    return stack


def test_a_component_that_is_renamed_without_an_alias_is_refused_in_the_preview(
    shop: Stack,
) -> None:
    (shop.folder / "__main__.py").write_text(WITHOUT_ALIAS)
    *reasons, _ = shop.refused_preview().said
    assert reasons
    assert all(PROTECTED in reason for reason in reasons)


def test_a_component_that_is_renamed_with_an_alias_keeps_what_it_holds(shop: Stack) -> None:
    kept = protected(shop)
    (shop.folder / "__main__.py").write_text(WITH_ALIAS)
    updated = shop.up()
    assert updated.operations() & {"create", "delete"} == set()
    replaced = {step.type for step in updated.steps if step.operation == "replace"}
    assert replaced == {DEPLOYMENT, LAYER}
    assert protected(shop) == {urn.replace("::realtime-", "::live-") for urn in kept}
