"""DynamoDB's request units from a request and its answer, by the rules of its price list.

The emulator states what a successful write consumes, and that was checked against AWS. It charges
reads by the call, not by the size, and refused writes not at all: AWS charges both.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
"""

import base64
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

Item = Mapping[str, Mapping[str, Any]]
Stored = Callable[[str, Mapping[str, Any]], Item | None]
"""The item of a table under a key, as it is now."""

READS = frozenset({"GetItem", "Query", "BatchGetItem"})
WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"})
OPERATIONS = READS | WRITES

READ_BYTES = 4096
WRITE_BYTES = 1024
ACTIONS = ("Put", "Update", "Delete", "ConditionCheck")


class Unaccounted(Exception):
    """The request has what these rules do not cover; to be added here before it is measured."""


def consumed(
    operation: str, request: Mapping[str, Any], answer: Mapping[str, Any], stored: Stored
) -> tuple[float, float]:
    """Write units and read units. Raises `Unaccounted`."""
    if operation in READS:
        return 0, _read(operation, request, answer, stored)
    if "__type" in answer:
        return _refused(request, str(answer["__type"]), stored), 0
    capacity: Any = answer.get("ConsumedCapacity", [])
    tables = cast("list[dict[str, float]]", capacity if isinstance(capacity, list) else [capacity])
    return sum(table["CapacityUnits"] for table in tables), 0


def _read(
    operation: str, request: Mapping[str, Any], answer: Mapping[str, Any], stored: Stored
) -> float:
    if "__type" in answer:
        return 0
    if operation == "BatchGetItem":
        return sum(
            _read_units(size(item), consistent=request["RequestItems"][table].get("ConsistentRead"))
            for table, items in answer["Responses"].items()
            for item in items
        )
    if operation == "GetItem":
        items = [stored(request["TableName"], request["Key"]) or {}]  # whole, whatever is returned
    else:
        if "FilterExpression" in request:
            raise Unaccounted("a filter hides what was read")
        items = answer["Items"]
        if "ProjectionExpression" in request:
            items = [stored(request["TableName"], item) or {} for item in items]
    return _read_units(_total(items), consistent=request.get("ConsistentRead"))


def _read_units(size_bytes: int, *, consistent: bool | None) -> float:
    return max(1, math.ceil(size_bytes / READ_BYTES)) * (1 if consistent else 0.5)


def _refused(request: Mapping[str, Any], error: str, stored: Stored) -> float:
    """A condition that does not hold costs as much as a write of what is there."""
    if error.endswith("ConditionalCheckFailedException"):
        key = request.get("Key") or request["Item"]
        return write_units(size(stored(request["TableName"], key) or {}))
    if error.endswith("TransactionCanceledException"):
        return sum(
            2
            * write_units(
                size(stored(action["TableName"], action.get("Key") or action["Item"]) or {})
            )
            for member in request["TransactItems"]
            for kind, action in member.items()
            if kind in ACTIONS
        )
    return 0


def write_units(size_bytes: int) -> int:
    return max(1, math.ceil(size_bytes / WRITE_BYTES))


def _total(items: Iterable[Item]) -> int:
    return sum(size(item) for item in items)


def size(item: Item) -> int:
    """Bytes of an item: its names and its values."""
    return sum(len(name.encode()) + _value(value) for name, value in item.items())


def _value(value: Mapping[str, Any]) -> int:
    (kind, content), *_ = value.items()
    match kind:
        case "S" | "B":
            return len(content.encode() if kind == "S" else base64.b64decode(content))
        case "N":
            return _number(content)
        case "BOOL" | "NULL":
            return 1
        case "M":
            return 3 + size(content) + len(content)
        case "L":
            return 3 + sum(_value(member) for member in content) + len(content)
        case _:  # a set, of what the first letter says
            return sum(_value({kind[0]: member}) for member in content)


def _number(text: str) -> int:
    """About a byte for each two digits that count, and one more."""
    digits = text.lstrip("-").replace(".", "").strip("0")
    return 1 + math.ceil(len(digits) / 2) + text.startswith("-")
