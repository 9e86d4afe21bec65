"""Publishes the requests of the publish queue and of the event bus.

The publish queue is FIFO with the channel as its group: where a record fails, the later ones of its
group fail with it, so that they stay behind it. A rejected record is acknowledged, because every
redelivery would be rejected again.
"""

import asyncio
import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit
from aws_lambda_powertools.utilities.data_classes import SQSEvent

from ... import aws
from ... import environment as variables
from .. import ingress, protocol
from ..engine import Engine
from ..ingress import BusRejections, Rejections
from ..model import Rejected, Request
from .runtime import Publish, PublishEnvironment, engine, publisher_of

FIFO = ".fifo"
"""How the name of every FIFO queue ends and of no other: here, of the publish queue alone."""

logger = Logger()
aws.dynamodb()
aws.sqs()
aws.tls()


@dataclass(frozen=True)
class Environment(PublishEnvironment):
    event_bus_name: str
    history_seconds: int
    payload_limit_bytes: int


@dataclass(frozen=True)
class Record:
    """A message of either queue."""

    message_id: str
    text: str
    sent_at: int
    """When the queue took it, in ms."""
    from_bus: bool
    """Whether the text is a whole event, or was sent to the publish queue as it is."""
    group: str | None


@dataclass(frozen=True)
class Service:
    engine: Engine
    publish: Publish
    rejections: Rejections
    payload_limit_bytes: int = protocol.FRAME_LIMIT_BYTES

    async def publish_all(self, records: Sequence[Record]) -> list[str]:
        """Groups run side by side, and a group's records in order. Returns those that failed."""
        groups: dict[str, list[Record]] = {}
        for record in records:
            groups.setdefault(record.group or record.message_id, []).append(record)
        failed = await asyncio.gather(*map(self._publish_group, groups.values()))
        return [message_id for group in failed for message_id in group]

    async def _publish_group(self, records: Sequence[Record]) -> list[str]:
        for position, record in enumerate(records):
            try:
                await self._publish(record)
            except Exception:  # the other groups must not fail for it
                failed = [record.message_id for record in records[position:]]
                logger.exception("publish failed", extra={"failed": failed})
                return failed
        return []

    async def _publish(self, record: Record) -> None:
        request: Request | None = None
        about = {"message_id": record.message_id}
        try:
            if record.from_bus:
                request = ingress.from_bus(record.text)
            else:
                request = ingress.from_queue(record.text, record.sent_at)
            ingress.check_size(request, self.payload_limit_bytes)
            update = ingress.admit(self.engine, request)
            published = await self.publish(update, [record.message_id])
        except Rejected as rejected:
            await self.rejections.report(record.message_id, request, rejected)
            why = {"code": rejected.code, "reason": str(rejected)}
            logger.warning("publish rejected", extra={**about, **why})
            counted = EphemeralMetrics()
            counted.add_metric("PublishesRefused", MetricUnit.Count, 1)
            counted.flush_metrics()
            return
        results = {"stale": published.stale, "conflated": published.conflated}
        logger.info("published", extra={**about, "channel": update.channel, **results})


@functools.cache
def service() -> Service:
    environment = variables.read(Environment)
    made = engine(environment)
    limits = replace(made.limits, history_seconds=environment.history_seconds)
    made = replace(made, limits=limits)
    return Service(
        engine=made,
        publish=publisher_of(made),
        rejections=BusRejections(aws.events(), environment.event_bus_name),
        payload_limit_bytes=environment.payload_limit_bytes,
    )


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    records = [
        Record(
            message_id=record.message_id,
            text=record.body,
            sent_at=int(record.attributes.sent_timestamp),
            from_bus=not record.event_source_arn.endswith(FIFO),
            group=record.attributes.message_group_id,
        )
        for record in SQSEvent(event).records
    ]
    failed = aws.run(service().publish_all(records))
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}
