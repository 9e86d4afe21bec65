"""The shop's HTTP API, behind the tokens of its own customers: orders, and tickets to connect with.

The ticket function is the platform's. Which API routes to it is the team's choice, and so is the
permission that lets the API call it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
from realtime_platform.components import Function, FunctionArgs

from . import policies
from .services import HANDLERS_PATH, make_table

STAGE_NAME = "$default"
ORDER_ROUTES = ("POST /orders", "GET /orders/{order_id}")
TICKET_ROUTES = ("POST /tickets",)

# The route's key in place of the path, and no query string.
ACCESS_LOG = {
    "requestId": "$context.requestId",
    "routeKey": "$context.routeKey",
    "status": "$context.status",
    "responseLatency": "$context.responseLatency",
    "integrationError": "$context.integrationErrorMessage",
    "authorizerError": "$context.authorizer.error",
}


class OrderTable(pulumi.ComponentResource):
    """The orders by id. The API places them, and the saga decides them."""

    name: pulumi.Output[str]
    """Physical name of the table."""
    arn: pulumi.Output[str]
    """ARN of the table."""

    def __init__(
        self, name: str, *, protect_data: bool, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("orders:index:OrderTable", name, None, opts)
        table = make_table(name, self, sort_key=False, protect_data=protect_data)
        self.name, self.arn = table.name, table.arn
        self.register_outputs({"name": self.name, "arn": self.arn})


@dataclass(frozen=True, kw_only=True, slots=True)
class OrdersApiArgs:
    orders_table: OrderTable
    """Table that orders are placed in."""

    stock_table_name: pulumi.Input[str]
    """Table that says what an item costs."""

    stock_table_arn: pulumi.Input[str]
    """ARN of that table."""

    state_machine_arn: pulumi.Input[str]
    """What decides an order."""

    ticket_function_name: pulumi.Input[str]
    """`RealtimeApi.ticket_function_name`."""

    ticket_invoke_arn: pulumi.Input[str]
    """`RealtimeApi.ticket_invoke_arn`."""

    issuer: pulumi.Input[str]
    """Who signs the customers' tokens."""

    audience: pulumi.Input[str]
    """Whom these tokens are for."""

    allowed_origins: Sequence[str]
    """Web origins whose pages may call the API."""

    throttling_rate_limit: int
    """Requests a second, over all customers."""

    layer_arn: pulumi.Input[str]
    """Layer with the third-party packages."""

    log_retention_days: int
    """Days that access logs and the function's logs are kept."""

    protect_data: bool
    """Refuse to delete or replace the API, whose address its clients know."""


class OrdersApi(pulumi.ComponentResource):
    """Takes orders, says what became of them, and hands out tickets to connect with."""

    url: pulumi.Output[str]
    """`https://` address of the API."""

    def __init__(
        self, name: str, args: OrdersApiArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("orders:index:OrdersApi", name, None, opts)
        self._name, self._args = name, args
        self._api = self._http_api()
        self._authorizer = self._jwt_authorizer()
        orders = self._function()
        self._route("orders", orders.name, orders.invoke_arn, ORDER_ROUTES)
        self._route("tickets", args.ticket_function_name, args.ticket_invoke_arn, TICKET_ROUTES)
        self._stage()
        self.url = self._api.api_endpoint
        self.register_outputs({"url": self.url})

    def _child(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self)

    def _http_api(self) -> aws.apigatewayv2.Api:
        return aws.apigatewayv2.Api(
            f"{self._name}-http",
            protocol_type="HTTP",
            cors_configuration={
                "allow_origins": list(self._args.allowed_origins),
                "allow_methods": ["GET", "POST"],
                "allow_headers": ["authorization", "content-type"],
                "max_age": 3600,
            },
            opts=pulumi.ResourceOptions(parent=self, protect=self._args.protect_data),
        )

    def _jwt_authorizer(self) -> aws.apigatewayv2.Authorizer:
        return aws.apigatewayv2.Authorizer(
            f"{self._name}-authorizer",
            api_id=self._api.id,
            authorizer_type="JWT",
            identity_sources=["$request.header.Authorization"],
            jwt_configuration={"audiences": [self._args.audience], "issuer": self._args.issuer},
            opts=self._child(),
        )

    def _function(self) -> Function:
        args = self._args
        placing = policies.document(
            policies.allow(["dynamodb:GetItem", "dynamodb:PutItem"], args.orders_table.arn),
            policies.allow(["dynamodb:GetItem"], args.stock_table_arn),
            policies.allow(["states:StartExecution"], args.state_machine_arn),
        )
        function = FunctionArgs(
            module="orders.api",
            handlers_path=HANDLERS_PATH,
            environment={
                "ORDERS_TABLE": args.orders_table.name,
                "STOCK_TABLE": args.stock_table_name,
                "STATE_MACHINE_ARN": args.state_machine_arn,
            },
            policies={"placing": placing},
            layer_arn=args.layer_arn,
            log_retention_days=args.log_retention_days,
            timeout_seconds=10,
            memory_mb=512,
        )
        return Function(f"{self._name}-function", function, self._child())

    def _route(
        self,
        key: str,
        function_name: pulumi.Input[str],
        invoke_arn: pulumi.Input[str],
        routes: Sequence[str],
    ) -> None:
        integration = aws.apigatewayv2.Integration(
            f"{self._name}-{key}-integration",
            api_id=self._api.id,
            integration_type="AWS_PROXY",
            integration_uri=invoke_arn,
            payload_format_version="2.0",
            opts=self._child(),
        )
        for route in routes:
            method, path = route.split(" ")
            name = f"{self._name}-{key}-{method.lower()}"
            aws.apigatewayv2.Route(
                f"{name}-route",
                api_id=self._api.id,
                route_key=route,
                target=pulumi.Output.concat("integrations/", integration.id),
                authorization_type="JWT",
                authorizer_id=self._authorizer.id,
                opts=self._child(),
            )
            source = pulumi.Output.concat(self._api.execution_arn, f"/{STAGE_NAME}/{method}{path}")
            aws.lambda_.Permission(
                f"{name}-permission",
                action="lambda:InvokeFunction",
                function=function_name,
                principal="apigateway.amazonaws.com",
                source_arn=source,
                opts=self._child(),
            )

    def _stage(self) -> None:
        logs = aws.cloudwatch.LogGroup(
            f"{self._name}-access-logs",
            # CloudWatch Logs delivers to groups of this name without a policy for each of them.
            # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-infrastructure-CWL.html
            name_prefix=f"/aws/vendedlogs/{self._name}-access-logs-",
            retention_in_days=self._args.log_retention_days,
            opts=self._child(),
        )
        limit = self._args.throttling_rate_limit
        aws.apigatewayv2.Stage(
            f"{self._name}-stage",
            api_id=self._api.id,
            name=STAGE_NAME,
            auto_deploy=True,
            access_log_settings={"destination_arn": logs.arn, "format": json.dumps(ACCESS_LOG)},
            default_route_settings={
                "throttling_rate_limit": limit,
                "throttling_burst_limit": limit,
            },
            opts=self._child(),
        )
