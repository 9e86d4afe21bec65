"""Server push for a stack: a WebSocket API, the table of its connections, grants to use them."""

import json
from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from .. import bundle
from ..function import Function, FunctionArgs
from ..layer import RuntimeLayer, RuntimeLayerArgs
from .args import DEFAULT_MAXIMUM_SUBSCRIPTIONS, RealtimeApiArgs, channel_rules
from .definition import REALTIME
from .grants import Grants
from .routes import Routing
from .stage import deployed_stage


class RealtimeApi(pulumi.ComponentResource):
    """Browsers connect to `endpoint` and watch channels; who has `grant_publish` pushes to them."""

    endpoint: pulumi.Output[str]
    """`wss://` address that clients connect to."""
    management_endpoint: pulumi.Output[str]
    """`https://` address that messages are posted to."""
    api_id: pulumi.Output[str]
    """Id of the WebSocket API; rows of other APIs in the table are left alone."""
    execution_arn: pulumi.Output[str]
    """ARN that grants and permissions start with."""
    stage_name: pulumi.Output[str]
    """Last part of the address."""
    table_name: pulumi.Output[str]
    """Table of connections, subscriptions and channel states."""
    table_arn: pulumi.Output[str]
    """ARN of that table."""
    layer_arn: pulumi.Output[str]
    """Layer with the functions' packages, for other functions of this package."""
    publish_policy: pulumi.Output[str]
    """JSON document: push to every channel. `publish_environment` goes with it."""
    disconnect_policy: pulumi.Output[str]
    """JSON document: close a connection."""
    inspect_policy: pulumi.Output[str]
    """JSON document: ask whether a connection is open."""

    def __init__(
        self, name: str, args: RealtimeApiArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("realtime:index:RealtimeApi", name, None, opts)
        table = self._table(name, protect=bool(args.protect_data))
        api = aws.apigatewayv2.Api(
            f"{name}-api",
            protocol_type="WEBSOCKET",
            route_selection_expression=REALTIME.route_selection_expression,
            opts=pulumi.ResourceOptions(parent=self),
        )
        grants = Grants(table.arn, api.execution_arn, args.stage_name)
        self.layer_arn = self._layer_arn(name, args)
        routing = Routing(name, api, args.stage_name, REALTIME, self)
        authorizer = routing.authorizer(self._authorize(name, args))
        resources = routing.resources(self._functions(name, args, table, grants), authorizer)
        stage = deployed_stage(name, api, args, REALTIME, resources, self)

        self.endpoint = stage.invoke_url
        self.management_endpoint = stage.invoke_url.apply(_management_endpoint)
        self.api_id, self.execution_arn = api.id, api.execution_arn
        self.stage_name = stage.name
        self.table_name, self.table_arn = table.name, table.arn
        self.publish_policy = grants.publish()
        self.disconnect_policy, self.inspect_policy = grants.disconnect(), grants.inspect()
        self.register_outputs({key: getattr(self, key) for key in RealtimeApi.__annotations__})

    @property
    def publish_environment(self) -> Mapping[str, pulumi.Output[str]]:
        """The variables that a function with the publish policy reads."""
        return {
            "REALTIME_TABLE": self.table_name,
            "MANAGEMENT_ENDPOINT": self.management_endpoint,
            "REALTIME_API_ID": self.api_id,
        }

    def grant_publish(self, name: str, role_name: pulumi.Input[str]) -> None:
        """Lets the role push to every channel; `name` tells this role's grant from others'."""
        self._grant(f"{name}-publish", role_name, self.publish_policy)

    def grant_disconnect(self, name: str, role_name: pulumi.Input[str]) -> None:
        self._grant(f"{name}-disconnect", role_name, self.disconnect_policy)

    def grant_inspect(self, name: str, role_name: pulumi.Input[str]) -> None:
        self._grant(f"{name}-inspect", role_name, self.inspect_policy)

    def _grant(
        self, name: str, role_name: pulumi.Input[str], policy: pulumi.Output[str]
    ) -> aws.iam.RolePolicy:
        return aws.iam.RolePolicy(
            f"{self.pulumi_resource_name}-{name}-policy",
            role=role_name,
            policy=policy,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _table(self, name: str, *, protect: bool) -> aws.dynamodb.Table:
        return aws.dynamodb.Table(
            f"{name}-table",
            billing_mode="PAY_PER_REQUEST",
            hash_key="PK",
            range_key="SK",
            attributes=[{"name": "PK", "type": "S"}, {"name": "SK", "type": "S"}],
            ttl={"attribute_name": "ttl", "enabled": True},
            server_side_encryption={"enabled": True},
            point_in_time_recovery={"enabled": protect},
            deletion_protection_enabled=protect,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _layer_arn(self, name: str, args: RealtimeApiArgs) -> pulumi.Output[str]:
        if args.layer_arn is not None:
            return pulumi.Output.from_input(args.layer_arn)
        child = pulumi.ResourceOptions(parent=self)
        return RuntimeLayer(f"{name}-layer", RuntimeLayerArgs(code=bundle.layer()), child).arn

    def _authorize(self, name: str, args: RealtimeApiArgs) -> Function:
        environment = {
            **_rules(args),
            "ALLOWED_ORIGINS": json.dumps(list(args.allowed_origins or ())),
            "REQUIRE_ORIGIN": "true" if args.require_origin else "false",
        }
        return self._function(name, "authorize", args, environment, {})

    def _functions(
        self, name: str, args: RealtimeApiArgs, table: aws.dynamodb.Table, grants: Grants
    ) -> dict[str, Function]:
        on_table: dict[str, pulumi.Input[str]] = {"REALTIME_TABLE": table.name}
        limit = args.maximum_subscriptions or DEFAULT_MAXIMUM_SUBSCRIPTIONS
        subscribing = {
            "CHANNEL_RULES": channel_rules(args),
            "MAXIMUM_SUBSCRIPTIONS": str(limit),
        }
        planned = {
            "connect": ({**on_table, **_rules(args)}, ["PutItem"]),
            "disconnect": (on_table, ["DeleteItem", "BatchWriteItem"]),
            "messages": (
                {**on_table, **subscribing},
                ["UpdateItem", "PutItem", "GetItem", "DeleteItem"],
            ),
        }
        return {
            key: self._function(name, key, args, environment, {"table": grants.on_table(*actions)})
            for key, (environment, actions) in planned.items()
        }

    def _function(
        self,
        name: str,
        key: str,
        args: RealtimeApiArgs,
        environment: Mapping[str, pulumi.Input[str]],
        policies: Mapping[str, pulumi.Input[str]],
    ) -> Function:
        function = FunctionArgs(
            module=f"realtime.{key}",
            environment=environment,
            policies=policies,
            layer_arn=self.layer_arn,
            log_retention_days=args.log_retention_days,
            timeout_seconds=10,
            memory_mb=256,
        )
        return Function(f"{name}-{key}", function, pulumi.ResourceOptions(parent=self))


def _rules(args: RealtimeApiArgs) -> dict[str, str]:
    return {
        "CHANNEL_RULES": channel_rules(args),
        "CONNECT_PARAMETERS": json.dumps(dict(args.connect_parameters or {})),
    }


def _management_endpoint(invoke_url: str) -> str:
    """Messages are posted to the address that clients connect to, by HTTP in place of WebSocket."""
    return invoke_url.replace("ws", "http", 1)
