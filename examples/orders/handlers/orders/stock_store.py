"""The stock table: the counters of each item, and the reservation of each order.

Every change is one transaction, conditioned on the order's own row. That row outlives the order, so
a late attempt to reserve finds the release and is rejected.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import transaction
from .rejection import Rejected

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef, TransactWriteItemTypeDef

    Row = dict[str, AttributeValueTypeDef]

RESERVED, COMMITTED, RELEASED = "reserved", "committed", "released"

# A step's change of its item's counters, for each piece.
_COUNTERS: Mapping[tuple[str | None, str], Mapping[str, int]] = {
    (None, RESERVED): {"available": -1, "reserved": 1},
    (RESERVED, COMMITTED): {"reserved": -1, "onHand": -1},
    (RESERVED, RELEASED): {"reserved": -1, "available": 1},
    (COMMITTED, RELEASED): {"onHand": 1, "available": 1},
}
# The counter that must suffice for the step.
_LIMITS = {RESERVED: "available", COMMITTED: "onHand"}
_ORDER_ROW = 0


@dataclass(frozen=True)
class Reservation:
    """An order's pieces. A released reservation may never have had any."""

    state: str
    item: str
    quantity: int


def connect(table_name: str) -> StockStore:
    """A store with a client of its own; making that costs some 300 ms, so keep it."""
    import boto3  # noqa: PLC0415 - 200 ms that importing this module must not cost

    return StockStore(boto3.client("dynamodb"), table_name)


class StockStore:
    """`available` can be reserved, `reserved` belongs to orders, `onHand` lies on the shelf.

    People count the shelf. If they count wrong, an order fails after its payment.
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
        """Raises `Rejected` if too little is available, or the order was released before."""
        wanted = Reservation(RESERVED, item, quantity)
        failed = self._change(order_id, None, wanted)
        if failed is None:
            return
        found = self.reservation(order_id)
        if found is None:
            raise Rejected("sold out")
        if found.state == RELEASED:
            raise Rejected("the order was given up before")

    def commit(self, order_id: str) -> None:
        """Takes the reserved pieces from the shelf. Raises `Rejected` if the shelf lacks them."""
        for _ in range(transaction.ATTEMPTS):
            found = self.reservation(order_id)
            if found is None or found.state == RELEASED:
                raise Rejected("nothing is reserved")
            if found.state == COMMITTED:
                return
            taken = Reservation(COMMITTED, found.item, found.quantity)
            failed = self._change(order_id, RESERVED, taken)
            if failed is None:
                return
            if failed != _ORDER_ROW:
                raise Rejected("the shelf is empty")
        raise transaction.Contended(f"order {order_id} kept changing while it was committed")

    def release(self, order_id: str) -> None:
        """Gives the order's pieces back, and keeps it from ever reserving again."""
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
        """Moves the order's row on from `state`, None if it has none, and the item's counters."""
        if state is None:
            pieces: Row = {"item": {"S": after.item}, "quantity": {"N": str(after.quantity)}}
            order = self._first(order_id, {**pieces, "state": {"S": after.state}})
        else:
            order = self._moved(order_id, state, after.state)
        return transaction.write(self._client, [order, self._counters(state, after)])

    def _first(self, order_id: str, pieces: Row) -> TransactWriteItemTypeDef:
        """The order's first row. Without `pieces` it is a tombstone."""
        return {
            "Put": {
                "TableName": self._table,
                "Item": {"state": {"S": RELEASED}, **pieces, **_order(order_id)},
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

    def _counters(self, before: str | None, after: Reservation) -> TransactWriteItemTypeDef:
        counters = _COUNTERS[before, after.state]
        limit = _LIMITS.get(after.state)
        suffices = f" AND #{limit} >= :quantity" if limit else ""
        values: Row = {f":{name}": {"N": str(n * after.quantity)} for name, n in counters.items()}
        if limit:
            values[":quantity"] = {"N": str(after.quantity)}
        return {
            "Update": {
                "TableName": self._table,
                "Key": _item(after.item),
                "UpdateExpression": "ADD " + ", ".join(f"#{name} :{name}" for name in counters),
                "ConditionExpression": f"attribute_exists(#PK){suffices}",
                "ExpressionAttributeNames": {"#PK": "PK", **{f"#{n}": n for n in counters}},
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
