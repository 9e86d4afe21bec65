"""Server push for a stack: a WebSocket API, the table of its connections, grants to use them."""

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from .. import bundle
from ..layer import RuntimeLayer, RuntimeLayerArgs
from .args import (
    DEFAULT_INLINE_MAXIMUM,
    DEFAULT_POSTS_PER_SECOND,
    RealtimeApiArgs,
    channel_rules,
)
from .definition import REALTIME
from .functions import Functions
from .grants import Grants
from .queues import make_queues
from .routes import Routing
from .stage import deployed_stage


class RealtimeApi(pulumi.ComponentResource):
    """Browsers connect to `endpoint` and watch channels; who was granted it publishes to them.

    A function that is redelivered to (by SQS) publishes by itself, with `grant_publish`. Everybody
    else sends to the publish queue, which keeps a channel's order, or puts events on the bus.
    """

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
    delivery_queue_url: pulumi.Output[str]
    """Queue of the workers' tasks. Only this package's own functions can write one."""
    delivery_dead_letter_queue_url: pulumi.Output[str]
    """Tasks that failed five times."""
    publish_queue_url: pulumi.Output[str]
    """FIFO queue that takes messages to publish: the group is the channel."""
    publish_queue_arn: pulumi.Output[str]
    """ARN of that queue."""
    publish_dead_letter_queue_url: pulumi.Output[str]
    """Messages that could not be published."""
    event_bus_name: pulumi.Output[str]
    """Bus that takes `realtime.publish`, and gets `realtime.publish.refused`."""
    event_bus_arn: pulumi.Output[str]
    """ARN of that bus."""
    events_dead_letter_queue_url: pulumi.Output[str]
    """Events that could not be published."""
    undelivered_queue_url: pulumi.Output[str]
    """Events that the bus could not deliver within a day."""
    publish_policy: pulumi.Output[str]
    """JSON document: push to every channel. `publish_environment` goes with it."""
    disconnect_policy: pulumi.Output[str]
    """JSON document: close a connection."""
    inspect_policy: pulumi.Output[str]
    """JSON document: ask whether a connection is open."""
    send_policy: pulumi.Output[str]
    """JSON document: send to the publish queue."""

    def __init__(
        self, name: str, args: RealtimeApiArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("realtime:index:RealtimeApi", name, None, opts)
        self._args, self._queues = args, make_queues(name, args, self)
        table = self._table(name)
        api = self._api(name)
        self._grants = Grants(table.arn, api.execution_arn, args.stage_name, self._queues)
        self.layer_arn = self._layer_arn(name)
        functions = Functions(
            name, args, self.layer_arn, table.name, self._queues, self._grants, self
        )
        routing = Routing(name, api, args.stage_name, REALTIME, self)
        authorizer = routing.authorizer(functions.authorize())
        resources = routing.resources(functions.answering(), authorizer)
        stage = deployed_stage(name, api, args, REALTIME, resources, self)

        self.endpoint = stage.invoke_url
        self.management_endpoint = stage.invoke_url.apply(_management_endpoint)
        self.api_id, self.execution_arn = api.id, api.execution_arn
        self.stage_name = stage.name
        self.table_name, self.table_arn = table.name, table.arn
        self._offer_queues()
        self._offer_policies()
        functions.work(self.publish_environment)
        self.register_outputs({key: getattr(self, key) for key in RealtimeApi.__annotations__})

    @property
    def publish_environment(self) -> Mapping[str, pulumi.Input[str]]:
        """The variables that a function with the publish policy reads."""
        inline_maximum = self._args.inline_maximum or DEFAULT_INLINE_MAXIMUM
        posts_per_second = self._args.posts_per_second or DEFAULT_POSTS_PER_SECOND
        return {
            "REALTIME_TABLE": self.table_name,
            "MANAGEMENT_ENDPOINT": self.management_endpoint,
            "REALTIME_API_ID": self.api_id,
            "CHANNEL_RULES": channel_rules(self._args),
            "DELIVERY_QUEUE_URL": self.delivery_queue_url,
            "INLINE_MAXIMUM": str(inline_maximum),
            "POSTS_PER_SECOND": str(posts_per_second),
        }

    def grant_publish(self, name: str, role_name: pulumi.Input[str]) -> None:
        """Lets the role push to every channel; `name` tells this role's grant from others'."""
        self._grant(f"{name}-publish", role_name, self.publish_policy)

    def grant_disconnect(self, name: str, role_name: pulumi.Input[str]) -> None:
        self._grant(f"{name}-disconnect", role_name, self.disconnect_policy)

    def grant_inspect(self, name: str, role_name: pulumi.Input[str]) -> None:
        self._grant(f"{name}-inspect", role_name, self.inspect_policy)

    def grant_send(self, name: str, role_name: pulumi.Input[str]) -> None:
        """Lets the role send to the publish queue, on which it names its source itself."""
        self._grant(f"{name}-send", role_name, self.send_policy)

    def grant_put_events(self, name: str, role_name: pulumi.Input[str], source: str) -> None:
        """Lets the role put `realtime.publish` on the bus, as this source and as no other."""
        self._grant(f"{name}-put-events", role_name, self.put_events_policy(source))

    def put_events_policy(self, source: str) -> pulumi.Output[str]:
        """JSON document of `grant_put_events`."""
        return self._grants.put_events(source)

    def _grant(
        self, name: str, role_name: pulumi.Input[str], policy: pulumi.Output[str]
    ) -> aws.iam.RolePolicy:
        return aws.iam.RolePolicy(
            f"{self.pulumi_resource_name}-{name}-policy",
            role=role_name,
            policy=policy,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _offer_queues(self) -> None:
        queues = self._queues
        self.delivery_queue_url = queues.delivery.url
        self.delivery_dead_letter_queue_url = queues.delivery.dead_letter_queue_url
        self.publish_queue_url = queues.publish.url
        self.publish_queue_arn = queues.publish.arn
        self.publish_dead_letter_queue_url = queues.publish.dead_letter_queue_url
        self.event_bus_name, self.event_bus_arn = queues.bus_name, queues.bus_arn
        self.events_dead_letter_queue_url = queues.events.dead_letter_queue_url
        self.undelivered_queue_url = queues.undelivered_queue_url

    def _offer_policies(self) -> None:
        grants = self._grants
        self.publish_policy, self.send_policy = grants.publish(), grants.send()
        self.disconnect_policy, self.inspect_policy = grants.disconnect(), grants.inspect()

    def _api(self, name: str) -> aws.apigatewayv2.Api:
        return aws.apigatewayv2.Api(
            f"{name}-api",
            protocol_type="WEBSOCKET",
            route_selection_expression=REALTIME.route_selection_expression,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _table(self, name: str) -> aws.dynamodb.Table:
        protect = bool(self._args.protect_data)
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

    def _layer_arn(self, name: str) -> pulumi.Output[str]:
        if self._args.layer_arn is not None:
            return pulumi.Output.from_input(self._args.layer_arn)
        child = pulumi.ResourceOptions(parent=self)
        return RuntimeLayer(f"{name}-layer", RuntimeLayerArgs(code=bundle.layer()), child).arn


def _management_endpoint(invoke_url: str) -> str:
    """Messages are posted to the address that clients connect to, by HTTP in place of WebSocket."""
    return invoke_url.replace("ws", "http", 1)
