"""From a click's event to its count: bus, rule, queue, aggregator, a queue for each way to fail.

A click that is not counted is kept: undelivered where the bus could not reach the queue, a dead
letter where counting failed five times, in `parking` where it is too old to tell from a duplicate.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from ..resources import policies
from ..resources.arguments import InvalidArgument, check
from ..resources.event_route import EventRoute, EventRouteArgs
from ..resources.function import Function, FunctionArgs, FunctionDefaults
from ..resources.names import FUNCTION_NAME, check_name
from ..resources.queue import Queue, QueueArgs, kept_queue

SOURCE = "shortener"
DETAIL_TYPE = "click"
TIMEOUT_SECONDS = 20
DEFAULT_MAXIMUM_CONCURRENCY = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class ClickPipelineArgs:
    links_table_name: pulumi.Input[str]
    """Table whose counters grow."""

    links_table_arn: pulumi.Input[str]
    """ARN of that table."""

    publish_policy: pulumi.Input[str]
    """`RealtimeApi.publish_policy`."""

    publish_environment: Mapping[str, pulumi.Input[str]]
    """`RealtimeApi.publish_environment`."""

    defaults: FunctionDefaults
    """Layer, logs and tracing; the key is the queues', too."""

    maximum_concurrency: int | None = None
    """Aggregators at a time, 2 to 1000; 5 by default: on one link more only make conflicts."""

    reserved_concurrency: int | None = None
    """Executions kept for them, as many as aggregators or more; by default none."""

    region: str | None = None
    """Region that it is made in; by default the provider's."""

    protect_data: bool | None = None
    """Have Pulumi refuse to delete or replace its queues; false by default."""

    def __post_init__(self) -> None:
        check(self)
        if self.maximum_concurrency is not None and not 2 <= self.maximum_concurrency <= 1000:
            raise InvalidArgument(
                f"maximum_concurrency must be 2 to 1000, got {self.maximum_concurrency}:"
                " Lambda takes no other for a queue."
            )


class ClickPipeline(pulumi.ComponentResource):
    """Counts the clicks put on its bus, each of them once, and publishes the new totals."""

    bus_name: pulumi.Output[str]
    """Bus that clicks are put on."""
    queue_url: pulumi.Output[str]
    """Queue that takes clicks when the bus does not."""
    dead_letter_queue_url: pulumi.Output[str]
    """Clicks that could not be counted; to be redriven once the cause is gone."""
    parking_queue_url: pulumi.Output[str]
    """Clicks older than the memory of counted clicks: counting them could count them twice."""
    undelivered_queue_url: pulumi.Output[str]
    """Clicks that the bus could not deliver within a day."""
    function_names: pulumi.Output[Mapping[str, str]]
    """Title -> function."""
    click_policy: pulumi.Output[str]
    """JSON document: put a click on the bus, or in the queue. `click_environment` goes with it."""

    def __init__(
        self, name: str, args: ClickPipelineArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        check_name("ClickPipeline", name, {"-aggregate-function": FUNCTION_NAME})
        super().__init__("realtime:index:ClickPipeline", name, None, opts)
        bus = aws.cloudwatch.EventBus(
            f"{name}-bus", region=args.region, opts=pulumi.ResourceOptions(parent=self)
        )
        clicks = QueueArgs(
            consumer_timeout_seconds=TIMEOUT_SECONDS,
            region=args.region,
            kms_key_arn=args.defaults.kms_key_arn,
            protect_data=args.protect_data,
        )
        queue = Queue(f"{name}-queue", clicks, pulumi.ResourceOptions(parent=self))
        route = self._route(name, args, bus, queue)
        parking = kept_queue(
            f"{name}-parking-queue",
            self,
            region=args.region,
            kms_key_arn=args.defaults.kms_key_arn,
            protect=args.protect_data,
        )
        aggregate = self._aggregate(name, args, queue, parking)
        concurrency = args.maximum_concurrency or DEFAULT_MAXIMUM_CONCURRENCY
        queue.feed(aggregate, maximum_concurrency=concurrency)

        self.bus_name = bus.name
        self.queue_url = queue.url
        self.dead_letter_queue_url = queue.dead_letter_queue_url
        self.parking_queue_url = parking.url
        self.undelivered_queue_url = route.undelivered_queue_url
        self.function_names = pulumi.Output.all(aggregate=aggregate.name)
        self.click_policy = policies.document(
            policies.put_events(bus.arn, source=SOURCE, detail_type=DETAIL_TYPE),
            policies.allow(["sqs:SendMessage"], [queue.arn]),
        )
        self.register_outputs({key: getattr(self, key) for key in ClickPipeline.__annotations__})

    @property
    def click_environment(self) -> Mapping[str, pulumi.Output[str]]:
        """The variables that a function with the click policy reads."""
        return {"EVENT_BUS_NAME": self.bus_name, "CLICK_QUEUE_URL": self.queue_url}

    def _route(
        self, name: str, args: ClickPipelineArgs, bus: aws.cloudwatch.EventBus, queue: Queue
    ) -> EventRoute:
        route = EventRouteArgs(
            bus_name=bus.name,
            source=SOURCE,
            detail_type=DETAIL_TYPE,
            queue_url=queue.url,
            queue_arn=queue.arn,
            input_path="$.detail",
            region=args.region,
            kms_key_arn=args.defaults.kms_key_arn,
            protect_data=args.protect_data,
        )
        return EventRoute(f"{name}-route", route, pulumi.ResourceOptions(parent=self))

    def _aggregate(
        self, name: str, args: ClickPipelineArgs, queue: Queue, parking: aws.sqs.Queue
    ) -> Function:
        actions = ("UpdateItem", "PutItem", "GetItem", "Query")
        counting = policies.document(
            policies.allow([f"dynamodb:{action}" for action in actions], [args.links_table_arn]),
            policies.allow(["sqs:SendMessage"], [parking.arn]),
        )
        aggregate = FunctionArgs(
            module="clicks.aggregate",
            service=name,
            environment={
                **args.publish_environment,
                "LINKS_TABLE": args.links_table_name,
                "TOO_LATE_QUEUE_URL": parking.url,
            },
            policies={
                "counting": counting,
                "consume": queue.consume_policy,
                "publish": args.publish_policy,
            },
            defaults=args.defaults,
            timeout_seconds=TIMEOUT_SECONDS,
            memory_mb=512,
            reserved_concurrency=args.reserved_concurrency,
            region=args.region,
        )
        return Function(f"{name}-aggregate", aggregate, pulumi.ResourceOptions(parent=self))
