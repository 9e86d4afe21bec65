"""The links table's items to and from what they mean."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from . import table
from .counters import Counters
from .link import Link

if TYPE_CHECKING:
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef

Item = Mapping[str, Any]

NO_IDS: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Position:
    """Where a page of an owner's links ended: that link's place in the index."""

    created_at: int
    code: str


@dataclass(frozen=True)
class DayCount:
    date: date
    clicks: int


def link_item(link: Link) -> dict[str, AttributeValueTypeDef]:
    assert link.owner is not None, "a link is made by its owner"
    made: dict[str, AttributeValueTypeDef] = {
        **table.link(link.code),
        "target": {"S": link.target},
        "owner": {"S": link.owner},
        "state": {"S": table.LIVE},
        "createdAt": {"N": str(link.created_at)},
    }
    if link.expires_at is not None:
        made["expiresAt"] = {"N": str(link.expires_at)}
    return made


def link(found: Item) -> Link:
    """Of a META row, or of the index, which holds live links alone and not their state."""
    return Link(
        code=code_of(found),
        target=found["target"]["S"],
        owner=found["owner"]["S"] if "owner" in found else None,
        live="state" not in found or found["state"]["S"] == table.LIVE,
        created_at=int(found["createdAt"]["N"]),
        expires_at=int(found["expiresAt"]["N"]) if "expiresAt" in found else None,
    )


def counters_item(code: str, counters: Counters) -> dict[str, AttributeValueTypeDef]:
    """Of a link without a click: DynamoDB keeps no empty set of ids."""
    return {
        **table.counters(code),
        "live": {"BOOL": counters.live},
        "clicks": {"N": str(counters.clicks)},
        "epoch": {"N": str(counters.epoch)},
        "day": {"S": counters.day.isoformat()},
        "dayClicks": {"N": str(counters.day_clicks)},
        "floor": {"S": counters.floor},
    }


def counters(found: Item) -> Counters:
    return Counters(
        live=found["live"]["BOOL"],
        clicks=int(found["clicks"]["N"]),
        epoch=int(found["epoch"]["N"]),
        day=date.fromisoformat(found["day"]["S"]),
        day_clicks=int(found["dayClicks"]["N"]),
        ids=frozenset(bytes(id_).hex() for id_ in found["ids"]["BS"]) if "ids" in found else NO_IDS,
        floor=found["floor"]["S"],
    )


def days(newest: Counters, rows: Sequence[Item]) -> Sequence[DayCount]:
    """Each day with a click, the oldest first; `rows` are those of days."""
    counts = Counter[date]()
    for row in rows:
        counts[table.date_of(row["SK"]["S"])] += int(row["clicks"]["N"])
    if newest.day_clicks:
        counts[newest.day] += newest.day_clicks
    return [DayCount(day, counts[day]) for day in sorted(counts)]


def code_of(found: Item) -> str:
    return table.code_of(found["PK"]["S"])


def last_of(found: Item) -> str:
    """Of a row of evicted ids: the newest of them."""
    return table.last_of(found["SK"]["S"])


def position(found: Item) -> Position:
    return Position(int(found["createdAt"]["N"]), code_of(found))


def index_key(owner: str, position: Position) -> dict[str, AttributeValueTypeDef]:
    return {
        **table.link(position.code),
        "owner": {"S": owner},
        "createdAt": {"N": str(position.created_at)},
    }
