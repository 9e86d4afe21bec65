"""The rows of the realtime table: keys, attributes, and the two calls on one row.

A number of DynamoDB's is text, and a set is never empty: it is absent. The client blocks, so each
call runs in a thread.
"""

import asyncio
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, cast

from .model import Connection, State, Subscription

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient

Item = Mapping[str, Mapping[str, Any]]
Key = dict[str, Any]

GRACE_SECONDS = 3600
"""Rows outlive their connection, so that the function that ends it finds the rows to delete."""


def connection_key(connection_id: str) -> Key:
    return {"PK": {"S": f"CONN#{connection_id}"}, "SK": {"S": "META"}}


def subscription_key(channel: str, connection_id: str) -> Key:
    return {"PK": partition(channel), "SK": {"S": f"CONN#{connection_id}"}}


def state_key(channel: str) -> Key:
    return {"PK": {"S": f"STATE#{channel}"}, "SK": {"S": "STATE"}}


def rate_key(second: int) -> Key:
    return {"PK": {"S": f"RATE#{second}"}, "SK": {"S": "RATE"}}


def partition(channel: str) -> dict[str, str]:
    return {"S": f"CHANNEL#{channel}"}


def channel_of(key: Mapping[str, Any]) -> str:
    return str(key["PK"]["S"]).removeprefix("CHANNEL#")


def connection_of(key: Mapping[str, Any]) -> str:
    return str(key["SK"]["S"]).removeprefix("CONN#")


def number(value: int) -> dict[str, str]:
    return {"N": str(value)}


def connection_item(connection: Connection) -> dict[str, Any]:
    item: dict[str, Any] = {
        **connection_key(connection.connection_id),
        "principal": {"S": connection.principal},
        "connectedAt": number(connection.connected_at),
        "expiresAt": number(connection.expires_at),
        "ttl": number(connection.expires_at + GRACE_SECONDS),
    }
    if connection.channels:
        item["channels"] = {"SS": sorted(connection.channels)}
    if connection.issued_at is not None:
        item["issuedAt"] = number(connection.issued_at)
        item["claims"] = {"S": json.dumps(connection.claims)}
    if connection.bound_to is not None:
        item["boundTo"] = {"SS": sorted(connection.bound_to)}
    return item


def connection(item: Item) -> Connection:
    return Connection(
        connection_id=str(item["PK"]["S"]).removeprefix("CONN#"),
        principal=item["principal"]["S"],
        connected_at=int(item["connectedAt"]["N"]),
        expires_at=int(item["expiresAt"]["N"]),
        channels=frozenset(item["channels"]["SS"]) if "channels" in item else frozenset(),
        claims=json.loads(item["claims"]["S"]) if "claims" in item else {},
        bound_to=frozenset(item["boundTo"]["SS"]) if "boundTo" in item else None,
        issued_at=int(item["issuedAt"]["N"]) if "issuedAt" in item else None,
    )


def subscription_item(channel: str, subscription: Subscription) -> dict[str, Any]:
    return {
        **subscription_key(channel, subscription.connection_id),
        "api": {"S": subscription.api_id},
        "via": {"S": subscription.via},
        "connectedAt": number(subscription.connected_at),
        "expiresAt": number(subscription.expires_at),
        "ttl": number(subscription.expires_at + GRACE_SECONDS),
    }


def subscription(item: Item) -> Subscription:
    return Subscription(
        connection_id=connection_of(item),
        api_id=item["api"]["S"],
        via=cast("Literal['connect', 'subscribe']", item["via"]["S"]),
        connected_at=int(item["connectedAt"]["N"]),
        expires_at=int(item["expiresAt"]["N"]),
    )


def state(channel: str, item: Item) -> State:
    return State(
        channel=channel,
        epoch=int(item["epoch"]["N"]),
        version=int(item["version"]["N"]),
        value=json.loads(item["value"]["S"]),
        at=int(item["at"]["N"]),
        interval_ms=interval_of(item),
    )


def interval_of(item: Item) -> int | None:
    return int(item["intervalMs"]["N"]) if "intervalMs" in item else None


async def read(client: "DynamoDBClient", table_name: str, key: Key) -> Item | None:
    """Consistently."""
    answer = await asyncio.to_thread(
        client.get_item, TableName=table_name, Key=key, ConsistentRead=True
    )
    return answer.get("Item")


async def update(
    client: "DynamoDBClient", table_name: str, request: dict[str, Any]
) -> tuple[bool, Item]:
    """Whether the condition was true, and the item that the request asks for."""
    try:
        answer = await asyncio.to_thread(client.update_item, TableName=table_name, **request)
    except client.exceptions.ConditionalCheckFailedException as error:
        return False, error.response.get("Item", {})
    return True, answer.get("Attributes", {})
