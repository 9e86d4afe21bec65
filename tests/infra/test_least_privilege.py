import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.infra.harness import ACCOUNT, Deployment

ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
PERMISSION = "aws:lambda/permission:Permission"

# A wildcard for what AWS makes up as it goes: streams of one log group, connections of one stage.
WILDCARDS = re.compile(
    r"arn:aws:cloudwatch:[a-z0-9-]+:\d{12}:[a-z-]+-logs:\*"
    r"|arn:aws:execute-api:[a-z0-9-]+:\d{12}:realtime-api/(dev|prod)/(POST|DELETE)/@connections/\*"
)
PUBLISHING = {"UpdateItem", "GetItem", "Query", "DeleteItem", "BatchWriteItem"}
ON_TABLES = {
    "realtime-connect": {"realtime-rows-table": {"PutItem", "GetItem"}},
    "realtime-disconnect": {"realtime-rows-table": {"DeleteItem", "BatchWriteItem"}},
    "realtime-messages": {
        "realtime-rows-table": {"UpdateItem", "PutItem", "GetItem", "DeleteItem", "Query"}
    },
    "realtime-fan-out": {"realtime-rows-table": PUBLISHING},
    "realtime-publish": {"realtime-rows-table": PUBLISHING | {"PutItem"}},
    "clicks-aggregate": {
        "links-rows-table": {"UpdateItem", "PutItem", "GetItem", "Query"},
        "realtime-rows-table": PUBLISHING,
    },
    "shortener-redirect": {"links-rows-table": {"GetItem"}},
    "shortener-links": {
        "links-rows-table": {"PutItem", "UpdateItem", "Query", "BatchGetItem"},
        "links-rows-table/index/by-owner": {"Query"},
    },
}


MAY_SEND = {
    "realtime-connect": {"realtime-delivery-queue-source"},
    "realtime-fan-out": {"realtime-delivery-queue-source"},
    "realtime-publish": {"realtime-delivery-queue-source"},
    "clicks-aggregate": {"realtime-delivery-queue-source", "clicks-parking-queue"},
    "shortener-redirect": {"clicks-queue-source"},
}
MAY_RECEIVE = {
    "realtime-fan-out": {"realtime-delivery-queue-source"},
    "realtime-publish": {"realtime-publish-queue-source", "realtime-events-queue-source"},
    "clicks-aggregate": {"clicks-queue-source"},
}
MAY_PUT = {
    "realtime-publish": ("realtime-bus-0123456", "realtime", "realtime.publish.refused"),
    "shortener-redirect": ("clicks-bus", "shortener", "click"),
}


def statements(deployment: Deployment, type_: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for policy in deployment.of(type_):
        for statement in json.loads(policy.inputs["policy"])["Statement"]:
            yield policy.parent, statement


def test_no_role_may_do_everything_or_to_everything(deployment: Deployment) -> None:
    for parent, statement in statements(deployment, ROLE_POLICY):
        assert not any("*" in action for action in statement["Action"]), parent
        for resource in statement["Resource"]:
            assert resource.startswith("arn:"), parent
            assert "*" not in resource or WILDCARDS.fullmatch(resource), resource


@pytest.mark.parametrize("function", ON_TABLES)
def test_a_function_may_do_to_a_table_what_it_does_and_no_more(
    deployment: Deployment, function: str
) -> None:
    allowed: dict[str, set[str]] = {}
    for parent, statement in statements(deployment, ROLE_POLICY):
        actions = {a.removeprefix("dynamodb:") for a in statement["Action"] if "dynamodb:" in a}
        if parent == function and actions:
            (resource,) = statement["Resource"]
            allowed.setdefault(resource.rpartition(":")[2], set()).update(actions)
    assert allowed == ON_TABLES[function]


def test_only_these_functions_may_touch_a_table(deployment: Deployment) -> None:
    touching = {
        parent
        for parent, statement in statements(deployment, ROLE_POLICY)
        if any(action.startswith("dynamodb:") for action in statement["Action"])
    }
    assert touching == ON_TABLES.keys()


def allowed_to(deployment: Deployment, action: str) -> dict[str, set[str]]:
    """Who may do it -> to what, by the end of its ARN."""
    found: dict[str, set[str]] = {}
    for parent, statement in statements(deployment, ROLE_POLICY):
        if action in statement["Action"]:
            ends = {resource.rpartition(":")[2] for resource in statement["Resource"]}
            found.setdefault(parent, set()).update(ends)
    return found


def test_only_who_publishes_may_push_and_only_to_its_stage(deployment: Deployment) -> None:
    stage = deployment.named("realtime-stage").inputs["name"]
    post, delete = (f"realtime-api/{stage}/{verb}/@connections/*" for verb in ("POST", "DELETE"))
    assert allowed_to(deployment, "execute-api:ManageConnections") == {
        "clicks-aggregate": {post},
        "realtime-publish": {post},
        "realtime-fan-out": {post, delete},
    }


def test_a_function_may_send_to_the_queues_that_it_sends_to(deployment: Deployment) -> None:
    assert allowed_to(deployment, "sqs:SendMessage") == MAY_SEND


def test_a_function_may_receive_from_the_queues_that_feed_it(deployment: Deployment) -> None:
    for action in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes"):
        assert allowed_to(deployment, f"sqs:{action}") == MAY_RECEIVE


def test_a_function_may_put_one_kind_of_event_as_one_source(deployment: Deployment) -> None:
    found: dict[str, tuple[str, str, str]] = {}
    for parent, statement in statements(deployment, ROLE_POLICY):
        if "events:PutEvents" in statement["Action"]:
            (bus,) = statement["Resource"]
            kind = statement["Condition"]["ForAllValues:StringEquals"]
            name = re.split("[:/]", bus)[-1]
            found[parent] = (name, kind["events:source"], kind["events:detail-type"])
    assert found == MAY_PUT


def test_api_gateway_may_invoke_a_function_for_its_own_routes_alone(
    deployment: Deployment,
) -> None:
    sources: dict[str, set[str]] = {}
    for permission in deployment.of(PERMISSION):
        function = permission.inputs["function"].removesuffix("-function-0123456")
        sources.setdefault(function, set()).add(permission.inputs["sourceArn"])
    stage = deployment.named("realtime-stage").inputs["name"]
    realtime = f"arn:aws:execute-api:eu-west-1:{ACCOUNT}:realtime-api"
    http = f"arn:aws:execute-api:eu-west-1:{ACCOUNT}:shortener-http-api/$default"
    assert sources == {
        "realtime-authorize": {f"{realtime}/authorizers/realtime-authorizer-id"},
        "realtime-connect": {f"{realtime}/{stage}/$connect"},
        "realtime-disconnect": {f"{realtime}/{stage}/$disconnect"},
        "realtime-messages": {
            f"{realtime}/{stage}/{key}" for key in ("$default", "subscribe", "unsubscribe")
        },
        "shortener-redirect": {f"{http}/$default"},
        "shortener-links": {
            f"{http}/POST/links",
            f"{http}/GET/links",
            f"{http}/GET/links/{{code}}",
            f"{http}/DELETE/links/{{code}}",
        },
    }
