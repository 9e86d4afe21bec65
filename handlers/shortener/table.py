"""The keys of the links table: the only place that knows their text.

A code never holds `#`, which separates a key's parts: `codes.is_code` is asked wherever one comes
from outside.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef

    Key = dict[str, AttributeValueTypeDef]

OWNER_INDEX = "by-owner"
LIVE = "live"
DELETED = "deleted"

_LINK = "LINK#"
_DAY = "STAT#"


def partition(code: str) -> str:
    """Holds the link's META row and its days, so that one query reads both."""
    return f"{_LINK}{code}"


def link(code: str) -> Key:
    return {"PK": {"S": partition(code)}, "SK": {"S": "META"}}


def day(code: str, day: date) -> Key:
    return {"PK": {"S": partition(code)}, "SK": {"S": f"{_DAY}{day.isoformat()}"}}


def seen(code: str, second: int) -> Key:
    """One item a second, so that its set of ids stays far below the 400 KB of an item."""
    return {"PK": {"S": f"SEEN#{code}#{second}"}, "SK": {"S": "SEEN"}}


def code_of(partition_key: str) -> str:
    return partition_key.removeprefix(_LINK)


def date_of(sort_key: str) -> date:
    return date.fromisoformat(sort_key.removeprefix(_DAY))
