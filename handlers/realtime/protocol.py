"""The frames of docs/protocol.md: building what the server sends, reading what a client sends."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from .channels import CHANNEL
from .every.log import ACCEPTED_SECONDS, Event, LogMessage, Recovery
from .model import State, Update

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


class InvalidValue(ValueError):
    """A value is not a JSON object that can be pushed."""


class TooLarge(ValueError):
    """A value or its frame is over the limit."""


class TooOld(ValueError):
    """An event happened so long ago that it might be a forgotten one delivered again."""


class BadMessage(Exception):
    """A client's message cannot be followed; `id` is the message's own, for the answer."""

    def __init__(self, code: Code, message: str, message_id: str | None = None) -> None:
        super().__init__(message)
        self.code: Code = code
        self.id = message_id


@dataclass(frozen=True)
class Since:
    epoch: int
    version: int


@dataclass(frozen=True)
class Subscribe:
    channel: str
    since: Since | None = None
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


def check(update: Update) -> None:
    """Raises `InvalidValue` and `TooLarge` for what could not be stored or pushed."""
    _check_parts(update.value, version=update.version, at=update.at, epoch=update.epoch)
    _bounded(encoded(update.value), VALUE_LIMIT_BYTES, f"the value for {update.channel}")


def check_event(event: Event, now_ms: int) -> None:
    """Raises `InvalidValue`, `TooLarge` and `TooOld` for what could not be numbered or pushed."""
    _check_parts(event.value, at=event.at)
    if event.at < now_ms - ACCEPTED_SECONDS * 1000:
        raise TooOld(
            f"at must be at most {ACCEPTED_SECONDS // 86_400} days ago and in milliseconds, "
            f"got {event.at}: an older id is not known any more, and might get a second number"
        )
    # Its number is not known yet, and no position is longer than this one.
    longest = LARGEST_INTEGER
    push(State(event.channel, longest, longest, event.value, longest))


def push(state: State) -> bytes:
    """What every subscriber receives. Raises `TooLarge`."""
    position = {
        "channel": state.channel,
        "epoch": state.epoch,
        "version": state.version,
        "at": state.at,
    }
    frame = encoded({**state.value, RESERVED: position})
    return _bounded(frame, FRAME_LIMIT_BYTES, f"the frame for {state.channel}")


def subscribed(request: Subscribe, state: State | None) -> str:
    """The snapshot, unless the client's `since` says that it has it."""
    fields: dict[str, Any] = {"recovered": False}
    since = request.since
    if state is not None:
        fields = {
            "epoch": state.epoch,
            "version": state.version,
            "at": state.at,
            "recovered": since is not None and since.epoch == state.epoch,
        }
        if since is None or (state.epoch, state.version) > (since.epoch, since.version):
            fields["value"] = state.value
    return _control("subscribed", request.id, channel=request.channel, **fields)


def resumed(request: Subscribe, recovery: Recovery) -> str:
    """The messages that the subscriber of an `every` channel missed."""
    position: dict[str, int] = {}
    if recovery.sequence is not None:
        position = {"epoch": recovery.sequence.epoch, "version": recovery.sequence.number}
    return _control(
        "subscribed",
        request.id,
        channel=request.channel,
        **position,
        recovered=recovery.recovered,
        more=recovery.more,
        messages=[_entry(message) for message in recovery.messages],
    )


def entry_bytes(message: LogMessage) -> int:
    """What a message adds to the reply of `resumed`, with the comma after it."""
    return len(encoded(_entry(message))) + 1


def unsubscribed(request: Unsubscribe) -> str:
    return _control("unsubscribed", request.id, channel=request.channel)


def pong() -> str:
    return _control("pong")


def error(code: Code, message: str, message_id: str | None = None) -> str:
    return _control("error", message_id, code=code, message=message)


def _entry(message: LogMessage) -> dict[str, Any]:
    return {"version": message.number, "at": message.at, "value": message.value}


def _check_parts(value: Mapping[str, Any], **numbers: int | None) -> None:
    if RESERVED in value:
        raise InvalidValue(f"a value must not have the key {RESERVED!r}; the frame uses it")
    for name, number in numbers.items():
        if number is not None and not 0 <= number <= LARGEST_INTEGER:
            raise InvalidValue(f"{name} must be 0 to {LARGEST_INTEGER}, got {number}")


def _control(event: str, message_id: str | None = None, **fields: Any) -> str:
    given = {"id": message_id} if message_id is not None else {}
    return encoded({RESERVED: {"event": event, **given, **fields}}).decode()


def encoded(value: Mapping[str, Any]) -> bytes:
    """Compact JSON in UTF-8. Raises `InvalidValue`."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidValue(f"a value must be a JSON object: {error}") from error


def _bounded(data: bytes, limit: int, what: str) -> bytes:
    if len(data) > limit:
        raise TooLarge(
            f"{what} has {len(data)} bytes as JSON and may have {limit}; "
            "publish a reference to what is larger"
        )
    return data


def _id(given: object) -> str | None:
    # What is not printable includes lone surrogates, which no answer could carry.
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


def _since(fields: Mapping[str, object], message_id: str | None) -> Since | None:
    match fields.get("since"):
        case None:
            return None
        case {"epoch": int(epoch), "version": int(version)} if _is_position(epoch) and _is_position(
            version
        ):
            return Since(epoch, version)
        case _:
            raise BadMessage(
                "bad_request", "since must be the epoch and the version of a frame", message_id
            )


def _is_position(number: int) -> bool:
    return not isinstance(number, bool) and 0 <= number <= LARGEST_INTEGER
