"""Lambda functions, the roles they run under and the log groups they write to."""

import json
from collections.abc import Mapping
from typing import Any, cast

from ..requests import text, zipped
from .recipe import Accepted, Call, Created, Inputs, Name, Recipe

INVOKE = (
    "arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/"
    "{response[FunctionArn]}/invocations"
)
SOURCE = 'Condition.*."AWS:SourceArn" | [0]'


def _code(inputs: Inputs) -> Inputs:
    code = inputs.pop("code", None)  # which a state does not hold
    return inputs | ({"code": {"ZipFile": code}} if code else {})


def _content(inputs: Inputs) -> Inputs:
    code = inputs.pop("code", None)
    return inputs | ({"content": {"ZipFile": code}} if code else {})


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
    else:
        client.delete_function_concurrency(FunctionName=function.id)
    return {}


def _upload(client: Any, function: Created) -> Mapping[str, Any]:
    client.update_function_code(FunctionName=function.id, ZipFile=zipped(function.inputs["code"]))
    return {}


def _retention(client: Any, group: Created) -> Mapping[str, Any]:
    """0, the provider's default, means for ever."""
    if days := int(group.inputs.get("retentionInDays", 0)):
        client.put_retention_policy(logGroupName=group.id, retentionInDays=days)
    else:
        client.delete_retention_policy(logGroupName=group.id)
    return {}


def _trust(client: Any, role: Created) -> Mapping[str, Any]:
    document = role.request["AssumeRolePolicyDocument"]
    client.update_assume_role_policy(RoleName=role.id, PolicyDocument=document)
    return {}


RECIPES: Mapping[str, Recipe | Accepted] = {
    "aws:lambda/function:Function": Recipe(
        service="lambda",
        operation="CreateFunction",
        id="{request[FunctionName]}",
        name=Name(length=64),
        rename={"name": "FunctionName"},
        outputs={
            "arn": "{response[FunctionArn]}",
            "invokeArn": INVOKE,
            "qualifiedArn": "{response[FunctionArn]}:{response[Version]}",
            "version": "{response[Version]}",
        },
        # The packages of the layer are the server's own: it is built for another processor.
        ignore=frozenset({"layers", "sourceCodeHash"}),
        prepare=_code,
        after={"reservedConcurrentExecutions": _concurrency},
        replaces=frozenset({"name", "packageType", "tenancyConfig"}),
        defaults={
            "deadLetterConfig": {"targetArn": ""},
            "description": "",
            "environment": {"variables": {}},
            "kmsKeyArn": "",
            "memorySize": 128,
            "packageType": "Zip",
            "reservedConcurrentExecutions": -1,
            "timeout": 3,
        },
        kept=frozenset({"architectures", "ephemeralStorage", "loggingConfig", "tracingConfig"}),
        key={"FunctionName": "{id}"},
        read=Call(operation="GetFunction"),
        found="merge(Configuration, {{ReservedConcurrentExecutions: "
        "Concurrency.ReservedConcurrentExecutions}})",
        reads={"reservedConcurrentExecutions": "ReservedConcurrentExecutions"},
        update="UpdateFunctionConfiguration",
        changes={"code": _upload, "architectures": _upload},
        delete=Call(operation="DeleteFunction"),
    ),
    "aws:lambda/layerVersion:LayerVersion": Recipe(
        service="lambda",
        operation="PublishLayerVersion",
        id="{response[LayerVersionArn]}",
        outputs={
            "arn": "{response[LayerVersionArn]}",
            "layerArn": "{response[LayerArn]}",
            "version": "{response[Version]}",
        },
        ignore=frozenset({"skipDestroy", "sourceCodeHash"}),
        prepare=_content,
        replaces=frozenset(
            {
                *("code", "compatibleArchitectures", "compatibleRuntimes", "description"),
                *("layerName", "licenseInfo", "sourceCodeHash"),
            }
        ),
        key={"LayerName": "{state[layerName]}", "VersionNumber": "{state[version]}"},
        read=Call(operation="GetLayerVersion"),
        found="@",
        delete=Call(operation="DeleteLayerVersion"),
    ),
    "aws:lambda/permission:Permission": Recipe(
        service="lambda",
        operation="AddPermission",
        id="{request[StatementId]}",
        name=Name(input="statementId", length=100),
        rename={"function": "FunctionName"},
        replaces=frozenset(
            {
                *("action", "eventSourceToken", "function", "functionUrlAuthType", "principal"),
                *("principalOrgId", "qualifier", "sourceAccount", "sourceArn", "statementId"),
            }
        ),
        key={"FunctionName": "{state[function]}", "StatementId": "{id}"},
        read=Call(operation="GetPolicy"),
        found="from_json(Policy).Statement[?Sid=='{id}'] | [0]",
        reads={"principal": "Principal.Service", "sourceArn": SOURCE},
        delete=Call(operation="RemovePermission"),
    ),
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": Recipe(
        service="lambda",
        operation="PutFunctionEventInvokeConfig",
        id="{request[FunctionName]}",
        replaces=frozenset({"functionName", "qualifier"}),
        key={"FunctionName": "{state[functionName]}"},
        read=Call(operation="GetFunctionEventInvokeConfig"),
        found="@",
        defaults={"maximumRetryAttempts": 2},
        update="PutFunctionEventInvokeConfig",
        delete=Call(operation="DeleteFunctionEventInvokeConfig"),
    ),
    "aws:lambda/eventSourceMapping:EventSourceMapping": Recipe(
        service="lambda",
        operation="CreateEventSourceMapping",
        id="{response[UUID]}",
        outputs={
            "arn": "arn:aws:lambda:{region}:{account}:event-source-mapping:{response[UUID]}",
            "functionArn": "{response[FunctionArn]}",
            "uuid": "{response[UUID]}",
        },
        replaces=frozenset({"eventSourceArn", "startingPosition", "startingPositionTimestamp"}),
        defaults={"enabled": True, "functionResponseTypes": [], "scalingConfig": {}},
        key={"UUID": "{id}"},
        read=Call(operation="GetEventSourceMapping"),
        found="@",
        update="UpdateEventSourceMapping",
        delete=Call(operation="DeleteEventSourceMapping"),
    ),
    "aws:iam/role:Role": Recipe(
        service="iam",
        operation="CreateRole",
        id="{request[RoleName]}",
        name=Name(length=64),
        rename={"name": "RoleName", "assumeRolePolicy": "AssumeRolePolicyDocument"},
        outputs={"arn": "{response[Role][Arn]}", "uniqueId": "{response[Role][RoleId]}"},
        ignore=frozenset({"forceDetachPolicies"}),
        replaces=frozenset({"name", "namePrefix", "path"}),
        defaults={
            "description": "",
            "forceDetachPolicies": False,
            "maxSessionDuration": 3600,
            "path": "/",
        },
        key={"RoleName": "{id}"},
        read=Call(operation="GetRole"),
        found="Role",
        update="UpdateRole",
        changes={"assumeRolePolicy": _trust},
        delete=Call(operation="DeleteRole"),
    ),
    "aws:iam/rolePolicy:RolePolicy": Recipe(
        service="iam",
        operation="PutRolePolicy",
        id="{request[RoleName]}:{request[PolicyName]}",
        name=Name(),
        rename={"name": "PolicyName", "role": "RoleName", "policy": "PolicyDocument"},
        prepare=_policy,
        replaces=frozenset({"name", "namePrefix", "role"}),
        key={"RoleName": "{state[role]}", "PolicyName": "{state[name]}"},
        read=Call(operation="GetRolePolicy"),
        found="@",
        update="PutRolePolicy",
        delete=Call(operation="DeleteRolePolicy"),
    ),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": Recipe(
        service="iam",
        operation="AttachRolePolicy",
        id="{request[RoleName]}/{request[PolicyArn]}",
        rename={"role": "RoleName"},
        replaces=frozenset({"policyArn", "role"}),
        delete_first=True,
        key={"RoleName": "{state[role]}", "PolicyArn": "{state[policyArn]}"},
        read=Call(operation="ListAttachedRolePolicies"),
        found="AttachedPolicies[?PolicyArn=='{state[policyArn]}'] | [0]",
        delete=Call(operation="DetachRolePolicy"),
    ),
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": Recipe(
        service="logs",
        operation="PutMetricFilter",
        id="{request[filterName]}",
        name=Name(),
        rename={
            "name": "filterName",
            "pattern": "filterPattern",
            "metricTransformation.name": "metricName",
            "metricTransformation.namespace": "metricNamespace",
            "metricTransformation.value": "metricValue",
        },
        replaces=frozenset({"logGroupName", "name"}),
        key={"logGroupName": "{state[logGroupName]}", "filterName": "{id}"},
        read=Call(operation="DescribeMetricFilters", members={"filterNamePrefix": "{id}"}),
        found="metricFilters[?filterName=='{id}'] | [0]",
        update="PutMetricFilter",
        delete=Call(operation="DeleteMetricFilter"),
    ),
    "aws:cloudwatch/logGroup:LogGroup": Recipe(
        service="logs",
        operation="CreateLogGroup",
        id="{request[logGroupName]}",
        name=Name(),
        rename={"name": "logGroupName"},
        outputs={"arn": "arn:aws:logs:{region}:{account}:log-group:{request[logGroupName]}"},
        # MiniStack encrypts no logs, and cannot be told another key.
        ignore=frozenset({"kmsKeyId", "skipDestroy"}),
        after={"retentionInDays": _retention},
        replaces=frozenset({"logGroupClass", "name", "namePrefix"}),
        defaults={"kmsKeyId": "", "retentionInDays": 0, "skipDestroy": False},
        kept=frozenset({"logGroupClass"}),
        key={"logGroupName": "{id}"},
        read=Call(operation="DescribeLogGroups", members={"logGroupNamePrefix": "{id}"}),
        found="logGroups[?logGroupName=='{id}'] | [0]",
        reads={"retentionInDays": "retentionInDays"},
        delete=Call(operation="DeleteLogGroup"),
    ),
}
