"""The keys of the links table: the only place that knows their text.

A code never holds `#`, which separates a key's parts: `codes.is_code` is asked wherever one comes
from outside. In a link's partition its counters, its days and the link sort before the ids that
were evicted from the counters, so that one query reads all three and no id.
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

COUNT = "COUNT"
META = "META"
_LINK = "LINK#"
_DAY = "DAY#"
_SEEN = "SEEN#"


def partition(code: str) -> str:
    return f"{_LINK}{code}"


def link(code: str) -> Key:
    return _key(code, META)


def counters(code: str) -> Key:
    return _key(code, COUNT)


def day(code: str, day: date) -> Key:
    return _key(code, f"{_DAY}{day.isoformat()}")


def evicted(code: str, last: str) -> Key:
    """The row of ids of which `last` is the newest."""
    return _key(code, seen(last))


def seen(key: str) -> str:
    """The sort key of the row of evicted ids whose newest is `key`."""
    return f"{_SEEN}{key}"


def after_all_seen() -> str:
    return f"{_SEEN}~"


def code_of(partition_key: str) -> str:
    return partition_key.removeprefix(_LINK)


def date_of(sort_key: str) -> date:
    return date.fromisoformat(sort_key.removeprefix(_DAY))


def last_of(sort_key: str) -> str:
    return sort_key.removeprefix(_SEEN)


def _key(code: str, sort_key: str) -> Key:
    return {"PK": {"S": partition(code)}, "SK": {"S": sort_key}}
