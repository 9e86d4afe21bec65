"""LEAD, DEFER and TRAIL as requests to DynamoDB: three conditional writes of a channel's STATE.

TRAIL clears `trailing` and reads the value in one request, so each value is either returned to that
TRAIL or finds `trailing` cleared and schedules another. Correctness does not depend on clocks. A
LEAD clears it too, and its publisher pushes for the deferred values. `trailed` is the token of the
last TRAIL: that one may be repeated, because its worker may have died before the push.
"""

import re
from typing import Any

from .. import protocol
from ..model import State, Update
from ..ports import CoolingDown, Deferred, Led, Superseded
from ..table import Item, interval_of, number, state, state_key

AHEAD_MS = 5_000
"""How far two clocks may differ. A cooldown that began further ahead was written by a wrong one."""
STATE_SECONDS = 90 * 24 * 3600
"""How long a value is kept after it happened."""

Request = dict[str, Any]

_WRITE = "#epoch = :epoch, #version = :version, #value = :value, #at = :at, #ttl = :ttl"
_NOT_NEWER = (
    "attribute_not_exists(#version) OR #epoch < :epoch"
    " OR (#epoch = :epoch AND #version <= :version)"
)
_COOL_DOWN = ", #cooldownUntil = :now + if_not_exists(#intervalMs, :interval), #cooldownFrom = :now"
_IS_OVER = (
    "attribute_not_exists(#cooldownUntil) OR #cooldownUntil <= :now OR #cooldownFrom > :ahead"
)


def lead(update: Update, now_ms: int, interval_ms: int) -> Request:
    cool_down, times = _cool_down(now_ms, interval_ms)
    ahead = {":now": number(now_ms), ":ahead": number(now_ms + AHEAD_MS)}
    return _request(
        update.channel,
        f"SET {_WRITE}{cool_down} REMOVE #trailing, #trailed",
        f"({_NOT_NEWER}) AND ({_IS_OVER})",
        {**_written(update), **times, **ahead},
    )


def led(update: Update, item: Item, *, written: bool) -> Led | CoolingDown | Superseded:
    if written:
        return Led(state(update.channel, item))
    position = int(item["epoch"]["N"]), int(item["version"]["N"])
    is_newer = position > (update.epoch, update.version)
    return _superseded(item) if is_newer else CoolingDown(_cooldown_until(item))


def defer(update: Update, token: str) -> Request:
    return _request(
        update.channel,
        f"SET {_WRITE}, #trailing = if_not_exists(#trailing, :token)",
        _NOT_NEWER,
        {**_written(update), ":token": {"S": token}},
    )


def deferred(item: Item, *, written: bool) -> Deferred | Superseded:
    if not written:
        return _superseded(item)
    return Deferred(item["trailing"]["S"], _cooldown_until(item), interval_of(item))


def trail(channel: str, token: str, now_ms: int, interval_ms: int) -> Request:
    cool_down, times = _cool_down(now_ms, interval_ms)
    return _request(
        channel,
        f"SET #trailed = :token{cool_down} REMOVE #trailing",
        "#trailing = :token OR (attribute_not_exists(#trailing) AND #trailed = :token)",
        {**times, ":token": {"S": token}},
    )


def trailed(channel: str, item: Item, *, written: bool) -> State | None:
    return state(channel, item) if written else None


def set_interval(channel: str, interval_ms: int) -> Request:
    return _request(
        channel,
        "SET #intervalMs = :interval, #cooldownUntil = #cooldownFrom + :interval",
        # Without a version this would make a state that has no value.
        "attribute_exists(#version) AND attribute_exists(#cooldownFrom)",
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


def _cool_down(now_ms: int, interval_ms: int) -> tuple[str, Request]:
    """The part of a write that begins a cooldown; a rule without an interval has none."""
    if interval_ms == 0:
        return "", {}
    return _COOL_DOWN, {":now": number(now_ms), ":interval": number(interval_ms)}


def _request(channel: str, update: str, condition: str, values: Request) -> Request:
    # DynamoDB refuses names that no expression uses, and has reserved half of these.
    aliases = re.findall(r"#\w+", f"{update} {condition}")
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
    trailing = item["trailing"]["S"] if "trailing" in item else None
    epoch = int(item["epoch"]["N"])
    return Superseded(trailing, _cooldown_until(item), interval_of(item), epoch)


def _cooldown_until(item: Item) -> int:
    return int(item["cooldownUntil"]["N"]) if "cooldownUntil" in item else 0
