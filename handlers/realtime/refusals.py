"""Tells of refused messages on the event bus.

An event names what was refused and why, and never holds the value: who may read the bus need not be
who may watch the channel.
"""

import asyncio
import json
from typing import TYPE_CHECKING, Any, Protocol

from .ingress import Refused, Request

if TYPE_CHECKING:
    from types_boto3_events.client import EventBridgeClient

SOURCE = "realtime"
DETAIL_TYPE = "realtime.publish.refused"


class Refusals(Protocol):
    async def report(self, message_id: str, request: Request | None, refusal: Refused) -> None:
        """Stored when this returns. There is no request where none could be read."""
        ...


class Unreported(Exception):
    """EventBridge did not take the event."""


class BusRefusals:
    """The client blocks, so each call runs in a thread."""

    def __init__(self, client: "EventBridgeClient", event_bus_name: str) -> None:
        self._client = client
        self._bus = event_bus_name

    async def report(self, message_id: str, request: Request | None, refusal: Refused) -> None:
        detail: dict[str, Any] = {
            "message_id": message_id,
            "code": refusal.code,
            "message": str(refusal),
        }
        if request is not None:
            detail |= {"channel": request.channel, "id": request.id, "source": request.source}
        answer = await asyncio.to_thread(
            self._client.put_events,
            Entries=[
                {
                    "EventBusName": self._bus,
                    "Source": SOURCE,
                    "DetailType": DETAIL_TYPE,
                    "Detail": json.dumps(detail),
                }
            ],
        )
        if answer["FailedEntryCount"]:
            (entry,) = answer["Entries"]
            raise Unreported(
                f"the bus {self._bus} must take the event that message {message_id} was refused, "
                f"got {entry.get('ErrorCode')}: {entry.get('ErrorMessage')}"
            )
