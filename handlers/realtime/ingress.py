"""What may come in from outside to be published; the rest is refused, with a reason.

Whoever published has long gone on when a message is read here, so a refusal is written for those
who operate the publisher. The bus vouches for an event's source. A queue vouches for nothing: who
may send to it may name any source.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, cast

from . import protocol
from .channels import CHANNEL, Rules
from .every.log import Event
from .model import Update

Code = Literal[
    "malformed",
    "unknown_channel",
    "forbidden_source",
    "missing_version",
    "missing_id",
    "missing_epoch",
    "invalid_value",
    "too_large",
    "too_old",
]

_TEXTS = {
    "channel": CHANNEL,
    "id": re.compile(r"[!-~]{1,128}"),  # what SQS takes as a deduplication id
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


class Refused(Exception):
    """Delivering the message again would change nothing."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code: Code = code


@dataclass(frozen=True)
class Request:
    """Somebody wants this to be published."""

    channel: str
    value: Mapping[str, Any]
    sent_at: int
    """In ms, and the same in each delivery; for what does not say when it happened."""
    version: int | None = None
    at: int | None = None
    epoch: int = 0
    id: str | None = None
    source: str | None = None


def from_queue(text: str, sent_at: int) -> Request:
    """Reads a message that was sent to the publish queue. Raises `Refused`."""
    return _request(_object(text), sent_at)


def from_bus(text: str) -> Request:
    """Reads a whole EventBridge event, the request in its detail. Raises `Refused`."""
    event = _object(text)
    time, detail = event.get("time"), event.get("detail")
    if not isinstance(time, str) or not isinstance(detail, dict):
        raise Refused("malformed", "an event must have a time and an object as detail")
    fields = cast("dict[str, object]", detail)
    return _request({**fields, "source": event.get("source")}, _milliseconds(time))


def check_size(request: Request, limit_bytes: int) -> None:
    """The stack's own limit; a frame's, and that of a state, are checked too. Raises `Refused`."""
    size = len(protocol.encoded(request.value))
    if size > limit_bytes:
        raise Refused(
            "too_large",
            f"the value for {request.channel} has {size} bytes as JSON and may have {limit_bytes}:"
            " the stack sets caps.payloadBytes",
        )


def admit(request: Request, rules: Rules, now_ms: int) -> Update | Event:
    """What to publish: on a `latest` channel an update, on one for `every` message an event.

    Raises `Refused`.
    """
    rule = rules.find(request.channel)
    if rule is None:
        raise Refused("unknown_channel", f"no channel rule fits {request.channel!r}")
    if request.source not in rule.publishers:
        raise Refused(
            "forbidden_source",
            f"the rule {rule.pattern!r} must list the source among its publishers, "
            f"got {request.source!r}",
        )
    try:
        if rule.delivery == "latest":
            update = _update(request)
            protocol.check(update)
            return update
        event = _event(request)
        protocol.check_event(event, now_ms)
    except protocol.InvalidValue as error:
        raise Refused("invalid_value", str(error)) from error
    except protocol.TooLarge as error:
        raise Refused("too_large", str(error)) from error
    except protocol.TooOld as error:
        raise Refused("too_old", str(error)) from error
    return event


def _update(request: Request) -> Update:
    version = request.at if request.version is None else request.version
    if version is None:
        raise Refused(
            "missing_version",
            "a `latest` channel needs a version, or at to take for it: messages may come in any "
            "order, and the newest could not be told",
        )
    return Update(request.channel, request.value, version, _at(request), request.epoch)


def _event(request: Request) -> Event:
    if request.id is None:
        raise Refused(
            "missing_id",
            "an `every` channel needs an id: a message may come twice, and must be numbered once",
        )
    return Event(request.channel, request.id, request.value, _at(request))


def _at(request: Request) -> int:
    return request.sent_at if request.at is None else request.at


def _object(text: str) -> dict[str, object]:
    try:
        body = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Refused("malformed", "a message must be JSON") from error
    if not isinstance(body, dict):
        raise Refused("malformed", "a message must be a JSON object")
    return cast("dict[str, object]", body)


def _request(fields: Mapping[str, object], sent_at: int) -> Request:
    for name in _REQUIRED:
        if name not in fields:
            raise Refused("malformed", f"a message must have {name}")
    for name, given in fields.items():
        if name not in _MUST_BE:
            raise Refused("malformed", f"a message has {', '.join(_MUST_BE)}, got {name[:64]!r}")
        if not _may_be(name, given):
            raise Refused("malformed", f"{name} must be {_MUST_BE[name]}")
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
        raise Refused("malformed", "an event's time must be ISO 8601") from error
