"""Publishes what comes in by the publish queue and by the event bus.

The publish queue is FIFO with the channel as its group: where a message fails, the later ones of
its group fail with it, so that they stay behind it. What is refused counts as done: it would be
refused again each time.
"""

import asyncio
import functools
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit
from aws_lambda_powertools.utilities.data_classes import SQSEvent

from ... import aws
from ... import environment as variables
from .. import ingress, protocol
from ..delivery import metrics
from ..delivery.engine import Engine, Published
from ..every.log import Event
from ..every.publish import publish_event
from ..ingress import Refused, Request
from ..model import MissingEpoch, Update
from ..refusals import BusRefusals, Refusals
from .runtime import PublishEnvironment, engine, publisher

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
class Letter:
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
    """What publishing a batch of messages needs."""

    engine: Engine
    publish_update: Callable[[Update, Sequence[str]], Awaitable[Published]]
    refusals: Refusals
    history_seconds: int
    payload_limit_bytes: int = protocol.FRAME_LIMIT_BYTES

    async def publish_all(self, letters: Sequence[Letter]) -> list[str]:
        """Groups run side by side, and the letters of one in their order. Returns what failed."""
        groups: dict[str, list[Letter]] = {}
        for letter in letters:
            groups.setdefault(letter.group or letter.message_id, []).append(letter)
        failed = await asyncio.gather(*map(self._publish_group, groups.values()))
        return [message_id for group in failed for message_id in group]

    async def _publish_group(self, letters: Sequence[Letter]) -> list[str]:
        for position, letter in enumerate(letters):
            try:
                await self._publish(letter)
            except Exception:  # one group's failure is not the others'
                left = [letter.message_id for letter in letters[position:]]
                logger.exception("publish failed", extra={"failed": left})
                return left
        return []

    async def _publish(self, letter: Letter) -> None:
        request: Request | None = None
        try:
            request = _request(letter)
            ingress.check_size(request, self.payload_limit_bytes)
            admitted = ingress.admit(request, self.engine.rules, self.engine.now_ms())
            if isinstance(admitted, Update):
                published = await self._publish_update(admitted, letter)
            else:
                published = await self._publish_event(admitted)
        except Refused as refusal:
            await self._refuse(letter, request, refusal)
            return
        logger.info(
            "published",
            extra={"message_id": letter.message_id, "channel": admitted.channel}
            | {"stale": published.stale, "conflated": published.conflated},
        )

    async def _publish_update(self, update: Update, letter: Letter) -> Published:
        try:
            return await self.publish_update(update, [letter.message_id])
        except MissingEpoch as error:
            raise Refused("missing_epoch", str(error)) from error

    async def _publish_event(self, event: Event) -> Published:
        began = time.monotonic()
        published = await publish_event(self.engine, event, history_seconds=self.history_seconds)
        metrics.record_publish(published, duration_ms=round((time.monotonic() - began) * 1000))
        return published

    async def _refuse(self, letter: Letter, request: Request | None, refusal: Refused) -> None:
        await self.refusals.report(letter.message_id, request, refusal)
        logger.warning(
            "publish refused",
            extra={
                "message_id": letter.message_id,
                "code": refusal.code,
                "reason": str(refusal),
            },
        )
        counted = EphemeralMetrics()
        counted.add_metric("PublishesRefused", MetricUnit.Count, 1)
        counted.flush_metrics()


@functools.cache
def service() -> Service:
    environment = variables.read(Environment)
    return Service(
        engine=engine(environment),
        publish_update=publisher(environment),
        refusals=BusRefusals(aws.events(), environment.event_bus_name),
        history_seconds=environment.history_seconds,
        payload_limit_bytes=environment.payload_limit_bytes,
    )


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    letters = [
        Letter(
            message_id=record.message_id,
            text=record.body,
            sent_at=int(record.attributes.sent_timestamp),
            from_bus=not record.event_source_arn.endswith(FIFO),
            group=record.attributes.message_group_id,
        )
        for record in SQSEvent(event).records
    ]
    failed = aws.run(service().publish_all(letters))
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def _request(letter: Letter) -> Request:
    if letter.from_bus:
        return ingress.from_bus(letter.text)
    return ingress.from_queue(letter.text, letter.sent_at)
