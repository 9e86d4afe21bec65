"""The API's calls of AWS: the orders table, and the start of an order's saga."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .order import Order

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef
    from types_boto3_stepfunctions.client import SFNClient


def connect(table_name: str, state_machine_arn: str) -> tuple[OrderStore, Sagas]:
    """Clients of their own; making them costs some 300 ms, so keep them."""
    import boto3  # noqa: PLC0415 - 200 ms that importing this module must not cost
    from botocore.config import Config  # noqa: PLC0415

    config = Config(
        connect_timeout=1, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 3}
    )
    orders = OrderStore(boto3.client("dynamodb", config=config), table_name)
    return orders, Sagas(boto3.client("stepfunctions", config=config), state_machine_arn)


@dataclass(frozen=True)
class OrderStore:
    client: DynamoDBClient
    table_name: str

    def place(self, order: Order) -> Order | None:
        """The order that has the id: this one, or an earlier one, None if its row is no order."""
        try:
            self.client.put_item(
                TableName=self.table_name,
                Item=_row(order),
                ConditionExpression="attribute_not_exists(#PK)",
                ExpressionAttributeNames={"#PK": "PK"},
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self.client.exceptions.ConditionalCheckFailedException as error:
            present: Mapping[str, Any] = {**error.response}
            return _order(present["Item"])
        return order

    def find(self, order_id: str) -> Order | None:
        row = self.client.get_item(
            TableName=self.table_name, Key=_key(order_id), ConsistentRead=True
        ).get("Item")
        return None if row is None else _order(row)


@dataclass(frozen=True)
class Sagas:
    client: SFNClient
    state_machine_arn: str

    def start(self, order: Order) -> None:
        """The execution has the order's id for a name, so that a second start changes nothing."""
        try:
            self.client.start_execution(
                stateMachineArn=self.state_machine_arn,
                name=order.order_id,
                input=json.dumps(order.saga_input()),
            )
        except self.client.exceptions.ExecutionAlreadyExists:
            return  # it has ended, or on the local cloud, is running


def _key(order_id: str) -> dict[str, AttributeValueTypeDef]:
    return {"PK": {"S": order_id}}


def _row(order: Order) -> dict[str, AttributeValueTypeDef]:
    return {
        **_key(order.order_id),
        "customer": {"S": order.customer},
        "item": {"S": order.item},
        "quantity": {"N": str(order.quantity)},
        "amountCents": {"N": str(order.amount_cents)},
        "placedAt": {"N": str(order.placed_at)},
        "status": {"S": order.status},
    }


def _order(row: Mapping[str, Any]) -> Order | None:
    """None for the row of a saga that was started without an order: it has only a decision."""
    if "customer" not in row:
        return None
    return Order(
        order_id=row["PK"]["S"],
        customer=row["customer"]["S"],
        item=row["item"]["S"],
        quantity=int(row["quantity"]["N"]),
        amount_cents=int(row["amountCents"]["N"]),
        placed_at=int(row["placedAt"]["N"]),
        status=row["status"]["S"],
    )
