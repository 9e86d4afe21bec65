"""The payments table: one row with the state of an order's payment, and its ledger.

The ledger only grows; a customer's payment for an order is the sum of its entries. A late attempt
to charge finds the refund in the row and is rejected.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import transaction
from .rejection import Rejected

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient
    from types_boto3_dynamodb.type_defs import (
        AttributeValueTypeDef,
        PutTypeDef,
        TransactWriteItemTypeDef,
    )

    Row = dict[str, AttributeValueTypeDef]

CHARGED, REFUNDED = "charged", "refunded"
_PAYMENT = "PAYMENT"


@dataclass(frozen=True)
class Payment:
    """The state of an order's payment. A refunded one may never have been charged."""

    state: str
    customer: str
    amount_cents: int


def connect(table_name: str) -> PaymentStore:
    """A store with a client of its own; making that costs some 300 ms, so keep it."""
    import boto3  # noqa: PLC0415 - 200 ms that importing this module must not cost

    return PaymentStore(boto3.client("dynamodb"), table_name)


class PaymentStore:
    def __init__(self, client: DynamoDBClient, table_name: str) -> None:
        self._client, self._table = client, table_name

    def payment(self, order_id: str) -> Payment | None:
        row = self._client.get_item(
            TableName=self._table, Key=_key(order_id, _PAYMENT), ConsistentRead=True
        ).get("Item")
        return None if row is None else _payment(row)

    def charge(self, order_id: str, customer: str, amount_cents: int) -> None:
        """Raises `Rejected` if the order was refunded before."""
        row: Row = {
            "state": {"S": CHARGED},
            "customer": {"S": customer},
            "amountCents": {"N": str(amount_cents)},
        }
        entry = self._entry(order_id, "charge", customer, amount_cents)
        if transaction.write(self._client, [self._first(order_id, row), entry]) is None:
            return
        found = self.payment(order_id)
        if found is not None and found.state == REFUNDED:
            raise Rejected("the order was given up before")

    def refund(self, order_id: str) -> None:
        """Gives the charge back, and keeps the order from ever being charged again."""
        for _ in range(transaction.ATTEMPTS):
            found = self.payment(order_id)
            if found is not None and found.state == REFUNDED:
                return
            if found is None:
                changes = [self._first(order_id, {})]
            else:
                back = self._entry(order_id, "refund", found.customer, -found.amount_cents)
                changes = [self._refunded(order_id), back]
            if transaction.write(self._client, changes) is None:
                return
        raise transaction.Contended(f"order {order_id} kept changing while it was refunded")

    def _first(self, order_id: str, row: Row) -> TransactWriteItemTypeDef:
        """The order's first row. Without fields in `row` it is a tombstone."""
        item: Row = {"state": {"S": REFUNDED}, **row, **_key(order_id, _PAYMENT)}
        return {"Put": self._once(item)}

    def _entry(
        self, order_id: str, step: str, customer: str, amount_cents: int
    ) -> TransactWriteItemTypeDef:
        item: Row = {
            **_key(order_id, f"LEDGER#{step}"),
            "customer": {"S": customer},
            "amountCents": {"N": str(amount_cents)},
        }
        return {"Put": self._once(item)}

    def _once(self, item: Row) -> PutTypeDef:
        return {
            "TableName": self._table,
            "Item": item,
            "ConditionExpression": "attribute_not_exists(#PK)",
            "ExpressionAttributeNames": {"#PK": "PK"},
        }

    def _refunded(self, order_id: str) -> TransactWriteItemTypeDef:
        return {
            "Update": {
                "TableName": self._table,
                "Key": _key(order_id, _PAYMENT),
                "UpdateExpression": "SET #state = :refunded",
                "ConditionExpression": "#state = :charged",
                "ExpressionAttributeNames": {"#state": "state"},
                "ExpressionAttributeValues": {
                    ":charged": {"S": CHARGED},
                    ":refunded": {"S": REFUNDED},
                },
            }
        }


def _payment(row: Mapping[str, Any]) -> Payment:
    if "customer" not in row:
        return Payment(row["state"]["S"], customer="", amount_cents=0)
    return Payment(row["state"]["S"], row["customer"]["S"], int(row["amountCents"]["N"]))


def _key(order_id: str, entry: str) -> Row:
    return {"PK": {"S": f"ORDER#{order_id}"}, "SK": {"S": entry}}
