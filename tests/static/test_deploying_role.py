"""The policies of the role that deploys: whole, narrow, and as they are recorded for operators."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.infra.harness import ROOT, Resource

from . import deploying_role, graphs
from .deploying_role import OPTIONS, ORDERS, ROWS, STACKS, TABLE
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
    recorded = {path: json.loads(path.read_text()) for path in documents}
    assert recorded == documents, "run `make record`"


def test_each_row_is_of_a_type_that_a_program_has() -> None:
    deployed = {
        one.type
        for name in ("everything", "orders")
        for one in graphs.graph(name).deployment.resources
        if one.custom
    }
    assert ROWS.keys() == deployed


def test_every_exception_of_an_action_is_used() -> None:
    assert TABLE.actions.keys() <= {action for row in TABLE.rows for action in row.actions}


def test_aws_knows_what_the_role_may_do_and_where_it_could_be_narrower(
    documents: Mapping[Path, Mapping[str, Any]],
) -> None:
    found = {finding for one in documents.values() for finding in findings(dict(one))}
    assert found == JUSTIFIED.keys()


def test_no_action_has_a_wildcard(statements: list[dict[str, Any]]) -> None:
    assert not [action for one in statements for action in one["Action"] if "*" in action]


@pytest.mark.parametrize("together", [(STACKS, OPTIONS), (ORDERS,)])
def test_the_policies_of_a_program_fit_into_one_role(
    documents: Mapping[Path, Mapping[str, Any]], together: tuple[Path, ...]
) -> None:
    sizes = [len(json.dumps(documents[path], separators=(",", ":"))) for path in together]
    assert sum(sizes) <= INLINE_CHARACTERS


@pytest.mark.parametrize(
    ("path", "roles"),
    [
        (STACKS, {"apigateway": ["account"], "lambda": ["clicks", "realtime", "shortener"]}),
        (ORDERS, {"lambda": ["api", "payments", "realtime", "stock"], "states": ["saga"]}),
    ],
)
def test_only_a_programs_own_roles_are_passed_and_only_to_the_services_that_run_as_them(
    documents: Mapping[Path, Mapping[str, Any]], path: Path, roles: Mapping[str, list[str]]
) -> None:
    passed = {
        one["Condition"]["StringEquals"]["iam:PassedToService"]: one["Resource"]
        for one in of_action(documents[path]["Statement"], "iam:PassRole")
    }
    assert passed == {
        f"{service}.amazonaws.com": [f"arn:aws:iam::*:role/{name}-*" for name in names]
        for service, names in roles.items()
    }


@pytest.mark.parametrize("path", [STACKS, ORDERS])
def test_access_logs_can_be_delivered(
    documents: Mapping[Path, Mapping[str, Any]], path: Path
) -> None:
    for action in ("CreateLogDelivery", "PutResourcePolicy", "DescribeResourcePolicies"):
        (statement,) = of_action(documents[path]["Statement"], f"logs:{action}")
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
