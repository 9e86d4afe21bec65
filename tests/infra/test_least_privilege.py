import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.infra.harness import ACCOUNT, Deployment

ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
QUEUE_POLICY = "aws:sqs/queuePolicy:QueuePolicy"
PERMISSION = "aws:lambda/permission:Permission"

# A wildcard for what AWS makes up as it goes: streams of one log group, connections of one stage.
WILDCARDS = re.compile(
    r"arn:aws:cloudwatch:[a-z0-9-]+:\d{12}:[a-z-]+-logs:\*"
    r"|arn:aws:execute-api:[a-z0-9-]+:\d{12}:realtime-api/(dev|prod)/POST/@connections/\*"
)
ON_TABLES = {
    "realtime-connect": {"realtime-table": {"PutItem"}},
    "realtime-disconnect": {"realtime-table": {"DeleteItem", "BatchWriteItem"}},
    "realtime-messages": {"realtime-table": {"UpdateItem", "PutItem", "GetItem", "DeleteItem"}},
    "clicks-aggregate": {
        "links-table": {"UpdateItem", "GetItem"},
        "realtime-table": {"UpdateItem", "Query", "DeleteItem", "BatchWriteItem"},
    },
    "shortener-redirect": {"links-table": {"GetItem"}},
    "shortener-links": {
        "links-table": {"PutItem", "UpdateItem", "GetItem", "Query", "BatchGetItem"},
        "links-table/index/by-owner": {"Query"},
    },
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


def test_only_the_aggregator_may_push_and_only_to_its_stage(deployment: Deployment) -> None:
    pushing = {
        (parent, resource)
        for parent, statement in statements(deployment, ROLE_POLICY)
        if "execute-api:ManageConnections" in statement["Action"]
        for resource in statement["Resource"]
    }
    stage = deployment.named("realtime-stage").inputs["name"]
    execution_arn = f"arn:aws:execute-api:eu-west-1:{ACCOUNT}:realtime-api"
    assert pushing == {("clicks-aggregate", f"{execution_arn}/{stage}/POST/@connections/*")}


def test_only_the_rule_may_send_to_its_queues(deployment: Deployment) -> None:
    found = list(statements(deployment, QUEUE_POLICY))
    assert len(found) == 2
    for _, statement in found:
        assert statement["Principal"] == {"Service": "events.amazonaws.com"}
        assert statement["Action"] == ["sqs:SendMessage"]
        source = statement["Condition"]["ArnEquals"]["aws:SourceArn"]
        assert source.endswith(":clicks-rule")


def test_api_gateway_may_invoke_a_function_for_its_own_routes_alone(
    deployment: Deployment,
) -> None:
    sources: dict[str, set[str]] = {}
    for permission in deployment.of(PERMISSION):
        function = permission.inputs["function"].removesuffix("-function-0123456")
        sources.setdefault(function, set()).add(permission.inputs["sourceArn"])
    stage = deployment.named("realtime-stage").inputs["name"]
    realtime = f"arn:aws:execute-api:eu-west-1:{ACCOUNT}:realtime-api"
    http = f"arn:aws:execute-api:eu-west-1:{ACCOUNT}:shortener-api/$default"
    assert sources == {
        "realtime-authorize": {f"{realtime}/authorizers/realtime-authorizer-id"},
        "realtime-connect": {f"{realtime}/{stage}/$connect"},
        "realtime-disconnect": {f"{realtime}/{stage}/$disconnect"},
        "realtime-messages": {
            f"{realtime}/{stage}/{key}" for key in ("$default", "subscribe", "unsubscribe")
        },
        "shortener-redirect": {f"{http}/GET/{{code}}"},
        "shortener-links": {
            f"{http}/POST/links",
            f"{http}/GET/links",
            f"{http}/GET/links/{{code}}",
            f"{http}/DELETE/links/{{code}}",
        },
    }
