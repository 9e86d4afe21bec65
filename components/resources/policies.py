"""IAM documents as data.

A resource may be an output: a document is rendered once every ARN in it is known.
"""

import json
from collections.abc import Mapping, Sequence

import pulumi

Statement = Mapping[str, object]
Conditions = Mapping[str, Mapping[str, pulumi.Input[str]]]

VERSION = "2012-10-17"


def allow(
    actions: Sequence[str],
    resources: Sequence[pulumi.Input[str]],
    *,
    service: str | None = None,
    conditions: Conditions | None = None,
) -> Statement:
    """`service` makes it a statement of a resource's own policy, with that principal."""
    statement: dict[str, object] = {
        "Effect": "Allow",
        "Action": list(actions),
        "Resource": list(resources),
    }
    if service is not None:
        statement["Principal"] = {"Service": service}
    if conditions is not None:
        statement["Condition"] = conditions
    return statement


def put_events(bus_arn: pulumi.Input[str], *, source: str, detail_type: str) -> Statement:
    """Events of one kind and one source. A request may put several: all of them have to be such."""
    kind = {"events:source": source, "events:detail-type": detail_type}
    return allow(["events:PutEvents"], [bus_arn], conditions={"ForAllValues:StringEquals": kind})


def document(*statements: Statement) -> pulumi.Output[str]:
    return pulumi.Output.json_dumps({"Version": VERSION, "Statement": list(statements)})


def trust(service: str) -> str:
    """The document of a role that `service` may assume."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
    }
    return json.dumps({"Version": VERSION, "Statement": [statement]})
