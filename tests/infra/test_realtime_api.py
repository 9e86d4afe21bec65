import json
from functools import cache
from typing import Any

import pulumi
import pytest

from components import ChannelRule, FunctionDefaults, RealtimeApi, RealtimeApiArgs, TokenArgs
from tests.infra.harness import ACCOUNT, Deployment, deploy

EVENTS = f"arn:aws:events:eu-west-1:{ACCOUNT}"
ARGUMENTS: dict[str, Any] = {
    "stage_name": "dev",
    "channels": [ChannelRule(pattern="link:*", access="public", delivery="latest")],
    "throttling_rate_limit": 10,
    "throttling_burst_limit": 5,
    "defaults": FunctionDefaults(log_retention_days=7),
}


def realtime_api(name: str = "live", **changes: Any) -> RealtimeApi:
    return RealtimeApi(name, RealtimeApiArgs(**{**ARGUMENTS, **changes}))


@cache
def live() -> Deployment:
    """The API of these arguments, for tests that only look at it."""
    return deploy(realtime_api)


def granted(grant: str, *arguments: str) -> list[dict[str, Any]]:
    """Statements of the policy that a role gets."""

    def program() -> None:
        getattr(realtime_api(), f"grant_{grant}")("orders", "orders-role", *arguments)

    name = f"live-orders-{grant.replace('_', '-')}-policy"
    policy = deploy(program).named(name)
    assert (policy.parent, policy.inputs["role"]) == ("live", "orders-role")
    return json.loads(policy.inputs["policy"])["Statement"]


def test_the_functions_get_the_rules_in_the_form_that_they_parse() -> None:
    rule = ChannelRule(
        pattern="user:{sub}", access="owner", delivery="every", min_interval_ms=0, publishers=["o"]
    )
    tokens = TokenArgs(issuer="https://issuer.example", audiences=["web"])
    deployment = deploy(
        lambda: realtime_api(channels=[*ARGUMENTS["channels"], rule], tokens=tokens)
    )
    for name in ("authorize", "connect", "messages"):
        variables = deployment.named(f"live-{name}-function").inputs["environment"]["variables"]
        assert json.loads(variables["CHANNEL_RULES"]) == [
            {
                "pattern": "link:*",
                "access": "public",
                "delivery": "latest",
                "min_interval_ms": 200,
                "publishers": [],
            },
            {
                "pattern": "user:{sub}",
                "access": "owner",
                "delivery": "every",
                "min_interval_ms": 0,
                "publishers": ["o"],
            },
        ]


def test_who_connects_from_where_is_told_to_the_authorizer() -> None:
    def program() -> None:
        realtime_api(allowed_origins=["https://a.example"], require_origin=True)

    variables = deploy(program).named("live-authorize-function").inputs["environment"]["variables"]
    assert json.loads(variables["ALLOWED_ORIGINS"]) == ["https://a.example"]
    assert variables["REQUIRE_ORIGIN"] == "true"


def test_the_authorizer_may_touch_nothing_but_its_log() -> None:
    deployment = live()
    granted = deployment.of("aws:iam/rolePolicy:RolePolicy")
    assert [p.name for p in granted if p.parent == "live-authorize"] == [
        "live-authorize-logs-policy"
    ]


def test_a_layer_that_is_given_is_used_and_no_other_made() -> None:
    layer = "arn:aws:lambda:eu-west-1:1:layer:mine:1"
    given = FunctionDefaults(log_retention_days=7, layer_arn=layer)
    deployment = deploy(lambda: realtime_api(defaults=given))
    assert deployment.of("aws:lambda/layerVersion:LayerVersion") == []
    assert deployment.named("live-connect-function").inputs["layers"] == [layer]


@pytest.mark.parametrize(
    ("verb", "method"),
    [("POST", "publish"), ("DELETE", "disconnect"), ("GET", "inspect")],
)
def test_a_grant_allows_one_verb_on_one_stage(verb: str, method: str) -> None:
    (statement,) = (s for s in granted(method) if "execute-api" in str(s["Action"]))
    assert statement["Action"] == ["execute-api:ManageConnections"]
    (resource,) = statement["Resource"]
    assert resource.endswith(f":live-api/dev/{verb}/@connections/*")


def test_who_may_publish_may_leave_to_the_workers_what_takes_too_long() -> None:
    (statement,) = (s for s in granted("publish") if "sqs:SendMessage" in s["Action"])
    assert statement["Resource"][0].endswith(":live-delivery-queue-source")


def test_who_may_send_may_send_to_the_publish_queue_and_do_nothing_else() -> None:
    (statement,) = granted("send")
    assert statement["Action"] == ["sqs:SendMessage"]
    assert statement["Resource"][0].endswith(":live-publish-queue-source")


def test_who_may_put_events_may_put_them_as_itself_alone() -> None:
    (statement,) = granted("put_events", "orders")
    assert statement["Action"] == ["events:PutEvents"]
    assert statement["Resource"] == [f"{EVENTS}:event-bus/live-bus-0123456"]
    assert statement["Condition"] == {
        "ForAllValues:StringEquals": {
            "events:source": "orders",
            "events:detail-type": "realtime.publish",
        }
    }


def test_a_bus_that_is_given_is_used_and_no_other_made() -> None:
    def program() -> None:
        realtime_api(event_bus_name="everybodys").grant_put_events("orders", "role", "orders")

    deployment = deploy(program)
    assert deployment.of("aws:cloudwatch/eventBus:EventBus") == []
    rule = deployment.one("aws:cloudwatch/eventRule:EventRule").inputs
    policy = deployment.named("live-orders-put-events-policy").inputs["policy"]
    variables = deployment.named("live-publish-function").inputs["environment"]["variables"]
    assert rule["eventBusName"] == variables["EVENT_BUS_NAME"] == "everybodys"
    (statement,) = json.loads(policy)["Statement"]
    assert statement["Resource"] == [f"{EVENTS}:event-bus/everybodys"]


def test_the_workers_are_told_their_limits() -> None:
    def program() -> None:
        realtime_api(inline_maximum=7, posts_per_second=500, history_seconds=60, maximum_workers=3)

    deployment = deploy(program)
    variables = deployment.named("live-publish-function").inputs["environment"]["variables"]
    assert (variables["INLINE_MAXIMUM"], variables["POSTS_PER_SECOND"]) == ("7", "500")
    assert variables["HISTORY_SECONDS"] == "60"
    mappings = deployment.of("aws:lambda/eventSourceMapping:EventSourceMapping")
    assert [m.inputs["scalingConfig"] for m in mappings] == [{"maximumConcurrency": 3}] * 3


def test_what_works_behind_the_stage_waits_for_it_and_nothing_before_it_waits_for_that() -> None:
    deployment = live()
    for name in ("fan-out", "publish"):
        assert "live-stage" in deployment.named(f"live-{name}-function").dependencies
    for name in ("authorize", "connect", "disconnect", "messages"):
        assert "live-stage" not in deployment.named(f"live-{name}-function").dependencies


def test_two_apis_share_a_program_and_mix_neither_resources_nor_metrics() -> None:
    def program() -> None:
        realtime_api("live")
        realtime_api("other")

    deployment = deploy(program)
    names = [resource.name for resource in deployment.resources]
    assert len(names) == len(set(names))
    written = {
        name: deployment.named(f"{name}-fan-out-function").inputs["environment"]["variables"]
        for name in ("live", "other")
    }
    for name, variables in written.items():
        assert variables["POWERTOOLS_SERVICE_NAME"] == name
        assert variables["POWERTOOLS_METRICS_NAMESPACE"] == f"RealtimePlatform/realtime/dev/{name}"
        errors = deployment.named(f"{name}-fan-out-errors").inputs["metricTransformation"]
        assert errors["namespace"] == variables["POWERTOOLS_METRICS_NAMESPACE"]


def test_children_do_not_inherit_what_was_meant_for_the_component() -> None:
    def program() -> None:
        queue = pulumi.ComponentResource("test:index:Other", "elsewhere")
        args = RealtimeApiArgs(**ARGUMENTS)
        options = pulumi.ResourceOptions(aliases=[pulumi.Alias(name="old")], depends_on=[queue])
        RealtimeApi("live", args, options)

    deployment = deploy(program)
    assert deployment.named("live-rows-table").dependencies == frozenset()
