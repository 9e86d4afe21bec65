"""The queues of a RealtimeApi: one for its workers, two that take messages to publish.

The publish queue keeps a channel's messages in their order. Events have none: EventBridge promises
no order, hence a queue of their own.
"""

import dataclasses
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from ..resources.event_route import EventRoute, EventRouteArgs
from ..resources.queue import Queue, QueueArgs
from .args import RealtimeApiArgs
from .grants import PUBLISH_DETAIL_TYPE

FAN_OUT_TIMEOUT_SECONDS = 60
PUBLISH_TIMEOUT_SECONDS = 30


@dataclass(frozen=True)
class Queues:
    delivery: Queue
    """Tasks of `realtime.functions.fan_out`."""
    publish: Queue
    """Messages for `realtime.publish`, in order."""
    events: Queue
    """The same by event, in any order."""
    undelivered_queue_url: pulumi.Output[str]
    """Events that did not reach their queue."""
    bus_name: pulumi.Output[str]
    bus_arn: pulumi.Output[str]


def make_queues(name: str, args: RealtimeApiArgs, parent: pulumi.Resource) -> Queues:
    child = pulumi.ResourceOptions(parent=parent)
    publish = QueueArgs(
        consumer_timeout_seconds=PUBLISH_TIMEOUT_SECONDS,
        region=args.region,
        kms_key_arn=args.defaults.kms_key_arn,
        protect_data=args.protect_data,
    )
    fan_out = dataclasses.replace(publish, consumer_timeout_seconds=FAN_OUT_TIMEOUT_SECONDS)
    publish_in_order = dataclasses.replace(publish, fifo=True)
    events = Queue(f"{name}-events-queue", publish, child)
    if args.event_bus_name is None:
        bus_name = aws.cloudwatch.EventBus(f"{name}-bus", region=args.region, opts=child).name
    else:
        bus_name = pulumi.Output.from_input(args.event_bus_name)
    route = EventRouteArgs(
        bus_name=bus_name,
        detail_type=PUBLISH_DETAIL_TYPE,
        queue_url=events.url,
        queue_arn=events.arn,
        region=args.region,
        kms_key_arn=args.defaults.kms_key_arn,
        protect_data=args.protect_data,
    )
    return Queues(
        delivery=Queue(f"{name}-delivery-queue", fan_out, child),
        publish=Queue(f"{name}-publish-queue", publish_in_order, child),
        events=events,
        undelivered_queue_url=EventRoute(
            f"{name}-events-route", route, child
        ).undelivered_queue_url,
        bus_name=bus_name,
        bus_arn=pulumi.Output.all(events.arn, bus_name).apply(lambda known: _bus_arn(*known)),
    )


def _bus_arn(queue_arn: str, bus_name: str) -> str:
    """A rule's bus is in the account and region of the queue that the rule sends to."""
    _, partition, _, region, account, _ = queue_arn.split(":")
    return f"arn:{partition}:events:{region}:{account}:event-bus/{bus_name}"
