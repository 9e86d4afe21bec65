"""Both programs as CloudFormation templates, which AWS's own schemas and its linter judge."""

import copy
import dataclasses
import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import pytest
from cfnlint.api import ManualArgs, lint
from cfnlint.config import ConfigMixIn
from cfnlint.runner import Runner

from tests.infra.harness import Deployment, Resource

from . import graphs
from .cloudformation import Json, Unmapped, templates
from .graphs import NAMES, Graph
from .resource_types import ROWS

pytestmark = pytest.mark.xdist_group("graphs")  # one worker builds and lints each of them once

QUEUE = "aws:sqs/queue:Queue"
ABOUT_TEMPLATES = {
    "I3011": "what deletion does: Pulumi's `protect` and `retain_on_delete` say it",
    "I4010": "metadata that describes an architecture: no such template is kept",
}
JUSTIFIED = {
    "E3021 AWS::DynamoDB::Table 'SSEType' is a dependency of 'KMSMasterKeyId'": (
        "the provider says the type wherever it says a key: its expandEncryptAtRestOptions"
    ),
}


@cache
def rules() -> Any:
    """All of them: to load them takes a third of a template's time."""
    return Runner(ConfigMixIn([])).rules


def findings(template: Json, region: str) -> dict[str, str]:
    """Rule, type of resource and message of each, to the resource."""
    arguments = ManualArgs(
        regions=[region],
        include_checks=["I"],
        include_experimental=True,
        ignore_checks=[*ABOUT_TEMPLATES],
    )
    found: dict[str, str] = {}
    for match in lint(json.dumps(template), rules(), config=arguments):
        path: list[Any] = getattr(match, "path", None) or []
        name = str(path[1]) if path[:1] == ["Resources"] else ""
        kind = template["Resources"][name]["Type"] if name else "template"
        found[f"{match.rule.id} {kind} {match.message}"] = name
    return found


@cache
def found_in(name: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for region, template in templates(graphs.graph(name)).items():
        found |= findings(template, region)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_aws_would_take_every_resource(name: str) -> None:
    assert {key: at for key, at in found_in(name).items() if key not in JUSTIFIED} == {}


def test_every_justified_finding_is_still_found() -> None:
    assert found_in("everything").keys() >= JUSTIFIED.keys()


def test_every_resource_is_in_a_template_or_has_a_reason_not_to_be(graph: Graph) -> None:
    made = sum(len(template["Resources"]) for template in templates(graph).values())
    rows = [ROWS[one.type] for one in graph.deployment.resources if one.custom]
    assert made == sum(1 for row in rows if row.cloudformation)
    assert all(row.cloudformation or row.part or row.absent for row in rows)


def test_the_table_of_types_has_a_row_for_each_and_no_other() -> None:
    used = {
        one.type for name in NAMES for one in graphs.graph(name).deployment.resources if one.custom
    }
    assert used == ROWS.keys()


def test_the_second_region_has_a_template_of_its_own() -> None:
    assert templates(graphs.graph("everything")).keys() == {graphs.HOME, graphs.AWAY}


def of(template: Json, type_: str) -> Json:
    """Properties of the first resource of the type."""
    return next(one["Properties"] for one in template["Resources"].values() if one["Type"] == type_)


def statement(template: Json) -> Json:
    return of(template, "AWS::IAM::RolePolicy")["PolicyDocument"]["Statement"][0]


# What AWS refuses, each with the rule that finds it.
BROKEN: Mapping[str, Callable[[Json], object]] = {
    "E2531": lambda t: of(t, "AWS::Lambda::Function").update(Runtime="python3.7"),
    "E3002": lambda t: of(t, "AWS::SNS::Topic").update(Colour="red"),
    "E3003": lambda t: of(t, "AWS::ApiGatewayV2::Route").pop("ApiId"),
    "E3027": lambda t: of(t, "AWS::Events::Rule").update(ScheduleExpression="rate(1 minutes)"),
    "E3030": lambda t: of(t, "AWS::Logs::LogGroup").update(RetentionInDays=8),
    "E3033": lambda t: of(t, "AWS::IAM::Role").update(RoleName="r" * 65),
    "E3034": lambda t: of(t, "AWS::SQS::Queue").update(VisibilityTimeout=50_000),
    "E3039": lambda t: of(t, "AWS::DynamoDB::Table")["KeySchema"][0].update(AttributeName="K"),
    "E3510": lambda t: statement(t).update(Effect="Permit"),
    "E3615": lambda t: of(t, "AWS::CloudWatch::Alarm").update(Period=7),
    "I3510": lambda t: statement(t).update(Resource=["arn:aws:s3:::bucket"]),
    "W3037": lambda t: of(t, "AWS::SQS::QueuePolicy")["PolicyDocument"]["Statement"][0].update(
        Action=["sqs:SendMail"]
    ),
}


@pytest.fixture(scope="module")
def broken_rules() -> set[str]:
    """Those that find something in the resources of prod that were broken."""
    whole = templates(graphs.graph("prod"))[graphs.HOME]
    template = copy.deepcopy(whole)
    for change in BROKEN.values():
        change(template)
    template["Resources"] = {
        name: one for name, one in template["Resources"].items() if one != whole["Resources"][name]
    }
    return {key.partition(" ")[0] for key in findings(template, graphs.HOME)}


@pytest.mark.parametrize("rule", BROKEN)
def test_the_linter_finds_what_aws_would_refuse(broken_rules: set[str], rule: str) -> None:
    assert rule in broken_rules


def with_queue(**inputs: Any) -> Graph:
    queue = graphs.graph("prod").deployment.of(QUEUE)[0]
    changed = dataclasses.replace(queue, inputs={**queue.inputs, **inputs})
    return dataclasses.replace(graphs.graph("prod"), deployment=Deployment([changed]))


def test_an_input_that_cloudformation_does_not_know_fails() -> None:
    with pytest.raises(Unmapped, match="no property for 'visibility' of aws:sqs/queue:Queue"):
        templates(with_queue(visibility=30))


def test_a_type_that_the_table_does_not_know_fails() -> None:
    unknown: Resource = dataclasses.replace(
        graphs.graph("prod").deployment.of(QUEUE)[0], type="aws:sqs/unknown:Unknown"
    )
    graph = dataclasses.replace(graphs.graph("prod"), deployment=Deployment([unknown]))
    with pytest.raises(Unmapped, match="needs a row for aws:sqs/unknown:Unknown"):
        templates(graph)
