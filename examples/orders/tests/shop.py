"""The shop's tables as its program declares them, filled and read the way a test asks."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from examples.orders.tests.table_server import empty_tables

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient

ORDERS, STOCK, PAYMENTS = "orders", "stock", "payments"
KEYS = {ORDERS: ["PK"], STOCK: ["PK"], PAYMENTS: ["PK", "SK"]}


@dataclass(frozen=True)
class Shelf:
    """The counters of one item."""

    available: int
    reserved: int
    on_hand: int


@dataclass(frozen=True)
class Shop:
    client: DynamoDBClient

    def create(self) -> None:
        for table, keys in KEYS.items():
            self.client.create_table(
                TableName=table,
                KeySchema=[
                    {"AttributeName": key, "KeyType": kind}
                    for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)
                ],
                AttributeDefinitions=[{"AttributeName": k, "AttributeType": "S"} for k in keys],
                BillingMode="PAY_PER_REQUEST",
            )

    def put_item(
        self, item: str, available: int, *, on_hand: int | None = None, price_cents: int = 100
    ) -> None:
        on_hand = available if on_hand is None else on_hand
        self.client.put_item(TableName=STOCK, Item=stock_row(item, available, on_hand, price_cents))

    def shelf(self, item: str) -> Shelf:
        key = {"PK": {"S": f"ITEM#{item}"}}
        row: Mapping[str, Any] = {**self.client.get_item(TableName=STOCK, Key=key)}
        counters = (int(row["Item"][name]["N"]) for name in ("available", "reserved", "onHand"))
        return Shelf(*counters)

    def rows(self, table: str) -> list[Mapping[str, Any]]:
        page = self.client.scan(TableName=table)
        assert "LastEvaluatedKey" not in page, "there is more than a test can want"
        return [*page["Items"]]

    def ledger(self) -> dict[str, int]:
        """Each order's payments, by order."""
        paid: dict[str, int] = {}
        for row in self.rows(PAYMENTS):
            if row["SK"]["S"].startswith("LEDGER#"):
                order_id: str = row["PK"]["S"].removeprefix("ORDER#")
                paid[order_id] = paid.get(order_id, 0) + int(row["amountCents"]["N"])
        return paid


@contextmanager
def open_shop() -> Generator[Shop]:
    """One with nothing in it; the next one that is opened finds nothing of it."""
    with empty_tables() as client:
        shop = Shop(client)
        shop.create()
        yield shop


def stock_row(item: str, available: int, on_hand: int, price_cents: int) -> dict[str, Any]:
    return {
        "PK": {"S": f"ITEM#{item}"},
        "available": {"N": str(available)},
        "reserved": {"N": "0"},
        "onHand": {"N": str(on_hand)},
        "priceCents": {"N": str(price_cents)},
    }
