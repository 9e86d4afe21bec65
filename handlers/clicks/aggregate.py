"""Takes clicks from the queue, counts them and publishes the new totals to the links' channels.

The answer names the messages that failed; the queue delivers them again, and no others.
"""

from __future__ import annotations

import asyncio
import functools
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit
from aws_lambda_powertools.utilities.data_classes import SQSEvent

from .. import aws, environment
from ..realtime.functions.runtime import PublishEnvironment, publisher
from ..shortener import click as click_body
from .counting import Aggregator, Message, Report
from .store import DynamoClickStore

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()
aws.dynamodb()
aws.sqs()
aws.tls()


@dataclass(frozen=True)
class Environment(PublishEnvironment):
    links_table: str
    too_late_queue_url: str


@functools.cache
def _aggregator() -> Aggregator:
    variables = environment.read(Environment)
    clicks = DynamoClickStore(
        aws.dynamodb(),
        aws.sqs(),
        links_table=variables.links_table,
        too_late_queue_url=variables.too_late_queue_url,
    )
    return Aggregator(clicks, publisher(variables), _pause)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    messages, malformed = _messages(SQSEvent(event))
    now_ms = time.time_ns() // 1_000_000
    report = aws.run(_aggregator().aggregate(messages, now_ms=now_ms))
    failed = malformed + report.failed
    logger.info(
        "clicks aggregated",
        extra={
            "messages": len(messages) + len(malformed),
            "counted": report.counted,
            "failed": len(failed),
        },
    )
    _record(report)
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def _messages(event: SQSEvent) -> tuple[list[Message], list[str]]:
    """Returns the clicks, and the ids of the messages that hold none."""
    messages, malformed = list[Message](), list[str]()
    for record in event.records:
        try:
            messages.append(Message(record.message_id, click_body.from_body(record.body)))
        except click_body.MalformedClickError as error:
            logger.error(
                "not a click", extra={"message_id": record.message_id, "reason": str(error)}
            )
            malformed.append(record.message_id)
    return messages, malformed


async def _pause(attempt: int) -> None:
    await asyncio.sleep(aws.full_jitter(attempt))


def _record(report: Report) -> None:
    counts = {
        "ClicksCounted": report.counted,
        "ClicksDuplicate": report.duplicates,
        "ClicksOnDeletedLink": report.on_deleted_link,
        "ClicksTooLate": report.too_late,
    }
    metrics = EphemeralMetrics()
    for name, count in counts.items():
        metrics.add_metric(name=name, unit=MetricUnit.Count, value=count)
    metrics.flush_metrics()
