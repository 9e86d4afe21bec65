"""CLAIM, JOIN and FLUSH as requests to DynamoDB: how a channel's value is written and its push won.

Each is one conditional write, and that is the argument: what disarms a flush reads the value in the
same write, so every value is either in that push or arms another one. Clocks only pace: a hold that
a clock far ahead began is not waited for.

`armed` is whose flush is to push, `flushed` whose flush disarmed last: delivered again, that one
pushes again, for it may have died. A claim removes both, and who made it answers for both.
"""

import re
from typing import Any

from .. import protocol
from ..model import Claim, Claimed, Held, Join, Joined, State, Superseded, Update
from ..table import Item, interval, number, state, state_key

AHEAD_MS = 5_000
"""How far two clocks may differ."""
STATE_SECONDS = 90 * 24 * 3600
"""How long a value is kept after it happened."""

Request = dict[str, Any]

_WRITE = "#epoch = :epoch, #version = :version, #value = :value, #at = :at, #ttl = :ttl"
_NOT_NEWER = (
    "attribute_not_exists(#version) OR #epoch < :epoch"
    " OR (#epoch = :epoch AND #version <= :version)"
)
_HOLD = "#hold = :now + if_not_exists(#interval, :interval), #holdFrom = :now"
_FREE = "attribute_not_exists(#hold) OR #hold <= :now OR #holdFrom > :ahead"


def claim(update: Update, now_ms: int, interval_ms: int) -> Request:
    hold, held = _held(now_ms, interval_ms)
    return _request(
        update.channel,
        f"SET {_WRITE}{hold} REMOVE #armed, #flushed",
        f"({_NOT_NEWER}) AND ({_FREE})",
        {
            **_written(update),
            **held,
            ":now": number(now_ms),
            ":ahead": number(now_ms + AHEAD_MS),
        },
    )


def claimed(update: Update, item: Item, *, written: bool) -> Claim:
    if written:
        return Claimed(state(update.channel, item))
    position = int(item["epoch"]["N"]), int(item["version"]["N"])
    is_newer = position > (update.epoch, update.version)
    return _superseded(item) if is_newer else Held(_hold(item))


def join(update: Update, token: str) -> Request:
    return _request(
        update.channel,
        f"SET {_WRITE}, #armed = if_not_exists(#armed, :token)",
        _NOT_NEWER,
        {**_written(update), ":token": {"S": token}},
    )


def joined(item: Item, *, written: bool) -> Join:
    return Joined(item["armed"]["S"], _hold(item), interval(item)) if written else _superseded(item)


def flush(channel: str, token: str, now_ms: int, interval_ms: int) -> Request:
    hold, held = _held(now_ms, interval_ms)
    return _request(
        channel,
        f"SET #flushed = :token{hold} REMOVE #armed",
        "#armed = :token OR (attribute_not_exists(#armed) AND #flushed = :token)",
        {**held, ":token": {"S": token}},
    )


def flushed(channel: str, item: Item, *, written: bool) -> State | None:
    return state(channel, item) if written else None


def set_interval(channel: str, interval_ms: int) -> Request:
    return _request(
        channel,
        "SET #interval = :interval, #hold = #holdFrom + :interval",
        # Without a version this would make a state that has no value.
        "attribute_exists(#version) AND attribute_exists(#holdFrom)",
        {":interval": number(interval_ms)},
    )


def _written(update: Update) -> Request:
    return {
        ":epoch": number(update.epoch),
        ":version": number(update.version),
        ":value": {"S": protocol.encoded(update.value).decode()},
        ":at": number(update.at),
        ":ttl": number(update.at // 1000 + STATE_SECONDS),
    }


def _held(now_ms: int, interval_ms: int) -> tuple[str, Request]:
    """What else a write sets to hold the channel, and its values."""
    if interval_ms == 0:
        return "", {}
    return f", {_HOLD}", {":now": number(now_ms), ":interval": number(interval_ms)}


def _request(channel: str, update: str, condition: str, values: Request) -> Request:
    # DynamoDB refuses names that no expression uses, and has reserved half of these.
    aliases = re.findall(r"#\w+", f"{update} {condition}")
    request: Request = {
        "Key": state_key(channel),
        "UpdateExpression": update,
        "ConditionExpression": condition,
        "ExpressionAttributeNames": {alias: alias[1:] for alias in aliases},
        "ReturnValues": "ALL_NEW",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    return {**request, "ExpressionAttributeValues": values}


def _superseded(item: Item) -> Superseded:
    armed = item["armed"]["S"] if "armed" in item else None
    return Superseded(armed, _hold(item), interval(item), int(item["epoch"]["N"]))


def _hold(item: Item) -> int:
    return int(item["hold"]["N"]) if "hold" in item else 0
