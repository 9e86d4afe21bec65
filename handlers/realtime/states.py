"""CLAIM, JOIN and FLUSH as requests to DynamoDB: how a channel's value is written and its push won.

Each is one conditional write, and that is the argument: what disarms a flush reads the value in the
same write, so every value is either in that push or arms another one. Clocks only pace.

`armed` is whose flush is to push, `flushed` whose flush disarmed last: delivered again, that one
pushes again, for it may have died. A claim removes both, and who made it answers for both.
"""

import re
from typing import Any

from . import wire
from .ports import Claim, Claimed, Held, Join, Joined, MixedEpochs, State, Superseded, Update
from .rows import Item, number, state, state_key

STATE_SECONDS = 90 * 24 * 3600
"""How long a value is kept after it happened."""

Request = dict[str, Any]

_WRITE = "#version = :version, #value = :value, #at = :at, #ttl = :ttl"
_HOLD = "#hold = :hold + if_not_exists(#stretch, :zero)"


def claim(update: Update, now_ms: int, hold_until: int) -> Request:
    epoch, current, values = _written(update)
    removed = "#armed, #flushed" + (", #own" if update.epoch is not None else "")
    return _request(
        update.channel,
        f"SET {epoch}, {_WRITE}, {_HOLD} REMOVE {removed}",
        f"({current}) AND (attribute_not_exists(#hold) OR #hold <= :now)",
        {**values, **_held(hold_until), ":now": number(now_ms)},
    )


def claimed(update: Update, item: Item, *, written: bool) -> Claim:
    """Raises `MixedEpochs`."""
    if written:
        return Claimed(state(update.channel, item))
    _check(update, item)
    return _superseded(item) if _is_newer(item, update) else Held(_hold(item))


def join(update: Update, token: str) -> Request:
    epoch, current, values = _written(update)
    return _request(
        update.channel,
        f"SET {epoch}, {_WRITE}, #armed = if_not_exists(#armed, :token)"
        + (" REMOVE #own" if update.epoch is not None else ""),
        current,
        {**values, ":token": {"S": token}},
    )


def joined(update: Update, item: Item, *, written: bool) -> Join:
    """Raises `MixedEpochs`."""
    if written:
        return Joined(item["armed"]["S"], _hold(item))
    _check(update, item)
    return _superseded(item)


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


def _written(update: Update) -> tuple[str, str, Request]:
    """How the epoch is set, the condition that nothing newer is there, and the values.

    One write decides the epoch too: two publishers without one must not start two. `own` says that
    the state's epoch is its own, not its publishers'.
    """
    values: Request = {
        ":epoch": number(update.at if update.epoch is None else update.epoch),
        ":version": number(update.version),
        ":value": {"S": wire.encoded(update.value).decode()},
        ":at": number(update.at),
        ":ttl": number(update.at // 1000 + STATE_SECONDS),
    }
    if update.epoch is None:
        values[":own"] = {"BOOL": True}
        epoch = "#epoch = if_not_exists(#epoch, :epoch), #own = :own"
        not_newer = "attribute_exists(#own) AND #version <= :version"
    else:
        epoch = "#epoch = :epoch"
        not_newer = (
            "#epoch < :epoch OR"
            " (#epoch = :epoch AND attribute_not_exists(#own) AND #version <= :version)"
        )
    return epoch, f"attribute_not_exists(#version) OR ({not_newer})", values


def _check(update: Update, item: Item) -> None:
    """An epoch that is greater than the state's own may replace it: so publishers can be changed.

    Then they all give one from there on.
    """
    is_own, epoch = "own" in item, int(item["epoch"]["N"])
    if update.epoch is None and not is_own:
        got = "an update without one, and the state has one from another publisher"
    elif update.epoch is not None and is_own and update.epoch <= epoch:
        got = f"{update.epoch}, and the state started its own, {epoch}, for one that gave none"
    else:
        return
    raise MixedEpochs(
        f"all publishers of {update.channel} must give an epoch, or none of them; got {got}; which "
        "of two values is newer could not be told: make the publishers agree"
    )


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
    return Superseded(item["armed"]["S"] if "armed" in item else None, _hold(item))


def _hold(item: Item) -> int:
    return int(item["hold"]["N"]) if "hold" in item else 0


def _is_newer(item: Item, update: Update) -> bool:
    epoch, version = int(item["epoch"]["N"]), int(item["version"]["N"])
    return (epoch, version) > (epoch if update.epoch is None else update.epoch, update.version)
