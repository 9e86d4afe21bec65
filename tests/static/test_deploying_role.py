"""The policies of the role that deploys: whole, narrow, and as they are recorded for operators."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.infra.harness import ROOT, Resource

from . import deploying_role, graphs
from .deploying_role import OPTIONS, ROWS, STACKS, TABLE
from .graphs import Graph
from .test_policies import findings

pytestmark = pytest.mark.xdist_group("graphs")

# Of all inline policies of a role, white space aside:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
INLINE_CHARACTERS = 10_240
# How a finding begins, to why it stays.
JUSTIFIED: Mapping[str, str] = {
    "RESOURCE_MISMATCH [{'action': 'sns:GetSubscriptionAttributes', 'required_format': '*'},"
    " {'action': 'sns:SetSubscriptionAttributes', 'required_format': '*'}, {'action':"
    " 'sns:Unsubscribe', 'required_format': '*'}]": (
        "SNS allows them by topic: https://docs.aws.amazon.com/service-authorization/latest/"
        "reference/list_amazonsns.html"
    ),
    "RESOURCE_STAR ['cloudfront:CreateDistribution', 'cloudfront:CreateFunction',"
    " 'cloudfront:CreateResponseHeadersPolicy']": (
        "CloudFront takes no resource for them: https://docs.aws.amazon.com/service-authorization/"
        "latest/reference/list_amazoncloudfront.html"
    ),
}


@pytest.fixture(scope="module")
def documents() -> Mapping[Path, Mapping[str, Any]]:
    return deploying_role.documents()


@pytest.fixture(scope="module")
def statements(documents: Mapping[Path, Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [statement for one in documents.values() for statement in one["Statement"]]


def of_action(statements: list[dict[str, Any]], action: str) -> Iterator[dict[str, Any]]:
    yield from (one for one in statements if action in one["Action"])


def test_the_recorded_policies_are_those_of_the_graphs(
    documents: Mapping[Path, Mapping[str, Any]],
) -> None:
    recorded = {path: json.loads(path.read_text()) for path in (STACKS, OPTIONS)}
    assert recorded == documents, "run `make record`"


def test_every_type_of_this_program_has_its_actions() -> None:
    def types(graph: str) -> set[str]:
        return {one.type for one in graphs.graph(graph).deployment.resources if one.custom}

    assert types("everything") <= ROWS.keys()
    assert ROWS.keys() <= types("everything") | types("orders"), "a row that nothing needs"


def test_every_exception_of_an_action_is_used() -> None:
    assert TABLE.actions.keys() <= {action for row in TABLE.rows for action in row.actions}


def test_aws_knows_what_the_role_may_do_and_where_it_could_be_narrower(
    documents: Mapping[Path, Mapping[str, Any]],
) -> None:
    found = {finding for one in documents.values() for finding in findings(dict(one))}
    assert found == JUSTIFIED.keys()


def test_no_action_has_a_wildcard(statements: list[dict[str, Any]]) -> None:
    assert not [action for one in statements for action in one["Action"] if "*" in action]


def test_both_policies_fit_into_one_role(documents: Mapping[Path, Mapping[str, Any]]) -> None:
    sizes = [len(json.dumps(one, separators=(",", ":"))) for one in documents.values()]
    assert sum(sizes) <= INLINE_CHARACTERS


def test_only_roles_of_the_stack_are_passed_and_only_to_the_services_that_run_as_them(
    statements: list[dict[str, Any]],
) -> None:
    passed = {
        one["Condition"]["StringEquals"]["iam:PassedToService"]: set(one["Resource"])
        for one in of_action(statements, "iam:PassRole")
    }
    assert passed == {
        "apigateway.amazonaws.com": {"arn:aws:iam::*:role/account-*"},
        "lambda.amazonaws.com": {
            f"arn:aws:iam::*:role/{component}-*"
            for component in ("clicks", "realtime", "shortener")
        },
    }


def test_access_logs_can_be_delivered(statements: list[dict[str, Any]]) -> None:
    for action in ("CreateLogDelivery", "PutResourcePolicy", "DescribeResourcePolicies"):
        (statement,) = of_action(statements, f"logs:{action}")
        assert statement["Resource"] == ["*"]


def test_a_name_begins_as_the_policy_has_it(graph: Graph) -> None:
    """Pulumi makes a physical name of the logical one, which begins with its component's."""
    by_name: dict[str, Resource] = {one.name: one for one in graph.deployment.resources}
    for resource in by_name.values():
        outermost = resource
        while outermost.parent:
            outermost = by_name[outermost.parent]
        assert resource.name.startswith(outermost.name)


def test_what_is_named_by_the_program_is_named_as_the_policy_has_it(graph: Graph) -> None:
    deployment = graph.deployment
    for layer in deployment.of("aws:lambda/layerVersion:LayerVersion"):
        assert "-realtime-" in layer.inputs["layerName"]
    for dashboard in deployment.of("aws:cloudwatch/dashboard:Dashboard"):
        assert dashboard.inputs["dashboardName"].startswith("realtime-")


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_everything_is_tagged_so_the_role_may_tag(stack: str) -> None:
    config = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())["config"]
    assert config["aws:defaultTags"]["tags"]
