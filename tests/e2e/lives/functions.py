"""Functions, what they run under and write to, and where data is kept."""

import json

from tests.e2e.lives.case import FUNCTION, GROUP, POOL, QUEUE, ROLE, TABLE, Case, allowed, document
from tests.e2e.plugin import archive

MANAGED = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
TRUST = document(
    Effect="Allow", Principal={"Service": "lambda.amazonaws.com"}, Action="sts:AssumeRole"
)


def machine(comment: str) -> str:
    end = {"end": {"Type": "Succeed"}}
    return json.dumps({"Comment": comment, "StartAt": "end", "States": end})


CASES: dict[str, Case] = {
    TABLE: Case(
        lambda _: {
            "hashKey": "PK",
            "rangeKey": "SK",
            "billingMode": "PAY_PER_REQUEST",
            "attributes": [{"name": "PK", "type": "S"}, {"name": "SK", "type": "S"}],
            "ttl": {"attributeName": "ttl", "enabled": True},
            "pointInTimeRecovery": {"enabled": False},
        },
        {"deletionProtectionEnabled": False, "pointInTimeRecovery": {"enabled": True}},
        frozenset({"deletionProtectionEnabled", "pointInTimeRecovery"}),
    ),
    POOL: Case(
        lambda _: {"usernameAttributes": ["email"], "mfaConfiguration": "OFF"},
        {"mfaConfiguration": "OPTIONAL"},
    ),
    "aws:cognito/userPoolClient:UserPoolClient": Case(
        lambda world: {
            "userPoolId": world.id(POOL),
            "explicitAuthFlows": ["ALLOW_USER_SRP_AUTH"],
        },
        {"explicitAuthFlows": ["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]},
    ),
    FUNCTION: Case(
        lambda world: {
            "role": world.arn(ROLE),
            "runtime": "python3.13",
            "handler": "app.handler",
            "code": archive("def handler(event, context): return 1"),
            "timeout": 10,
            "reservedConcurrentExecutions": 1,
        },
        {"timeout": 20, "reservedConcurrentExecutions": 2},
    ),
    "aws:lambda/layerVersion:LayerVersion": Case(
        lambda _: {"layerName": "packages", "code": archive("pass")},
    ),
    "aws:lambda/permission:Permission": Case(
        lambda world: {
            "action": "lambda:InvokeFunction",
            "function": world.id(FUNCTION),
            "principal": "apigateway.amazonaws.com",
            "sourceArn": "arn:aws:execute-api:eu-west-1:000000000000:a/*",
        },
    ),
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": Case(
        lambda world: {"functionName": world.id(FUNCTION), "maximumRetryAttempts": 0},
        {"maximumRetryAttempts": 1},
    ),
    "aws:lambda/eventSourceMapping:EventSourceMapping": Case(
        lambda world: {
            "eventSourceArn": world.arn(QUEUE),
            "functionName": world.id(FUNCTION),
            "batchSize": 5,
        },
        {"batchSize": 6},
    ),
    ROLE: Case(
        lambda _: {"assumeRolePolicy": TRUST, "description": "a"},
        {"description": "b", "assumeRolePolicy": TRUST.replace("lambda", "events")},
    ),
    "aws:iam/rolePolicy:RolePolicy": Case(
        lambda world: {"role": world.id(ROLE), "policy": allowed("sqs:SendMessage")},
        {"policy": allowed("sqs:ReceiveMessage")},
    ),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": Case(
        lambda world: {"role": world.id(ROLE), "policyArn": MANAGED},
    ),
    GROUP: Case(lambda _: {"retentionInDays": 7}, {"retentionInDays": 14}),
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": Case(
        lambda world: {
            "logGroupName": world.id(GROUP),
            "pattern": "ERROR",
            "metricTransformation": {"name": "errors", "namespace": "shop", "value": "1"},
        },
        {"pattern": "WARN"},
    ),
    "aws:sfn/stateMachine:StateMachine": Case(
        lambda world: {"roleArn": world.arn(ROLE), "definition": machine("a")},
        {"definition": machine("b")},
    ),
}
