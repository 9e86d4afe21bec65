"""The one transaction that counts a link's clicks: what it writes, and under which conditions.

On most days' clicks it has two items, the link and the ids of a second: 4 write units, whatever the
number of clicks. The first click of a day adds the row of the day before, a late one its own day's.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ..shortener import table
from ..shortener.click import Click
from ..shortener.tally import Tally
from .counting import REMEMBERED_DAYS, by_day

if TYPE_CHECKING:
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef, UpdateTypeDef

    Values = Mapping[str, "AttributeValueTypeDef | None"]


def updates(
    table_name: str, code: str, clicks: Sequence[Click], expected: Tally | None, *, exactly: bool
) -> tuple[Sequence[UpdateTypeDef], int]:
    """The link, the seconds, the days, in this order; and how many seconds there are.

    `expected` and `exactly` are those of `ClickStore.count`. Ten clicks make 22 items at most, of
    the 100 that a transaction may have: the link, ten seconds, ten days and the one that is over.
    """
    seconds: defaultdict[int, list[str]] = defaultdict(list)
    for click in clicks:
        seconds[click.second].append(click.click_id)
    days = by_day(clicks)
    rows = days if expected is None else expected.moved(days)
    return [
        _link(table_name, code, clicks, expected, exactly=exactly),
        *(_seen(table_name, code, second, ids) for second, ids in seconds.items()),
        *(_update(table_name, table.day(code, day), adds={"clicks": n}) for day, n in rows.items()),
    ], len(seconds)


def _link(
    table_name: str, code: str, clicks: Sequence[Click], expected: Tally | None, *, exactly: bool
) -> UpdateTypeDef:
    """All that the write takes for granted is in its condition, so no wrong guess can count."""
    key = table.link(code)
    live: Values = {"state": {"S": table.LIVE}}
    adds = {"clicks": len(clicks)}
    if expected is None:
        return _update(table_name, key, conditions=live, adds=adds)
    days = by_day(clicks)
    after = expected.plus(days)
    total: Values = {"clicks": _number(expected.clicks), "epoch": _number(expected.epoch)}
    day: Values = {"day": None if expected.day is None else {"S": expected.day.isoformat()}}
    day_clicks: Values = {} if expected.day is None else {"dayClicks": _number(expected.day_clicks)}
    sets: Values = {}
    if after.day != expected.day:
        needed = {**live, **day, **day_clicks}
        sets = {"day": {"S": f"{after.day}"}, "dayClicks": _number(after.day_clicks)}
    elif expected.day is not None and expected.day in days:
        needed = {**live, **day}
        adds["dayClicks"] = days[expected.day]
    else:
        needed = live
    conditions = {**live, **total, **day, **day_clicks} if exactly else needed
    return _update(table_name, key, conditions=conditions, sets=sets, adds=adds)


def _seen(table_name: str, code: str, second: int, click_ids: Sequence[str]) -> UpdateTypeDef:
    # 16 bytes each, of 36 as text: a kilobyte, a write unit, holds the ids of some 60 clicks.
    ids = [uuid.UUID(click_id).bytes for click_id in click_ids]
    values: dict[str, AttributeValueTypeDef] = {f":id{i}": {"B": id_} for i, id_ in enumerate(ids)}
    return {
        "TableName": table_name,
        "Key": table.seen(code, second),
        # The click's own time, so that a redelivery weeks later is still recognised.
        "UpdateExpression": "ADD #ids :ids SET #ttl = :ttl",
        "ConditionExpression": " AND ".join(
            f"NOT contains(#ids, {placeholder})" for placeholder in values
        ),
        "ExpressionAttributeNames": {"#ids": "ids", "#ttl": "ttl"},
        "ExpressionAttributeValues": {
            **values,
            ":ids": {"BS": ids},
            ":ttl": _number(second + REMEMBERED_DAYS * 86_400),
        },
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }


def _update(
    table_name: str,
    key: table.Key,
    *,
    adds: Mapping[str, int],
    sets: Values | None = None,
    conditions: Values | None = None,
) -> UpdateTypeDef:
    """In `conditions`, None is for an attribute that must not be there."""
    sets, conditions = sets or {}, conditions or {}
    clauses = ["ADD " + ", ".join(f"#{name} :add_{name}" for name in adds)]
    if sets:
        clauses.append("SET " + ", ".join(f"#{name} = :set_{name}" for name in sets))
    update: UpdateTypeDef = {
        "TableName": table_name,
        "Key": key,
        "UpdateExpression": " ".join(clauses),
        "ExpressionAttributeNames": {f"#{name}": name for name in {**adds, **sets, **conditions}},
        "ExpressionAttributeValues": {
            **{f":add_{name}": _number(n) for name, n in adds.items()},
            **{f":set_{name}": value for name, value in sets.items() if value is not None},
            **{f":is_{name}": value for name, value in conditions.items() if value is not None},
        },
    }
    if conditions:
        update["ConditionExpression"] = " AND ".join(
            f"attribute_not_exists(#{name})" if value is None else f"#{name} = :is_{name}"
            for name, value in conditions.items()
        )
        update["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    return update


def _number(number: int) -> AttributeValueTypeDef:
    return {"N": str(number)}
