"""The one transaction that counts a link's clicks: what it writes, and under which conditions.

On most days' clicks it has two items, the link and the ids of a second: 4 write units, whatever the
number of clicks. The first click of a day adds the row of the day before, a late one its own day's.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

from ..shortener import table
from ..shortener.click import Click
from ..shortener.tally import Tally
from .counting import REMEMBERED_DAYS, by_day

if TYPE_CHECKING:
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef, UpdateTypeDef

    Values = Mapping[str, "AttributeValueTypeDef | None"]


def updates(
    table_name: str, code: str, clicks: Sequence[Click], tally: Tally | None
) -> tuple[Sequence[UpdateTypeDef], int]:
    """The link, the seconds, the days, in this order; and how many seconds there are.

    `tally` is that of `ClickStore.count`. Ten clicks make 22 items at most, of the 100 that a
    transaction may have: the link, ten seconds, ten days and the one that is over.
    """
    seconds: defaultdict[int, list[str]] = defaultdict(list)
    for click in clicks:
        seconds[click.second].append(click.click_id)
    days = by_day(clicks)
    before = tally or Tally(clicks=0, epoch=0, day=max(days))
    return [
        _link(table_name, code, before, days),
        *(_seen(table_name, code, second, ids) for second, ids in seconds.items()),
        *(
            _update(table_name, table.day(code, day), adds={"clicks": n})
            for day, n in before.moved(days).items()
        ),
    ], len(seconds)


def _link(table_name: str, code: str, before: Tally, days: Mapping[date, int]) -> UpdateTypeDef:
    """The day is a condition, and its clicks too where it is over: they move to its row."""
    conditions: Values = {
        "state": {"S": table.LIVE},
        "day": None if before.day is None else {"S": before.day.isoformat()},
    }
    adds = {"clicks": sum(days.values())}
    sets: Values = {}
    after = before.plus(days)
    if after.day == before.day:
        adds["dayClicks"] = after.day_clicks - before.day_clicks
    else:
        sets = {"day": {"S": f"{after.day}"}, "dayClicks": _number(after.day_clicks)}
        if before.day is not None:
            conditions = {**conditions, "dayClicks": _number(before.day_clicks)}
    return _update(table_name, table.link(code), conditions=conditions, sets=sets, adds=adds)


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
