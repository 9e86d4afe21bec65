"""From a click's event to its count: bus, rule, queue, aggregator, a queue for each way to fail.

A click that is not counted is kept: in `undelivered` when the bus could not reach the queue, in
`dead` when counting failed five times, in `parking` when it is too old to tell from a duplicate.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from . import policies
from .function import Function, FunctionArgs

EVENT_PATTERN = {"source": ["shortener"], "detail-type": ["click"]}
TIMEOUT_SECONDS = 20
VISIBILITY_TIMEOUT_SECONDS = 6 * TIMEOUT_SECONDS
MAXIMUM_RECEIVES = 5
FOURTEEN_DAYS_SECONDS = 1_209_600
ONE_DAY_SECONDS = 86_400
MAXIMUM_DELIVERY_ATTEMPTS = 185
BATCH_SIZE = 10
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

    layer_arn: pulumi.Input[str]
    """Layer with the third-party packages."""

    log_retention_days: int
    """Days that the aggregator's logs are kept."""

    maximum_concurrency: int | None = None
    """Aggregators at a time, 2 to 1000; 5 by default: on one link more only make conflicts."""

    def __post_init__(self) -> None:
        if self.maximum_concurrency is not None and not 2 <= self.maximum_concurrency <= 1000:
            raise ValueError(
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
    click_policy: pulumi.Output[str]
    """JSON document: put a click on the bus, or in the queue. `click_environment` goes with it."""

    def __init__(
        self, name: str, args: ClickPipelineArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("realtime:index:ClickPipeline", name, None, opts)
        bus = aws.cloudwatch.EventBus(f"{name}-bus", opts=pulumi.ResourceOptions(parent=self))
        dead = self._keeping_queue(f"{name}-dead-queue")
        parking = self._keeping_queue(f"{name}-parking-queue")
        undelivered = self._keeping_queue(f"{name}-undelivered-queue")
        queue = self._queue(name, dead)
        self._delivery(name, bus, queue, undelivered)
        self._aggregation(name, args, queue, parking)

        self.bus_name = bus.name
        self.queue_url = queue.url
        self.dead_letter_queue_url = dead.url
        self.parking_queue_url = parking.url
        self.undelivered_queue_url = undelivered.url
        self.click_policy = policies.document(
            policies.allow(["events:PutEvents"], [bus.arn]),
            policies.allow(["sqs:SendMessage"], [queue.arn]),
        )
        self.register_outputs({key: getattr(self, key) for key in ClickPipeline.__annotations__})

    @property
    def click_environment(self) -> Mapping[str, pulumi.Output[str]]:
        """The variables that a function with the click policy reads."""
        return {"EVENT_BUS_NAME": self.bus_name, "CLICK_QUEUE_URL": self.queue_url}

    def _child(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self)

    def _keeping_queue(self, name: str) -> aws.sqs.Queue:
        """Keeps for as long as SQS can: somebody has to look at what is in it."""
        return aws.sqs.Queue(
            name,
            message_retention_seconds=FOURTEEN_DAYS_SECONDS,
            sqs_managed_sse_enabled=True,
            opts=self._child(),
        )

    def _queue(self, name: str, dead: aws.sqs.Queue) -> aws.sqs.Queue:
        redrive = {"deadLetterTargetArn": dead.arn, "maxReceiveCount": MAXIMUM_RECEIVES}
        queue = aws.sqs.Queue(
            f"{name}-queue",
            visibility_timeout_seconds=VISIBILITY_TIMEOUT_SECONDS,
            redrive_policy=pulumi.Output.json_dumps(redrive),
            sqs_managed_sse_enabled=True,
            opts=self._child(),
        )
        allowed = {"redrivePermission": "byQueue", "sourceQueueArns": [queue.arn]}
        aws.sqs.RedriveAllowPolicy(
            f"{name}-dead-queue-redrive-allow-policy",
            queue_url=dead.url,
            redrive_allow_policy=pulumi.Output.json_dumps(allowed),
            opts=self._child(),
        )
        return queue

    def _delivery(
        self,
        name: str,
        bus: aws.cloudwatch.EventBus,
        queue: aws.sqs.Queue,
        undelivered: aws.sqs.Queue,
    ) -> None:
        rule = aws.cloudwatch.EventRule(
            f"{name}-rule",
            event_bus_name=bus.name,
            event_pattern=json.dumps(EVENT_PATTERN),
            opts=self._child(),
        )
        granted = [
            self._may_send(f"{name}-queue-policy", queue, rule),
            self._may_send(f"{name}-undelivered-queue-policy", undelivered, rule),
        ]
        aws.cloudwatch.EventTarget(
            f"{name}-target",
            rule=rule.name,
            event_bus_name=bus.name,
            arn=queue.arn,
            input_path="$.detail",
            dead_letter_config={"arn": undelivered.arn},
            retry_policy={
                "maximum_event_age_in_seconds": ONE_DAY_SECONDS,
                "maximum_retry_attempts": MAXIMUM_DELIVERY_ATTEMPTS,
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=granted),
        )

    def _may_send(
        self, name: str, queue: aws.sqs.Queue, rule: aws.cloudwatch.EventRule
    ) -> aws.sqs.QueuePolicy:
        statement = policies.allow(
            ["sqs:SendMessage"],
            [queue.arn],
            service="events.amazonaws.com",
            conditions={"ArnEquals": {"aws:SourceArn": rule.arn}},
        )
        return aws.sqs.QueuePolicy(
            name, queue_url=queue.url, policy=policies.document(statement), opts=self._child()
        )

    def _aggregation(
        self, name: str, args: ClickPipelineArgs, queue: aws.sqs.Queue, parking: aws.sqs.Queue
    ) -> None:
        counting = policies.document(
            policies.allow(["dynamodb:UpdateItem", "dynamodb:GetItem"], [args.links_table_arn]),
            policies.allow(
                ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], [queue.arn]
            ),
            policies.allow(["sqs:SendMessage"], [parking.arn]),
        )
        aggregate = FunctionArgs(
            module="clicks.aggregate",
            environment={
                **args.publish_environment,
                "LINKS_TABLE": args.links_table_name,
                "PARKING_QUEUE_URL": parking.url,
            },
            policies={"counting": counting, "publish": args.publish_policy},
            layer_arn=args.layer_arn,
            log_retention_days=args.log_retention_days,
            timeout_seconds=TIMEOUT_SECONDS,
            memory_mb=512,
        )
        function = Function(f"{name}-aggregate", aggregate, self._child())
        concurrency = args.maximum_concurrency or DEFAULT_MAXIMUM_CONCURRENCY
        aws.lambda_.EventSourceMapping(
            f"{name}-mapping",
            event_source_arn=queue.arn,
            function_name=function.arn,
            batch_size=BATCH_SIZE,
            function_response_types=["ReportBatchItemFailures"],
            scaling_config={"maximum_concurrency": concurrency},
            opts=self._child(),
        )
