"""IAM documents as data, rendered once every ARN in them is known."""

import json
from collections.abc import Mapping, Sequence

import pulumi

VERSION = "2012-10-17"


def allow(
    actions: Sequence[str], resource: pulumi.Input[str]
) -> Mapping[str, str | Sequence[str] | pulumi.Input[str]]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource}


def document(
    *statements: Mapping[str, str | Sequence[str] | pulumi.Input[str]],
) -> pulumi.Output[str]:
    return pulumi.Output.json_dumps({"Version": VERSION, "Statement": list(statements)})


def trust(service: str) -> str:
    """The document of a role that `service` may assume."""
    principal = {"Service": service}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": VERSION, "Statement": [statement]})
