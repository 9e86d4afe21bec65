"""The frames of docs/protocol.md: builds the server's and reads a client's messages."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from .channels import CHANNEL
from .model import LogMessage, Position, Rejected, State

RESERVED = "realtime"
VALUE_LIMIT_BYTES = 4 * 1024
FRAME_LIMIT_BYTES = 31 * 1024
"""One KB below the 32 KB that API Gateway puts into one frame and bills as one message."""
MESSAGE_LIMIT_BYTES = 4 * 1024
ID_LIMIT = 64
LARGEST_INTEGER = 2**53 - 1
"""Above it a browser's numbers are no longer whole."""

Code = Literal[
    "bad_request",
    "unknown_action",
    "unknown_channel",
    "forbidden",
    "too_many_subscriptions",
    "connection_expired",
    "payload_too_large",
    "internal",
]


class BadMessage(Exception):
    """A client's message that the server cannot obey; `id` is the message's own, for the reply."""

    def __init__(self, code: Code, message: str, message_id: str | None = None) -> None:
        super().__init__(message)
        self.code: Code = code
        self.id = message_id


@dataclass(frozen=True)
class Subscribe:
    channel: str
    since: Position | None = None
    id: str | None = None


@dataclass(frozen=True)
class Unsubscribe:
    channel: str
    id: str | None = None


@dataclass(frozen=True)
class Ping:
    pass


Message = Subscribe | Unsubscribe | Ping


def parse(text: str) -> Message:
    """Reads a client's message; keys it does not know are ignored. Raises `BadMessage`."""
    if len(text.encode(errors="replace")) > MESSAGE_LIMIT_BYTES:
        raise BadMessage("payload_too_large", f"a message has at most {MESSAGE_LIMIT_BYTES} bytes")
    try:
        body = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadMessage("bad_request", "a message must be JSON") from error
    if not isinstance(body, dict):
        raise BadMessage("bad_request", "a message must be a JSON object")
    fields = cast("dict[str, object]", body)
    message_id = _id(fields.get("id"))
    match fields.get("action"):
        case "subscribe":
            return Subscribe(_channel(fields, message_id), _since(fields, message_id), message_id)
        case "unsubscribe":
            return Unsubscribe(_channel(fields, message_id), message_id)
        case "ping":
            return Ping()
        case _:
            raise BadMessage(
                "unknown_action", "action must be subscribe, unsubscribe or ping", message_id
            )


def push(state: State) -> bytes:
    """The frame that every subscriber receives. Raises `Rejected`."""
    position = {
        "channel": state.channel,
        "epoch": state.epoch,
        "version": state.version,
        "at": state.at,
    }
    frame = encoded({**state.value, RESERVED: position})
    check_size(frame, FRAME_LIMIT_BYTES, f"the frame for {state.channel}")
    return frame


def subscribed(request: Subscribe, **fields: Any) -> str:
    return _control("subscribed", request.id, channel=request.channel, **fields)


def entry(message: LogMessage) -> dict[str, Any]:
    """A message in the reply `subscribed` of an `every` channel."""
    return {"version": message.number, "at": message.at, "value": message.value}


def unsubscribed(request: Unsubscribe) -> str:
    return _control("unsubscribed", request.id, channel=request.channel)


def pong() -> str:
    return _control("pong")


def error(code: Code, message: str, message_id: str | None = None) -> str:
    return _control("error", message_id, code=code, message=message)


def _control(event: str, message_id: str | None = None, **fields: Any) -> str:
    given = {"id": message_id} if message_id is not None else {}
    return encoded({RESERVED: {"event": event, **given, **fields}}).decode()


def encoded(value: Mapping[str, Any]) -> bytes:
    """Compact JSON in UTF-8. Raises `Rejected`."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise Rejected("invalid_value", f"a value must be a JSON object: {error}") from error


def check_value(value: Mapping[str, Any]) -> None:
    """Raises `Rejected` for a value with the key that frames use."""
    if RESERVED in value:
        raise Rejected(
            "invalid_value", f"a value must not have the key {RESERVED!r}; the frame uses it"
        )


def check_size(data: bytes, limit: int, name: str) -> None:
    """Raises `Rejected`."""
    if len(data) > limit:
        raise Rejected(
            "too_large",
            f"{name} has {len(data)} bytes as JSON and may have {limit}; "
            "publish a reference to a larger object",
        )


def _id(given: object) -> str | None:
    # Lone surrogates are not printable, and no reply could carry them.
    if given is None or (isinstance(given, str) and len(given) <= ID_LIMIT and given.isprintable()):
        return given
    raise BadMessage("bad_request", f"id must be text of at most {ID_LIMIT} printable characters")


def _channel(fields: Mapping[str, object], message_id: str | None) -> str:
    channel = fields.get("channel")
    if not isinstance(channel, str) or not CHANNEL.fullmatch(channel):
        raise BadMessage(
            "bad_request", "channel must be 1 to 200 of A-Z a-z 0-9 _ . ~ : % -", message_id
        )
    return channel


def _since(fields: Mapping[str, object], message_id: str | None) -> Position | None:
    match fields.get("since"):
        case None:
            return None
        case {"epoch": int(epoch), "version": int(version)} if _is_position(epoch) and _is_position(
            version
        ):
            return Position(epoch, version)
        case _:
            raise BadMessage(
                "bad_request", "since must be the epoch and the version of a frame", message_id
            )


def _is_position(number: int) -> bool:
    return not isinstance(number, bool) and 0 <= number <= LARGEST_INTEGER
