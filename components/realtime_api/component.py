"""Server push for a stack: a WebSocket API, the table of its connections, grants to use them."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_aws as aws

from ..resources import bundle
from ..resources.layer import RuntimeLayer, RuntimeLayerArgs
from ..resources.names import FIFO_QUEUE_NAME, FUNCTION_NAME, RULE_NAME, check_name
from ..resources.table import Table, TableArgs
from .args import (
    DEFAULT_INLINE_MAXIMUM,
    DEFAULT_POSTS_PER_SECOND,
    RealtimeApiArgs,
    channel_rules,
)
from .definition import REALTIME
from .functions import Functions
from .grants import Granting
from .policies import Policies
from .queues import Queues, make_queues
from .reference import ExistingRealtimeApi, ExistingRealtimeApiArgs, describe
from .routes import Routing
from .sessions import Sessions, make_sessions
from .stage import deployed_stage

NAMED_CHILDREN = {
    "-disconnect-function": FUNCTION_NAME,
    "-events-route-rule": RULE_NAME,
    "-publish-queue-dead-letter": FIFO_QUEUE_NAME,
}
"""The longest names of each kind."""


class RealtimeApi(Granting):
    """Browsers connect to `endpoint` and subscribe to channels; publishers push to those.

    A function that SQS delivers to again publishes by itself, with `grant_publish`. Every other
    publisher sends to the publish queue, which keeps a channel's order, or puts events on the bus.
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
    events_queue_url: pulumi.Output[str]
    """Queue of the bus's events. Only the bus may send to it."""
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
    ticket_function_name: pulumi.Output[str]
    """Function of `POST /tickets`, for any HTTP API; empty without `tokens`, as those below."""
    ticket_function_arn: pulumi.Output[str]
    """ARN of that function."""
    ticket_invoke_arn: pulumi.Output[str]
    """Where a route of an HTTP API integrates it, JWT-authorized, with payload format 2.0."""
    tickets_url: pulumi.Output[str]
    """Address of `POST /tickets`; empty without `ticket_api` too."""
    revoke_function_name: pulumi.Output[str]
    """Function that logs a principal out everywhere; its event is `{"principal": "<sub>"}`."""
    revoke_function_arn: pulumi.Output[str]
    """ARN of that function."""
    function_names: pulumi.Output[Mapping[str, str]]
    """Title -> function, for alarms: `authorize`, `connect` and so on."""
    reference: pulumi.Output[Mapping[str, Any]]
    """Its description for another stack's `from_stack`; to be exported as `realtime`."""

    def __init__(
        self, name: str, args: RealtimeApiArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        check_name("RealtimeApi", name, NAMED_CHILDREN)
        super().__init__("realtime:index:RealtimeApi", name, None, opts)
        self._args, queues = args, make_queues(name, args, self)
        table = self._table(name)
        api = self._api(name)
        policies = Policies(table.arn, api.execution_arn, args.stage_name, queues)
        self.layer_arn = self._layer_arn(name)
        defaults = dataclasses.replace(args.defaults, layer_arn=self.layer_arn)
        functions = Functions(name, args, defaults, table.name, queues, policies, self)
        routing = Routing(name, api, args, REALTIME, self)
        authorizer = routing.authorizer(functions.authorize())
        resources = routing.resources(functions.answering(), authorizer)
        stage = deployed_stage(name, api, args, REALTIME, resources, self)

        self.endpoint = stage.invoke_url
        # Messages are posted to the address that clients connect to, by HTTP in place of WebSocket.
        self.management_endpoint = stage.invoke_url.apply(lambda url: url.replace("ws", "http", 1))
        self.api_id, self.execution_arn = api.id, api.execution_arn
        self.stage_name = stage.name
        self.table_name, self.table_arn = table.name, table.arn
        self._offer_queues(queues)
        self.publish_policy, self.send_policy = policies.publish(), policies.send()
        self.disconnect_policy, self.inspect_policy = policies.disconnect(), policies.inspect()
        self._offer_sessions(make_sessions(name, args, functions, self.management_endpoint, self))
        functions.work(self.publish_environment)
        self.function_names = pulumi.Output.all(
            **{title: function.name for title, function in functions.made.items()}
        )
        self.reference = describe(vars(self), self.publish_environment)
        self.register_outputs({key: getattr(self, key) for key in RealtimeApi.__annotations__})

    @staticmethod
    def from_stack(
        name: str, stack: str, opts: pulumi.ResourceOptions | None = None
    ) -> ExistingRealtimeApi:
        """The one whose `reference` another stack exports as `realtime`."""
        return ExistingRealtimeApi(name, ExistingRealtimeApiArgs(stack=stack), opts)

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

    def _offer_queues(self, queues: Queues) -> None:
        self.delivery_queue_url = queues.delivery.url
        self.delivery_dead_letter_queue_url = queues.delivery.dead_letter_queue_url
        self.publish_queue_url = queues.publish.url
        self.publish_queue_arn = queues.publish.arn
        self.publish_dead_letter_queue_url = queues.publish.dead_letter_queue_url
        self.event_bus_name, self.event_bus_arn = queues.bus_name, queues.bus_arn
        self.events_queue_url = queues.events.url
        self.events_dead_letter_queue_url = queues.events.dead_letter_queue_url
        self.undelivered_queue_url = queues.undelivered_queue_url

    def _offer_sessions(self, sessions: Sessions | None) -> None:
        ticket, revoke = (sessions.ticket, sessions.revoke) if sessions else (None, None)
        none = pulumi.Output.from_input("")
        self.ticket_function_name = ticket.name if ticket else none
        self.ticket_function_arn = ticket.arn if ticket else none
        self.ticket_invoke_arn = ticket.invoke_arn if ticket else none
        self.tickets_url = sessions.tickets_url if sessions else none
        self.revoke_function_name = revoke.name if revoke else none
        self.revoke_function_arn = revoke.arn if revoke else none

    def _api(self, name: str) -> aws.apigatewayv2.Api:
        return aws.apigatewayv2.Api(
            f"{name}-api",
            protocol_type="WEBSOCKET",
            route_selection_expression=REALTIME.route_selection_expression,
            region=self._args.region,
            opts=pulumi.ResourceOptions(parent=self, protect=self._args.protect_data),
        )

    def _table(self, name: str) -> Table:
        rows = TableArgs(
            protect_data=self._args.protect_data,
            kms_key_arn=self._args.defaults.kms_key_arn,
            region=self._args.region,
        )
        return Table(f"{name}-rows", rows, pulumi.ResourceOptions(parent=self))

    def _layer_arn(self, name: str) -> pulumi.Output[str]:
        if self._args.defaults.layer_arn is not None:
            return pulumi.Output.from_input(self._args.defaults.layer_arn)
        layer = RuntimeLayerArgs(code=bundle.layer(), region=self._args.region)
        return RuntimeLayer(f"{name}-layer", layer, pulumi.ResourceOptions(parent=self)).arn
