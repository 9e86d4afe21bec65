"""Sends a click on its way: to the bus, else straight to the queue behind it.

Both ways carry the same body: a click that the bus took but confirmed too late arrives twice and is
counted once. If neither takes it, it is lost, because nobody who follows a link waits any longer.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger

from .. import aws
from . import click
from .click import Click

if TYPE_CHECKING:
    from types_boto3_events.client import EventBridgeClient
    from types_boto3_sqs.client import SQSClient

EVENT_SOURCE = "shortener"
EVENT_TYPE = "click"

_TIMEOUT_SECONDS = 0.2

logger = Logger()


class Way(Enum):
    BUS = "bus"
    QUEUE = "queue"
    NONE = "none"


class EntryRefusedError(RuntimeError):
    """The bus answered, and did not take the event; the text is its error code."""


def connect(*, bus_name: str, queue_url: str) -> Emitter:
    return Emitter(*clients(), bus_name=bus_name, queue_url=queue_url)


def clients() -> tuple[EventBridgeClient, SQSClient]:
    """One attempt, 200 ms to connect and 200 ms to answer; to resolve the name is not covered."""
    return (
        aws.events(seconds=_TIMEOUT_SECONDS, attempts=1),
        aws.sqs(seconds=_TIMEOUT_SECONDS, attempts=1),
    )


class Emitter:
    def __init__(
        self, events: EventBridgeClient, sqs: SQSClient, *, bus_name: str, queue_url: str
    ) -> None:
        self._events = events
        self._sqs = sqs
        self._bus_name = bus_name
        self._queue_url = queue_url

    def emit(self, clicked: Click) -> Way:
        """Says which way it went. Whatever AWS or the network raises costs the click only."""
        body = click.to_body(clicked)
        for way, send in ((Way.BUS, self._to_bus), (Way.QUEUE, self._to_queue)):
            try:
                send(body)
            except Exception as error:  # noqa: BLE001 - the visitor is sent on, whatever becomes of the click
                logger.warning(
                    "click not sent",
                    extra={"way": way.value, "code": clicked.code, "error": type(error).__name__},
                )
            else:
                return way
        return Way.NONE

    def _to_bus(self, body: str) -> None:
        answer = self._events.put_events(
            Entries=[
                {
                    "Source": EVENT_SOURCE,
                    "DetailType": EVENT_TYPE,
                    "Detail": body,
                    "EventBusName": self._bus_name,
                }
            ]
        )
        # PutEvents answers 200 when it refuses an entry.
        if answer["FailedEntryCount"]:
            raise EntryRefusedError(answer["Entries"][0].get("ErrorCode", "no error code"))

    def _to_queue(self, body: str) -> None:
        self._sqs.send_message(QueueUrl=self._queue_url, MessageBody=body)
