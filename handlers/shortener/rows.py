"""The links table's items to and from what they mean. The clicks of a link's day are in two places.

While the day is the newest, they are with the link; a late click and a day that is over are in the
day's own row. A day's count is the sum of both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from . import table
from .link import Link
from .tally import Tally

if TYPE_CHECKING:
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef

Item = Mapping[str, Any]


@dataclass(frozen=True)
class Position:
    """Where a page of an owner's links ended: that link's place in the index."""

    created_at: int
    code: str


@dataclass(frozen=True)
class DayCount:
    date: date
    clicks: int


def item(link: Link) -> dict[str, AttributeValueTypeDef]:
    assert link.owner is not None, "a link is made by somebody"
    made: dict[str, AttributeValueTypeDef] = {
        **table.link(link.code),
        "target": {"S": link.target},
        "owner": {"S": link.owner},
        "state": {"S": table.LIVE},
        "clicks": {"N": str(link.clicks)},
        "createdAt": {"N": str(link.created_at)},
        "epoch": {"N": str(link.created_at)},
    }
    if link.day is not None:
        made |= {"day": {"S": link.day.isoformat()}, "dayClicks": {"N": str(link.day_clicks)}}
    if link.expires_at is not None:
        made["expiresAt"] = {"N": str(link.expires_at)}
    return made


def link(found: Item) -> Link:
    figures = tally(found)
    return Link(
        code=table.code_of(found["PK"]["S"]),
        target=found["target"]["S"],
        owner=found["owner"]["S"] if "owner" in found else None,
        live=found["state"]["S"] == table.LIVE,
        clicks=figures.clicks,
        day=figures.day,
        day_clicks=figures.day_clicks,
        created_at=int(found["createdAt"]["N"]),
        expires_at=int(found["expiresAt"]["N"]) if "expiresAt" in found else None,
    )


def tally(found: Item) -> Tally:
    """Of a link's own item; one from before links kept a day has none."""
    kept = "day" in found
    return Tally(
        clicks=int(found["clicks"]["N"]),
        epoch=int(found["epoch"]["N"]),
        day=date.fromisoformat(found["day"]["S"]) if kept else None,
        day_clicks=int(found["dayClicks"]["N"]) if kept else 0,
    )


def days(found: Item, rows: Sequence[Item]) -> Sequence[DayCount]:
    """Of a link's own item and its days' rows: each day with a click, the oldest first."""
    counts = Counter[date]()
    for row in rows:
        counts[table.date_of(row["SK"]["S"])] += int(row["clicks"]["N"])
    newest = tally(found)
    if newest.day is not None and newest.day_clicks:
        counts[newest.day] += newest.day_clicks
    return [DayCount(day, counts[day]) for day in sorted(counts)]


def position(found: Item) -> Position:
    return Position(int(found["createdAt"]["N"]), table.code_of(found["PK"]["S"]))


def index_key(owner: str, position: Position) -> dict[str, AttributeValueTypeDef]:
    return {
        **table.link(position.code),
        "owner": {"S": owner},
        "createdAt": {"N": str(position.created_at)},
    }
