"""Events of one kind, from a bus to a queue.

EventBridge drops an event that it cannot deliver within a day, unless the target has a dead-letter
queue.
"""

import json
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from . import policies
from .arguments import check
from .names import QUEUE_NAME, RULE_NAME, check_name
from .queue import kept_queue

ONE_DAY_SECONDS = 86_400
MAXIMUM_DELIVERY_ATTEMPTS = 185


@dataclass(frozen=True, kw_only=True, slots=True)
class EventRouteArgs:
    bus_name: pulumi.Input[str]
    """Bus that the events are put on."""

    detail_type: str
    """The `detail-type` of the events."""

    queue_url: pulumi.Input[str]
    """Queue that they go to, a standard one; its queue policy is this route's alone."""

    queue_arn: pulumi.Input[str]
    """ARN of that queue."""

    source: str | None = None
    """Only events of this source; by default of every one that may put events on the bus."""

    input_path: str | None = None
    """Part of an event that becomes the message, as in `$.detail`; by default all of it."""

    region: str | None = None
    """Region that it is made in; by default the provider's."""

    kms_key_arn: pulumi.Input[str] | None = None
    """Key of undelivered events, as of `CustomerKey`; by default SQS's own."""

    protect_data: bool | None = None
    """Have Pulumi refuse to delete or replace its queue; false by default."""

    def __post_init__(self) -> None:
        check(self)


class EventRoute(pulumi.ComponentResource):
    """A rule, its target, and the right to send of this rule alone."""

    undelivered_queue_url: pulumi.Output[str]
    """Events that could not be delivered within a day."""

    def __init__(
        self, name: str, args: EventRouteArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        check_name("EventRoute", name, {"-rule": RULE_NAME, "-undelivered-queue": QUEUE_NAME})
        super().__init__("realtime:index:EventRoute", name, None, opts)
        self._region = args.region
        undelivered = kept_queue(
            f"{name}-undelivered-queue",
            self,
            region=args.region,
            kms_key_arn=args.kms_key_arn,
            protect=args.protect_data,
        )
        pattern = {"detail-type": [args.detail_type]}
        if args.source is not None:
            pattern["source"] = [args.source]
        rule = aws.cloudwatch.EventRule(
            f"{name}-rule",
            event_bus_name=args.bus_name,
            event_pattern=json.dumps(pattern, sort_keys=True),
            region=args.region,
            opts=pulumi.ResourceOptions(parent=self),
        )
        granted = [
            self._may_send(f"{name}-queue-policy", rule, args.queue_url, args.queue_arn),
            self._may_send(
                f"{name}-undelivered-queue-policy", rule, undelivered.url, undelivered.arn
            ),
        ]
        self._target(name, args, rule, undelivered, granted)

        self.undelivered_queue_url = undelivered.url
        self.register_outputs({"undelivered_queue_url": self.undelivered_queue_url})

    def _may_send(
        self,
        name: str,
        rule: aws.cloudwatch.EventRule,
        queue_url: pulumi.Input[str],
        queue_arn: pulumi.Input[str],
    ) -> aws.sqs.QueuePolicy:
        statement = policies.allow(
            ["sqs:SendMessage"],
            [queue_arn],
            service="events.amazonaws.com",
            conditions={"ArnEquals": {"aws:SourceArn": rule.arn}},
        )
        return aws.sqs.QueuePolicy(
            name,
            queue_url=queue_url,
            policy=policies.document(statement),
            region=self._region,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _target(
        self,
        name: str,
        args: EventRouteArgs,
        rule: aws.cloudwatch.EventRule,
        undelivered: aws.sqs.Queue,
        granted: list[aws.sqs.QueuePolicy],
    ) -> None:
        aws.cloudwatch.EventTarget(
            f"{name}-target",
            rule=rule.name,
            event_bus_name=args.bus_name,
            arn=args.queue_arn,
            input_path=args.input_path,
            dead_letter_config={"arn": undelivered.arn},
            retry_policy={
                "maximum_event_age_in_seconds": ONE_DAY_SECONDS,
                "maximum_retry_attempts": MAXIMUM_DELIVERY_ATTEMPTS,
            },
            region=args.region,
            opts=pulumi.ResourceOptions(parent=self, depends_on=granted),
        )
