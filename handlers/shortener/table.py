"""The links table: its keys and its items. No other module knows their text.

A code never holds `#`, which separates the parts of a key: `link.is_code` decides wherever a code
comes from outside. In a link's partition its counters, its days and its META row sort before the
ids that were evicted from the counters, so that one query reads all three and no id.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from .link import Counters, Link

if TYPE_CHECKING:
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef

    Key = dict[str, AttributeValueTypeDef]

Item = Mapping[str, Any]

OWNER_INDEX = "by-owner"
LIVE = "live"
DELETED = "deleted"

COUNT = "COUNT"
META = "META"
NO_IDS: frozenset[str] = frozenset()
_LINK = "LINK#"
_DAY = "DAY#"
_EVICTED = "SEEN#"


@dataclass(frozen=True)
class Position:
    """The place in the index of the last link of a page."""

    created_at: int
    code: str


@dataclass(frozen=True)
class DayCount:
    date: date
    clicks: int


def partition(code: str) -> str:
    return f"{_LINK}{code}"


def link_key(code: str) -> Key:
    return _key(code, META)


def counters_key(code: str) -> Key:
    return _key(code, COUNT)


def day_key(code: str, day: date) -> Key:
    return _key(code, f"{_DAY}{day.isoformat()}")


def evicted_key(code: str, last: str) -> Key:
    """Of the row of evicted ids whose newest is `last`."""
    return _key(code, evicted_sort_key(last))


def evicted_sort_key(last: str) -> str:
    return f"{_EVICTED}{last}"


def after_all_evicted() -> str:
    return f"{_EVICTED}~"


def index_key(owner: str, position: Position) -> Key:
    return {
        **link_key(position.code),
        "owner": {"S": owner},
        "createdAt": {"N": str(position.created_at)},
    }


def link_item(link: Link) -> dict[str, AttributeValueTypeDef]:
    assert link.owner is not None, "a link is made by its owner"
    made: dict[str, AttributeValueTypeDef] = {
        **link_key(link.code),
        "target": {"S": link.target},
        "owner": {"S": link.owner},
        "state": {"S": LIVE},
        "createdAt": {"N": str(link.created_at)},
    }
    if link.expires_at is not None:
        made["expiresAt"] = {"N": str(link.expires_at)}
    return made


def counters_item(code: str, counters: Counters) -> dict[str, AttributeValueTypeDef]:
    """Of a link without a click: DynamoDB keeps no empty set of ids."""
    return {
        **counters_key(code),
        "live": {"BOOL": counters.live},
        "clicks": {"N": str(counters.clicks)},
        "epoch": {"N": str(counters.epoch)},
        "day": {"S": counters.day.isoformat()},
        "dayClicks": {"N": str(counters.day_clicks)},
        "floor": {"S": counters.floor},
    }


def link_of(item: Item) -> Link:
    """From a META row, or from the index, which holds live links alone and not their state."""
    return Link(
        code=code_of(item),
        target=item["target"]["S"],
        owner=item["owner"]["S"] if "owner" in item else None,
        live="state" not in item or item["state"]["S"] == LIVE,
        created_at=int(item["createdAt"]["N"]),
        expires_at=int(item["expiresAt"]["N"]) if "expiresAt" in item else None,
    )


def counters_of(item: Item) -> Counters:
    return Counters(
        live=item["live"]["BOOL"],
        clicks=int(item["clicks"]["N"]),
        epoch=int(item["epoch"]["N"]),
        day=date.fromisoformat(item["day"]["S"]),
        day_clicks=int(item["dayClicks"]["N"]),
        ids=frozenset(bytes(id_).hex() for id_ in item["ids"]["BS"]) if "ids" in item else NO_IDS,
        floor=item["floor"]["S"],
    )


def days_of(newest: Counters, rows: Sequence[Item]) -> Sequence[DayCount]:
    """Each day with a click, the oldest first; `rows` are the rows of days."""
    counts = Counter[date]()
    for row in rows:
        counts[date.fromisoformat(row["SK"]["S"].removeprefix(_DAY))] += int(row["clicks"]["N"])
    if newest.day_clicks:
        counts[newest.day] += newest.day_clicks
    return [DayCount(day, counts[day]) for day in sorted(counts)]


def code_of(item: Item) -> str:
    return str(item["PK"]["S"]).removeprefix(_LINK)


def last_of(item: Item) -> str:
    """The newest id of a row of evicted ids."""
    return str(item["SK"]["S"]).removeprefix(_EVICTED)


def position_of(item: Item) -> Position:
    return Position(int(item["createdAt"]["N"]), code_of(item))


def _key(code: str, sort_key: str) -> Key:
    return {"PK": {"S": partition(code)}, "SK": {"S": sort_key}}
