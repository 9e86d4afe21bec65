"""CLAIM, JOIN and FLUSH as requests to DynamoDB: how a channel's value is written and its push won.

Each is one conditional write, and that is the argument: what disarms a flush reads the value in the
same write, so every value is either in that push or arms another one. Clocks only pace.

`armed` is whose flush is to push, `flushed` whose flush disarmed last: delivered again, that one
pushes again, for it may have died. A claim removes both, and who made it answers for both.
"""

import re
from typing import Any

from . import wire
from .ports import Claim, Claimed, Held, Join, Joined, State, Superseded, Update
from .rows import Item, number, state, state_key

STATE_SECONDS = 90 * 24 * 3600
"""How long a value is kept after it happened."""

Request = dict[str, Any]

_WRITE = "#epoch = :epoch, #version = :version, #value = :value, #at = :at, #ttl = :ttl"
_NOT_NEWER = (
    "attribute_not_exists(#version) OR #epoch < :epoch"
    " OR (#epoch = :epoch AND #version <= :version)"
)
_HOLD = "#hold = :hold + if_not_exists(#stretch, :zero)"


def claim(update: Update, now_ms: int, hold_until: int) -> Request:
    return _request(
        update.channel,
        f"SET {_WRITE}, {_HOLD} REMOVE #armed, #flushed",
        f"({_NOT_NEWER}) AND (attribute_not_exists(#hold) OR #hold <= :now)",
        {**_written(update), **_held(hold_until), ":now": number(now_ms)},
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
    return Joined(item["armed"]["S"], _hold(item)) if written else _superseded(item)


def flush(channel: str, token: str, hold_until: int) -> Request:
    return _request(
        channel,
        f"SET {_HOLD}, #flushed = :token REMOVE #armed",
        "#armed = :token OR (attribute_not_exists(#armed) AND #flushed = :token)",
        {**_held(hold_until), ":token": {"S": token}},
    )


def flushed(channel: str, item: Item, *, written: bool) -> State | None:
    return state(channel, item) if written else None


def stretch(channel: str, stretch_ms: int, before: int | None) -> Request:
    values = {
        ":stretch": number(stretch_ms),
        ":longer": number(stretch_ms - (before or 0)),
        ":zero": number(0),
    }
    if before is None:
        unchanged = "attribute_not_exists(#stretch)"
    else:
        unchanged = "#stretch = :before"
        values[":before"] = number(before)
    return _request(
        channel,
        "SET #stretch = :stretch, #hold = if_not_exists(#hold, :zero) + :longer",
        # Without a version this would make a state that has no value.
        f"attribute_exists(#version) AND {unchanged}",
        values,
    )


def _written(update: Update) -> Request:
    return {
        ":epoch": number(update.epoch),
        ":version": number(update.version),
        ":value": {"S": wire.encoded(update.value).decode()},
        ":at": number(update.at),
        ":ttl": number(update.at // 1000 + STATE_SECONDS),
    }


def _held(hold_until: int) -> Request:
    return {":hold": number(hold_until), ":zero": number(0)}


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
    return Superseded(armed, _hold(item), int(item["epoch"]["N"]))


def _hold(item: Item) -> int:
    return int(item["hold"]["N"]) if "hold" in item else 0
