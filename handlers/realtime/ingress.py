"""Validates requests to publish, and reports rejections on the event bus.

Requests arrive asynchronously, so a rejection cannot be returned to the publisher: it is written
for the publisher's operator. The bus vouches for an event's source. A queue vouches for nothing:
any sender may name any source. A report never holds the value, because a reader of the bus need not
be permitted to watch the channel.
"""

import asyncio
import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol, cast

from . import protocol
from .channels import CHANNEL
from .model import Rejected, Request, Update

if TYPE_CHECKING:
    from types_boto3_events.client import EventBridgeClient

    from .engine import Engine

SOURCE = "realtime"
DETAIL_TYPE = "realtime.publish.refused"

_TEXTS = {
    "channel": CHANNEL,
    "id": re.compile(r"[!-~]{1,128}"),  # the deduplication ids that SQS takes
    "source": re.compile(r"[ -~]{1,256}"),
}
_REQUIRED = ("channel", "value")
_MUST_BE = {
    "channel": "1 to 200 of A-Z a-z 0-9 _ . ~ : % -",
    "value": "a JSON object",
    "version": f"a whole number of 0 to {protocol.LARGEST_INTEGER}",
    "at": f"a time in milliseconds, 0 to {protocol.LARGEST_INTEGER}",
    "epoch": f"a time in milliseconds, 0 to {protocol.LARGEST_INTEGER}",
    "id": "1 to 128 printable ASCII characters without a space",
    "source": "1 to 256 printable ASCII characters",
}


def from_queue(text: str, sent_at: int) -> Request:
    """Reads a message that was sent to the publish queue. Raises `Rejected`."""
    return _request(_object(text), sent_at)


def from_bus(text: str) -> Request:
    """Reads a whole EventBridge event, the request in its detail. Raises `Rejected`."""
    event = _object(text)
    time, detail = event.get("time"), event.get("detail")
    if not isinstance(time, str) or not isinstance(detail, dict):
        raise Rejected("malformed", "an event must have a time and an object as detail")
    fields = cast("dict[str, object]", detail)
    return _request({**fields, "source": event.get("source")}, _milliseconds(time))


def check_size(request: Request, limit_bytes: int) -> None:
    """The stack's own limit; `admit` checks those of a frame and a state. Raises `Rejected`."""
    size = len(protocol.encoded(request.value))
    if size > limit_bytes:
        raise Rejected(
            "too_large",
            f"the value for {request.channel} has {size} bytes as JSON and may have {limit_bytes}:"
            " the stack sets caps.payloadBytes",
        )


def admit(engine: "Engine", request: Request) -> Update:
    """The update of a request that its channel's rule permits. Raises `Rejected`."""
    rule = engine.rules.find(request.channel)
    if rule is None:
        raise Rejected("unknown_channel", f"no channel rule fits {request.channel!r}")
    if request.source not in rule.publishers:
        raise Rejected(
            "forbidden_source",
            f"the rule {rule.pattern!r} must list the source among its publishers, "
            f"got {request.source!r}",
        )
    return engine.mode_of(rule).admit(request, engine.now_ms())


class Rejections(Protocol):
    async def report(self, message_id: str, request: Request | None, rejected: Rejected) -> None:
        """Stored when this returns. There is no request where none could be read."""
        ...


class Unreported(Exception):
    """EventBridge did not take the event."""


class BusRejections:
    """The client blocks, so each call runs in a thread."""

    def __init__(self, client: "EventBridgeClient", event_bus_name: str) -> None:
        self._client = client
        self._bus = event_bus_name

    async def report(self, message_id: str, request: Request | None, rejected: Rejected) -> None:
        detail: dict[str, Any] = {
            "message_id": message_id,
            "code": rejected.code,
            "message": str(rejected),
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
                f"the bus {self._bus} must take the event that message {message_id} was rejected, "
                f"got {entry.get('ErrorCode')}: {entry.get('ErrorMessage')}"
            )


def _object(text: str) -> dict[str, object]:
    try:
        body = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Rejected("malformed", "a message must be JSON") from error
    if not isinstance(body, dict):
        raise Rejected("malformed", "a message must be a JSON object")
    return cast("dict[str, object]", body)


def _request(fields: Mapping[str, object], sent_at: int) -> Request:
    for name in _REQUIRED:
        if name not in fields:
            raise Rejected("malformed", f"a message must have {name}")
    for name, given in fields.items():
        if name not in _MUST_BE:
            raise Rejected("malformed", f"a message has {', '.join(_MUST_BE)}, got {name[:64]!r}")
        if not _may_be(name, given):
            raise Rejected("malformed", f"{name} must be {_MUST_BE[name]}")
    return Request(sent_at=sent_at, **cast("dict[str, Any]", fields))


def _may_be(name: str, given: object) -> bool:
    match given:
        case bool():
            return False
        case int():
            return name in ("version", "at", "epoch") and 0 <= given <= protocol.LARGEST_INTEGER
        case dict():
            return name == "value"
        case str():
            return name in _TEXTS and bool(_TEXTS[name].fullmatch(given))
        case _:
            return False


def _milliseconds(time: str) -> int:
    try:
        return int(datetime.fromisoformat(time).timestamp()) * 1000
    except ValueError as error:
        raise Rejected("malformed", "an event's time must be ISO 8601") from error
