"""The baseline's Pulumi program: one table with one index, one queue, four functions, two APIs.

Memory, time-outs, batch size and concurrency equal those of the project's own pipeline, so that
the designs differ and the settings do not.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pulumi
import pulumi_aws as aws

FUNCTIONS = Path(__file__).with_name("functions")
TIMEOUT_SECONDS = 20
MEMORY_MB = 512
BATCH_SIZE = 10
VERSION = "2012-10-17"

Resources = list[pulumi.Output[str]]


def program(*, maximum_concurrency: int) -> None:
    """Exports what the measurement needs of it, as the project's own program does."""
    table = _table()
    bus = aws.cloudwatch.EventBus("naive-bus")
    queue = aws.sqs.Queue("naive-queue", visibility_timeout_seconds=6 * TIMEOUT_SECONDS)
    _delivery(bus, queue)
    web_socket = _web_socket(table)
    _aggregation(table, queue, web_socket, maximum_concurrency)
    pulumi.export("api_url", _http(table, bus))
    pulumi.export("endpoint", web_socket.address)
    pulumi.export("links_table", table.name)
    pulumi.export("click_queue_url", queue.url)


def _table() -> aws.dynamodb.Table:
    return aws.dynamodb.Table(
        "naive-table",
        billing_mode="PAY_PER_REQUEST",
        hash_key="PK",
        range_key="SK",
        attributes=[{"name": name, "type": "S"} for name in ("PK", "SK", "GSI1PK", "GSI1SK")],
        global_secondary_indexes=[
            {
                "name": "GSI1",
                "hash_key": "GSI1PK",
                "range_key": "GSI1SK",
                "projection_type": "ALL",
            }
        ],
        ttl={"attribute_name": "ttl", "enabled": True},
    )


def _delivery(bus: aws.cloudwatch.EventBus, queue: aws.sqs.Queue) -> None:
    rule = aws.cloudwatch.EventRule(
        "naive-rule",
        event_bus_name=bus.name,
        event_pattern=json.dumps({"source": ["shortener"], "detail-type": ["click"]}),
    )
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue.arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": rule.arn}},
    }
    aws.sqs.QueuePolicy(
        "naive-queue-policy",
        queue_url=queue.url,
        policy=pulumi.Output.json_dumps({"Version": VERSION, "Statement": [statement]}),
    )
    aws.cloudwatch.EventTarget(
        "naive-target", rule=rule.name, event_bus_name=bus.name, arn=queue.arn
    )


@dataclass(frozen=True)
class WebSocket:
    address: pulumi.Output[str]
    execution_arn: pulumi.Output[str]


def _web_socket(table: aws.dynamodb.Table) -> WebSocket:
    api = aws.apigatewayv2.Api(
        "naive-ws-api",
        protocol_type="WEBSOCKET",
        route_selection_expression="$request.body.action",
    )
    may = {"connect": ["dynamodb:PutItem"], "disconnect": ["dynamodb:DeleteItem"]}
    routes: list[pulumi.Resource] = []
    for name, actions in may.items():
        grants = [(actions, [table.arn])]
        function = _function(name, {"TABLE": table.name}, grants)
        routes.append(_route(api, f"${name}", function))
    after_routes = pulumi.ResourceOptions(depends_on=routes)
    deployment = aws.apigatewayv2.Deployment(
        "naive-ws-deployment", api_id=api.id, opts=after_routes
    )
    stage = aws.apigatewayv2.Stage(
        "naive-ws-stage", api_id=api.id, name="prod", deployment_id=deployment.id
    )
    return WebSocket(stage.invoke_url, api.execution_arn)


def _route(
    api: aws.apigatewayv2.Api, key: str, function: aws.lambda_.Function
) -> aws.apigatewayv2.Route:
    name = key.removeprefix("$").replace("GET /{code}", "redirect")
    integration = aws.apigatewayv2.Integration(
        f"naive-{name}-integration",
        api_id=api.id,
        integration_type="AWS_PROXY",
        integration_method="POST",
        integration_uri=function.invoke_arn,
        payload_format_version="2.0" if name == "redirect" else None,
    )
    aws.lambda_.Permission(
        f"naive-{name}-permission",
        action="lambda:InvokeFunction",
        function=function.name,
        principal="apigateway.amazonaws.com",
        source_arn=pulumi.Output.concat(api.execution_arn, "/*"),
    )
    return aws.apigatewayv2.Route(
        f"naive-{name}-route",
        api_id=api.id,
        route_key=key,
        target=pulumi.Output.concat("integrations/", integration.id),
    )


def _http(table: aws.dynamodb.Table, bus: aws.cloudwatch.EventBus) -> pulumi.Output[str]:
    api = aws.apigatewayv2.Api("naive-http-api", protocol_type="HTTP")
    grants = [(["dynamodb:GetItem"], [table.arn]), (["events:PutEvents"], [bus.arn])]
    function = _function("redirect", {"TABLE": table.name, "EVENT_BUS": bus.name}, grants)
    route = _route(api, "GET /{code}", function)
    aws.apigatewayv2.Stage(
        "naive-http-stage",
        api_id=api.id,
        name="$default",
        auto_deploy=True,
        opts=pulumi.ResourceOptions(depends_on=[route]),
    )
    return api.api_endpoint


def _aggregation(
    table: aws.dynamodb.Table, queue: aws.sqs.Queue, web_socket: WebSocket, concurrency: int
) -> None:
    crud = [f"dynamodb:{verb}Item" for verb in ("Put", "Get", "Update", "Delete")]
    index = pulumi.Output.concat(table.arn, "/index/GSI1")
    management = web_socket.address.apply(lambda address: address.replace("ws", "http", 1))
    receiving = [
        f"sqs:{verb}" for verb in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
    ]
    function = _function(
        "aggregate",
        {"TABLE": table.name, "MANAGEMENT_ENDPOINT": management},
        [
            (crud, [table.arn]),
            (["dynamodb:Query"], [index]),
            (receiving, [queue.arn]),
            (
                ["execute-api:ManageConnections"],
                [pulumi.Output.concat(web_socket.execution_arn, "/*")],
            ),
        ],
    )
    aws.lambda_.EventSourceMapping(
        "naive-mapping",
        event_source_arn=queue.arn,
        function_name=function.arn,
        batch_size=BATCH_SIZE,
        function_response_types=["ReportBatchItemFailures"],
        scaling_config={"maximum_concurrency": concurrency},
    )


def _function(
    name: str,
    environment: Mapping[str, pulumi.Output[str]],
    grants: list[tuple[list[str], Resources]],
) -> aws.lambda_.Function:
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    role = aws.iam.Role(
        f"naive-{name}-role",
        assume_role_policy=json.dumps({"Version": VERSION, "Statement": [trust]}),
    )
    statements = [
        {"Effect": "Allow", "Action": actions, "Resource": resources}
        for actions, resources in grants
    ]
    granted = aws.iam.RolePolicy(
        f"naive-{name}-policy",
        role=role.name,
        policy=pulumi.Output.json_dumps({"Version": VERSION, "Statement": statements}),
    )
    return aws.lambda_.Function(
        f"naive-{name}",
        role=role.arn,
        runtime="python3.13",
        architectures=["arm64"],
        handler=f"functions.{name}.handler",
        code=pulumi.AssetArchive(
            {
                f"functions/{file.name}": pulumi.FileAsset(str(file))
                for file in FUNCTIONS.glob("*.py")
            }
        ),
        timeout=TIMEOUT_SECONDS,
        memory_size=MEMORY_MB,
        environment={"variables": {**environment, "POWERTOOLS_SERVICE_NAME": "naive"}},
        opts=pulumi.ResourceOptions(depends_on=[granted]),
    )
