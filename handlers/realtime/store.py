"""The realtime table in DynamoDB. The only place that knows its keys and attributes.

Every attribute name is aliased: `value`, `at`, `ttl` and others are reserved words.
"""

import asyncio
import functools
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, cast

from . import wire
from .ports import (
    Connection,
    Page,
    State,
    Subscription,
    TooManySubscriptions,
    UnknownConnection,
    Update,
)

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient
    from types_boto3_dynamodb.type_defs import QueryInputTypeDef

Item = Mapping[str, Mapping[str, Any]]

GRACE_SECONDS = 3600
"""Rows outlive their connection, so that what ends it finds what it must delete."""
STATE_SECONDS = 90 * 24 * 3600

_META = {"S": "META"}
_STATE = {"S": "STATE"}


@functools.cache
def dynamo_store(table_name: str) -> "DynamoStore":
    """One for each table and process; the first call loads boto3."""
    import boto3  # noqa: PLC0415 - half of a cold start, so only where it is needed
    from botocore.config import Config  # noqa: PLC0415 - see above

    config = Config(
        connect_timeout=1,
        read_timeout=2,
        retries={"mode": "standard", "total_max_attempts": 4},
        max_pool_connections=32,
    )
    return DynamoStore(boto3.client("dynamodb", config=config), table_name)


class DynamoStore:
    """Both stores of `ports`. The client blocks, so each call runs in a thread."""

    def __init__(self, client: "DynamoDBClient", table_name: str) -> None:
        self._client = client
        self._table = table_name

    async def put_connection(self, connection: Connection) -> None:
        item: dict[str, Any] = {
            **_connection_key(connection.connection_id),
            "principal": {"S": connection.principal},
            "connectedAt": _number(connection.connected_at),
            "expiresAt": _number(connection.expires_at),
            "ttl": _number(connection.expires_at + GRACE_SECONDS),
        }
        if connection.channels:  # DynamoDB has no empty sets
            item["channels"] = {"SS": sorted(connection.channels)}
        await asyncio.to_thread(self._client.put_item, TableName=self._table, Item=item)

    async def remove_connection(self, connection_id: str) -> Connection | None:
        answer = await asyncio.to_thread(
            self._client.delete_item,
            TableName=self._table,
            Key=_connection_key(connection_id),
            ReturnValues="ALL_OLD",
        )
        item = answer.get("Attributes")
        return _connection(item) if item else None

    async def add_channel(self, connection_id: str, channel: str, maximum: int) -> Connection:
        try:
            answer = await asyncio.to_thread(
                self._client.update_item,
                TableName=self._table,
                Key=_connection_key(connection_id),
                UpdateExpression="ADD #channels :channels",
                ConditionExpression="attribute_exists(#pk) AND (attribute_not_exists(#channels)"
                " OR size(#channels) < :maximum OR contains(#channels, :channel))",
                ExpressionAttributeNames={"#pk": "PK", "#channels": "channels"},
                ExpressionAttributeValues={
                    ":channels": {"SS": [channel]},
                    ":channel": {"S": channel},
                    ":maximum": _number(maximum),
                },
                ReturnValues="ALL_NEW",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            if "Item" in error.response:
                raise TooManySubscriptions(
                    f"the connection {connection_id} watches {maximum} channels, as many as it may"
                ) from error
            raise UnknownConnection(f"there is no connection {connection_id}") from error
        return _connection(answer["Attributes"])

    async def remove_channel(self, connection_id: str, channel: str) -> None:
        try:
            await asyncio.to_thread(
                self._client.update_item,
                TableName=self._table,
                Key=_connection_key(connection_id),
                UpdateExpression="DELETE #channels :channels",
                ConditionExpression="attribute_exists(#pk)",
                ExpressionAttributeNames={"#pk": "PK", "#channels": "channels"},
                ExpressionAttributeValues={":channels": {"SS": [channel]}},
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            # It has ended, and its channels with it; without the condition this would revive it.
            return

    async def put_subscription(self, channel: str, subscription: Subscription) -> None:
        item = {
            **_subscription_key(channel, subscription.connection_id),
            "api": {"S": subscription.api_id},
            "via": {"S": subscription.via},
            "connectedAt": _number(subscription.connected_at),
            "expiresAt": _number(subscription.expires_at),
            "ttl": _number(subscription.expires_at + GRACE_SECONDS),
        }
        await asyncio.to_thread(self._client.put_item, TableName=self._table, Item=item)

    async def delete_subscription(self, channel: str, connection_id: str) -> None:
        key = _subscription_key(channel, connection_id)
        await asyncio.to_thread(self._client.delete_item, TableName=self._table, Key=key)

    async def delete_subscriptions(
        self, connection_id: str, channels: Sequence[str]
    ) -> Sequence[str]:
        keys = [_subscription_key(channel, connection_id) for channel in channels]
        answer = await asyncio.to_thread(
            self._client.batch_write_item,
            RequestItems={self._table: [{"DeleteRequest": {"Key": key}} for key in keys]},
        )
        left = [
            request["DeleteRequest"]["Key"]
            for request in answer.get("UnprocessedItems", {}).get(self._table, [])
            if "DeleteRequest" in request
        ]
        return [str(key["PK"].get("S")).removeprefix("CHANNEL#") for key in left]

    async def subscriptions(self, channel: str, after: str | None) -> Page:
        request: QueryInputTypeDef = {
            "TableName": self._table,
            "KeyConditionExpression": "#pk = :channel AND begins_with(#sk, :rows)",
            "ExpressionAttributeNames": {"#pk": "PK", "#sk": "SK"},
            "ExpressionAttributeValues": {
                ":channel": {"S": f"CHANNEL#{channel}"},
                ":rows": {"S": "CONN#"},
            },
            "ConsistentRead": True,
        }
        if after is not None:
            request["ExclusiveStartKey"] = _subscription_key(channel, after)
        answer = await asyncio.to_thread(self._client.query, **request)
        last = answer.get("LastEvaluatedKey")
        return Page(
            [_subscription(item) for item in answer["Items"]],
            str(last["SK"].get("S")).removeprefix("CONN#") if last else None,
        )

    async def read_state(self, channel: str) -> State | None:
        answer = await asyncio.to_thread(
            self._client.get_item,
            TableName=self._table,
            Key=_state_key(channel),
            ConsistentRead=True,
        )
        item = answer.get("Item")
        return _state(channel, item) if item else None

    async def write_state(self, update: Update) -> State | None:
        # One write decides the epoch too: two publishers without one must not start two.
        if update.epoch is None:
            epoch, condition = "if_not_exists(#epoch, :epoch)", "#version <= :version"
        else:
            epoch = ":epoch"
            condition = "#epoch < :epoch OR (#epoch = :epoch AND #version <= :version)"
        try:
            answer = await asyncio.to_thread(
                self._client.update_item,
                TableName=self._table,
                Key=_state_key(update.channel),
                UpdateExpression=f"SET #epoch = {epoch}, #version = :version, #value = :value,"
                " #at = :at, #ttl = :ttl",
                ConditionExpression=f"attribute_not_exists(#pk) OR {condition}",
                ExpressionAttributeNames={
                    "#pk": "PK",
                    "#epoch": "epoch",
                    "#version": "version",
                    "#value": "value",
                    "#at": "at",
                    "#ttl": "ttl",
                },
                ExpressionAttributeValues={
                    ":epoch": _number(update.at if update.epoch is None else update.epoch),
                    ":version": _number(update.version),
                    ":value": {"S": wire.encoded(update.value).decode()},
                    ":at": _number(update.at),
                    ":ttl": _number(update.at // 1000 + STATE_SECONDS),
                },
                ReturnValues="ALL_NEW",
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return None
        return _state(update.channel, answer["Attributes"])


def _connection_key(connection_id: str) -> dict[str, Any]:
    return {"PK": {"S": f"CONN#{connection_id}"}, "SK": _META}


def _subscription_key(channel: str, connection_id: str) -> dict[str, Any]:
    return {"PK": {"S": f"CHANNEL#{channel}"}, "SK": {"S": f"CONN#{connection_id}"}}


def _state_key(channel: str) -> dict[str, Any]:
    return {"PK": {"S": f"STATE#{channel}"}, "SK": _STATE}


def _number(number: int) -> dict[str, str]:
    return {"N": str(number)}


def _connection(item: Item) -> Connection:
    return Connection(
        connection_id=str(item["PK"]["S"]).removeprefix("CONN#"),
        principal=item["principal"]["S"],
        connected_at=int(item["connectedAt"]["N"]),
        expires_at=int(item["expiresAt"]["N"]),
        channels=frozenset(item["channels"]["SS"]) if "channels" in item else frozenset(),
    )


def _subscription(item: Item) -> Subscription:
    return Subscription(
        connection_id=str(item["SK"]["S"]).removeprefix("CONN#"),
        api_id=item["api"]["S"],
        via=cast("Literal['connect', 'subscribe']", item["via"]["S"]),
        connected_at=int(item["connectedAt"]["N"]),
        expires_at=int(item["expiresAt"]["N"]),
    )


def _state(channel: str, item: Item) -> State:
    return State(
        channel=channel,
        epoch=int(item["epoch"]["N"]),
        version=int(item["version"]["N"]),
        value=json.loads(item["value"]["S"]),
        at=int(item["at"]["N"]),
    )
