"""Lambda functions, the roles they run under and the log groups they write to."""

import json
from collections.abc import Mapping
from typing import Any, cast

from ..requests import text
from .recipe import Accepted, Created, Inputs, Recipe

INVOKE = (
    "arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/"
    "{response[FunctionArn]}/invocations"
)
LAYER = "arn:aws:lambda:{region}:{account}:layer:{name}"


def _code(inputs: Inputs) -> Inputs:
    return inputs | {"code": {"ZipFile": inputs["code"]}}


def _policy(inputs: Inputs) -> Inputs:
    """MiniStack takes sending a batch for an action of its own; in IAM it is that of its parts."""
    document: dict[str, Any] = json.loads(text(inputs["policy"]))
    document["Statement"] = [_with_batches(one) for one in _listed(document["Statement"])]
    return inputs | {"policy": json.dumps(document)}


def _with_batches(statement: dict[str, Any]) -> dict[str, Any]:
    actions = _listed(statement.get("Action", []))
    if "sqs:SendMessage" not in actions:
        return statement
    return statement | {"Action": [*actions, "sqs:SendMessageBatch"]}


def _listed(value: Any) -> list[Any]:
    """IAM takes a single thing for a list of it."""
    return cast("list[Any]", value) if isinstance(value, list) else [value]


def _concurrency(client: Any, function: Created) -> Mapping[str, Any]:
    """-1, the provider's default, means no reservation."""
    reserved = int(function.inputs.get("reservedConcurrentExecutions", -1))
    if reserved >= 0:
        client.put_function_concurrency(
            FunctionName=function.id, ReservedConcurrentExecutions=reserved
        )
    return {}


def _retention(client: Any, group: Created) -> Mapping[str, Any]:
    if days := int(group.inputs.get("retentionInDays", 0)):
        client.put_retention_policy(logGroupName=group.id, retentionInDays=days)
    return {}


RECIPES: Mapping[str, Recipe | Accepted] = {
    "aws:lambda/function:Function": Recipe(
        service="lambda",
        operation="CreateFunction",
        id="{request[FunctionName]}",
        name="name",
        rename={"name": "FunctionName"},
        outputs={"arn": "{response[FunctionArn]}", "invokeArn": INVOKE},
        # The packages of the layer are the server's own: it is built for another processor.
        ignore=frozenset({"layers", "reservedConcurrentExecutions", "sourceCodeHash"}),
        prepare=_code,
        after=(_concurrency,),
    ),
    "aws:lambda/layerVersion:LayerVersion": Accepted(
        because="functions see the packages of the server's own environment",
        outputs={"arn": LAYER + ":1", "layerArn": LAYER, "version": "1"},
    ),
    "aws:lambda/permission:Permission": Recipe(
        service="lambda",
        operation="AddPermission",
        id="{request[StatementId]}",
        name="statementId",
        rename={"function": "FunctionName"},
    ),
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": Recipe(
        service="lambda",
        operation="PutFunctionEventInvokeConfig",
        id="{request[FunctionName]}",
    ),
    "aws:lambda/eventSourceMapping:EventSourceMapping": Recipe(
        service="lambda",
        operation="CreateEventSourceMapping",
        id="{response[UUID]}",
        outputs={"uuid": "{response[UUID]}"},
    ),
    "aws:iam/role:Role": Recipe(
        service="iam",
        operation="CreateRole",
        id="{request[RoleName]}",
        name="name",
        rename={"name": "RoleName", "assumeRolePolicy": "AssumeRolePolicyDocument"},
        outputs={"arn": "{response[Role][Arn]}", "uniqueId": "{response[Role][RoleId]}"},
        ignore=frozenset({"forceDetachPolicies"}),
    ),
    "aws:iam/rolePolicy:RolePolicy": Recipe(
        service="iam",
        operation="PutRolePolicy",
        id="{request[RoleName]}:{request[PolicyName]}",
        name="name",
        rename={"name": "PolicyName", "role": "RoleName", "policy": "PolicyDocument"},
        prepare=_policy,
    ),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": Recipe(
        service="iam",
        operation="AttachRolePolicy",
        id="{request[RoleName]}/{request[PolicyArn]}",
        rename={"role": "RoleName"},
    ),
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": Recipe(
        service="logs",
        operation="PutMetricFilter",
        id="{request[filterName]}",
        name="name",
        rename={
            "name": "filterName",
            "pattern": "filterPattern",
            "metricTransformation.name": "metricName",
            "metricTransformation.namespace": "metricNamespace",
            "metricTransformation.value": "metricValue",
        },
    ),
    "aws:cloudwatch/logGroup:LogGroup": Recipe(
        service="logs",
        operation="CreateLogGroup",
        id="{request[logGroupName]}",
        name="name",
        rename={"name": "logGroupName"},
        outputs={"arn": "arn:aws:logs:{region}:{account}:log-group:{request[logGroupName]}"},
        ignore=frozenset({"retentionInDays", "skipDestroy"}),
        after=(_retention,),
    ),
}
