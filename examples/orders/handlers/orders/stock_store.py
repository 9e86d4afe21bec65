"""The stock table: what is there of each item, and what each order holds of it.

Every change is one transaction, conditioned on the order's own row. That row outlives the order: a
reservation that arrives after its own release, from an attempt long given up, finds it and fails.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import transaction
from .refusal import Refused

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef, TransactWriteItemTypeDef

    Row = dict[str, AttributeValueTypeDef]

RESERVED, COMMITTED, RELEASED = "reserved", "committed", "released"

# What each piece that changes hands adds to the figures of its item.
_FIGURES: Mapping[tuple[str | None, str], Mapping[str, int]] = {
    (None, RESERVED): {"available": -1, "reserved": 1},
    (RESERVED, COMMITTED): {"reserved": -1, "onHand": -1},
    (RESERVED, RELEASED): {"reserved": -1, "available": 1},
    (COMMITTED, RELEASED): {"onHand": 1, "available": 1},
}
# The figure that has to suffice.
_LIMITS = {RESERVED: "available", COMMITTED: "onHand"}
_ORDER_ROW = 0


@dataclass(frozen=True)
class Reservation:
    """What an order holds; one that was released may never have held anything."""

    state: str
    item: str
    quantity: int


def connect(table_name: str) -> StockStore:
    """A store with a client of its own; making that costs some 300 ms, so keep it."""
    import boto3  # noqa: PLC0415 - 200 ms that importing this module must not cost

    return StockStore(boto3.client("dynamodb"), table_name)


class StockStore:
    """`available` may be promised, `reserved` is promised, `onHand` is what lies on the shelf.

    People count the shelf. Where they count wrong, an order fails after it was paid for.
    """

    def __init__(self, client: DynamoDBClient, table_name: str) -> None:
        self._client, self._table = client, table_name

    def price_cents(self, item: str) -> int | None:
        """None if there is no such item."""
        row = self._client.get_item(TableName=self._table, Key=_item(item)).get("Item")
        return None if row is None else _price_cents(row)

    def reservation(self, order_id: str) -> Reservation | None:
        row = self._client.get_item(
            TableName=self._table, Key=_order(order_id), ConsistentRead=True
        ).get("Item")
        return None if row is None else _reservation(row)

    def reserve(self, order_id: str, item: str, quantity: int) -> None:
        """Raises `Refused` if too little is available, or the order was released before."""
        wanted = Reservation(RESERVED, item, quantity)
        failed = self._change(order_id, None, wanted)
        if failed is None:
            return
        found = self.reservation(order_id)
        if found is None:
            raise Refused("sold out")
        if found.state == RELEASED:
            raise Refused("the order was given up before")

    def commit(self, order_id: str) -> None:
        """Takes what was reserved from the shelf. Raises `Refused` if it is not there."""
        for _ in range(transaction.ATTEMPTS):
            found = self.reservation(order_id)
            if found is None or found.state == RELEASED:
                raise Refused("nothing is reserved")
            if found.state == COMMITTED:
                return
            taken = Reservation(COMMITTED, found.item, found.quantity)
            failed = self._change(order_id, RESERVED, taken)
            if failed is None:
                return
            if failed != _ORDER_ROW:
                raise Refused("the shelf is empty")
        raise transaction.Contended(f"order {order_id} kept changing while it was committed")

    def release(self, order_id: str) -> None:
        """Gives back what the order holds, and keeps it from ever holding anything again."""
        for _ in range(transaction.ATTEMPTS):
            found = self.reservation(order_id)
            if found is not None and found.state == RELEASED:
                return
            if found is None:
                failed = transaction.write(self._client, [self._first(order_id, {})])
            else:
                given_back = Reservation(RELEASED, found.item, found.quantity)
                failed = self._change(order_id, found.state, given_back)
            if failed is None:
                return
        raise transaction.Contended(f"order {order_id} kept changing while it was released")

    def _change(self, order_id: str, state: str | None, after: Reservation) -> int | None:
        """Moves the order's row on from `state`, None if it has none, and the item's figures."""
        if state is None:
            holds: Row = {"item": {"S": after.item}, "quantity": {"N": str(after.quantity)}}
            order = self._first(order_id, {**holds, "state": {"S": after.state}})
        else:
            order = self._moved(order_id, state, after.state)
        return transaction.write(self._client, [order, self._figures(state, after)])

    def _first(self, order_id: str, holds: Row) -> TransactWriteItemTypeDef:
        """The order's first row, a tombstone unless it says otherwise."""
        return {
            "Put": {
                "TableName": self._table,
                "Item": {"state": {"S": RELEASED}, **holds, **_order(order_id)},
                "ConditionExpression": "attribute_not_exists(#PK)",
                "ExpressionAttributeNames": {"#PK": "PK"},
            }
        }

    def _moved(self, order_id: str, before: str, after: str) -> TransactWriteItemTypeDef:
        return {
            "Update": {
                "TableName": self._table,
                "Key": _order(order_id),
                "UpdateExpression": "SET #state = :after",
                "ConditionExpression": "#state = :before",
                "ExpressionAttributeNames": {"#state": "state"},
                "ExpressionAttributeValues": {":before": {"S": before}, ":after": {"S": after}},
            }
        }

    def _figures(self, before: str | None, after: Reservation) -> TransactWriteItemTypeDef:
        figures = _FIGURES[before, after.state]
        limit = _LIMITS.get(after.state)
        suffices = f" AND #{limit} >= :quantity" if limit else ""
        values: Row = {f":{name}": {"N": str(n * after.quantity)} for name, n in figures.items()}
        if limit:
            values[":quantity"] = {"N": str(after.quantity)}
        return {
            "Update": {
                "TableName": self._table,
                "Key": _item(after.item),
                "UpdateExpression": "ADD " + ", ".join(f"#{name} :{name}" for name in figures),
                "ConditionExpression": f"attribute_exists(#PK){suffices}",
                "ExpressionAttributeNames": {"#PK": "PK", **{f"#{n}": n for n in figures}},
                "ExpressionAttributeValues": values,
            }
        }


def _price_cents(row: Mapping[str, Any]) -> int:
    return int(row["priceCents"]["N"])


def _reservation(row: Mapping[str, Any]) -> Reservation:
    if "item" not in row:
        return Reservation(row["state"]["S"], item="", quantity=0)
    return Reservation(row["state"]["S"], row["item"]["S"], int(row["quantity"]["N"]))


def _item(item: str) -> Row:
    return {"PK": {"S": f"ITEM#{item}"}}


def _order(order_id: str) -> Row:
    return {"PK": {"S": f"ORDER#{order_id}"}}
