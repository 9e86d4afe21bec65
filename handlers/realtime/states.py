"""CLAIM, JOIN and FLUSH as requests to DynamoDB: how a channel's value is written and its push won.

Each is one conditional write, and that is the argument: what disarms a flush reads the value in the
same write, so every value is either in that push or arms another one. Clocks only pace.
"""

import re
from typing import Any

from . import wire
from .ports import Claim, Claimed, Held, Join, Joined, State, Superseded, Update
from .rows import Item, number, state, state_key

STATE_SECONDS = 90 * 24 * 3600
"""How long a value is kept after it happened."""

Request = dict[str, Any]

_WRITE = "#version = :version, #value = :value, #at = :at, #ttl = :ttl"
_HOLD = "#hold = :hold + if_not_exists(#stretch, :zero)"


def claim(update: Update, now_ms: int, hold_until: int) -> Request:
    epoch, current, values = _written(update)
    return _request(
        update.channel,
        f"SET {epoch}, {_WRITE}, {_HOLD} REMOVE #armed",
        f"({current}) AND (attribute_not_exists(#hold) OR #hold <= :now)",
        {**values, **_held(hold_until), ":now": number(now_ms)},
    )


def claimed(update: Update, item: Item, *, written: bool) -> Claim:
    if written:
        return Claimed(state(update.channel, item))
    return _superseded(item) if _is_newer(item, update) else Held()


def join(update: Update, token: str) -> Request:
    epoch, current, values = _written(update)
    return _request(
        update.channel,
        f"SET {epoch}, {_WRITE}, #armed = if_not_exists(#armed, :token)",
        current,
        {**values, ":token": {"S": token}},
    )


def joined(item: Item, *, written: bool) -> Join:
    return Joined(item["armed"]["S"], _hold(item)) if written else _superseded(item)


def flush(channel: str, token: str, hold_until: int) -> Request:
    values = {**_held(hold_until), ":token": {"S": token}}
    return _request(channel, f"SET {_HOLD} REMOVE #armed", "#armed = :token", values)


def flushed(channel: str, item: Item, *, written: bool) -> State | None:
    return state(channel, item) if written else None


def stretch(channel: str, stretch_ms: int) -> Request:
    # Without the condition this would make a state that has no value.
    values = {":stretch": number(stretch_ms)}
    return _request(channel, "SET #stretch = :stretch", "attribute_exists(#version)", values)


def _written(update: Update) -> tuple[str, str, Request]:
    """How the epoch is set, the condition that nothing newer is there, and the values.

    One write decides the epoch too: two publishers without one must not start two.
    """
    if update.epoch is None:
        epoch, not_newer = "if_not_exists(#epoch, :epoch)", "#version <= :version"
    else:
        epoch = ":epoch"
        not_newer = "#epoch < :epoch OR (#epoch = :epoch AND #version <= :version)"
    values = {
        ":epoch": number(update.at if update.epoch is None else update.epoch),
        ":version": number(update.version),
        ":value": {"S": wire.encoded(update.value).decode()},
        ":at": number(update.at),
        ":ttl": number(update.at // 1000 + STATE_SECONDS),
    }
    return f"#epoch = {epoch}", f"attribute_not_exists(#version) OR {not_newer}", values


def _held(hold_until: int) -> Request:
    return {":hold": number(hold_until), ":zero": number(0)}


def _request(channel: str, update: str, condition: str, values: Request) -> Request:
    # DynamoDB refuses names that no expression uses, and has reserved half of these.
    aliases = re.findall(r"#\w+", update + condition)
    return {
        "Key": state_key(channel),
        "UpdateExpression": update,
        "ConditionExpression": condition,
        "ExpressionAttributeNames": {alias: alias[1:] for alias in aliases},
        "ExpressionAttributeValues": values,
        "ReturnValues": "ALL_NEW",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }


def _superseded(item: Item) -> Superseded:
    return Superseded(item["armed"]["S"] if "armed" in item else None, _hold(item))


def _hold(item: Item) -> int:
    return int(item["hold"]["N"]) if "hold" in item else 0


def _is_newer(item: Item, update: Update) -> bool:
    epoch, version = int(item["epoch"]["N"]), int(item["version"]["N"])
    return (epoch, version) > (epoch if update.epoch is None else update.epoch, update.version)
