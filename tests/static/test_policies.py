"""Every IAM document, read by a linter that knows which conditions an action takes.

CloudFormation's linter reads the same documents, with a newer list of actions, and knows none.
"""

import json
import warnings
from collections.abc import Iterator, Mapping
from typing import Any, cast

import pytest

from tests.infra.harness import ACCOUNT

from . import graphs
from .cloudformation import Json, templates
from .graphs import Graph

with warnings.catch_warnings():
    # Old spellings: pkg_resources, files that stay open, escapes in its patterns.
    warnings.simplefilter("ignore")
    import parliament

pytestmark = pytest.mark.xdist_group("graphs")

LOGS_KEY = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html"
# Type of the resource, and how a finding in its document begins, to why it stays.
JUSTIFIED: Mapping[tuple[str, str], str] = {
    ("AWS::KMS::Key", "RESOURCE_STAR"): "in the policy of a key `*` means this key",
    (
        "AWS::KMS::Key",
        "UNKNOWN_CONDITION_FOR_ACTION Unknown condition kms:EncryptionContext:aws:logs:arn for"
        " action kms:DescribeKey",
    ): f"the statement is as {LOGS_KEY} has it",
    (
        "AWS::KMS::Key",
        "MISMATCHED_TYPE Type mismatch: ArnLike requires a value of type Arn but given String",
    ): f"the context's value is an ARN, and {LOGS_KEY} compares it so",
}
TRUSTED = {"Resource": f"arn:aws:iam::{ACCOUNT}:role/role"}
"""Who may take a role stands in the role, and names it not; the linter asks for a resource."""


def documents(template: Json) -> Iterator[tuple[str, Json]]:
    """Each document with its resource."""
    for name, resource in template["Resources"].items():
        known = TRUSTED if resource["Type"] == "AWS::IAM::Role" else {}
        for document in _within(resource["Properties"]):
            statements = [{**one, **known} for one in document["Statement"]]
            yield name, {**document, "Statement": statements}


def _within(value: Any) -> Iterator[Json]:
    """The documents in a resource's properties: a role has one for trust beside others."""
    if isinstance(value, dict):
        properties = cast("Json", value)
        if "Statement" in properties:
            yield properties
        else:
            for inner in properties.values():
                yield from _within(inner)


def findings(document: Json) -> list[str]:
    linter: Any = parliament  # it has no types
    found = linter.analyze_policy_string(json.dumps(document)).findings
    return [f"{one.issue} {one.detail}" for one in found]


def found_in(template: Json) -> Iterator[tuple[str, str]]:
    """Type of the resource, and finding."""
    for name, document in documents(template):
        for finding in findings(document):
            yield template["Resources"][name]["Type"], finding


def justified(kind: str, finding: str) -> set[tuple[str, str]]:
    return {key for key in JUSTIFIED if key[0] == kind and finding.startswith(key[1])}


def test_aws_knows_every_action_resource_and_condition(graph: Graph) -> None:
    for template in templates(graph).values():
        assert {one for one in found_in(template) if not justified(*one)} == set()


def test_every_justified_finding_is_still_found() -> None:
    template = templates(graphs.graph("everything"))[graphs.HOME]
    assert {key for one in found_in(template) for key in justified(*one)} == JUSTIFIED.keys()


def test_documents_of_every_kind_are_read() -> None:
    template = templates(graphs.graph("everything"))[graphs.HOME]
    kinds = {template["Resources"][name]["Type"] for name, _ in documents(template)}
    assert kinds == {
        *("AWS::IAM::Role", "AWS::IAM::RolePolicy", "AWS::KMS::Key", "AWS::S3::BucketPolicy"),
        *("AWS::SNS::TopicPolicy", "AWS::SQS::QueuePolicy"),
    }


QUEUE = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:queue"
SENDING: Json = {
    "Effect": "Allow",
    "Action": ["sqs:SendMessage"],
    "Resource": [QUEUE],
    "Condition": {"ArnEquals": {"aws:SourceArn": f"arn:aws:events:eu-west-1:{ACCOUNT}:rule/r"}},
}


@pytest.mark.parametrize(
    ("change", "issue"),
    [
        ({}, None),
        ({"Action": ["sqs:SendMail"]}, "UNKNOWN_ACTION"),
        ({"Resource": [f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/t"]}, "RESOURCE_MISMATCH"),
        ({"Resource": ["*"]}, "RESOURCE_STAR"),
        ({"Condition": {"StringEquals": {"sqs:Source": "r"}}}, "UNKNOWN_CONDITION_FOR_ACTION"),
        ({"Condition": {"NumericEquals": {"aws:SourceArn": "1"}}}, "MISMATCHED_TYPE"),
        ({"Condition": {"ArnSame": {"aws:SourceArn": QUEUE}}}, "UNKNOWN_OPERATOR"),
        ({"Effect": "Permit"}, "MALFORMED"),
    ],
)
def test_the_linter_finds_what_would_allow_nothing_or_too_much(
    change: Mapping[str, Any], issue: str | None
) -> None:
    found = findings({"Version": "2012-10-17", "Statement": [{**SENDING, **change}]})
    assert {one.partition(" ")[0] for one in found} == ({issue} if issue else set())
