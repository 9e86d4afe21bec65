"""Connections, subscriptions and the rate's tokens in DynamoDB.

The states of `latest` channels and the log of `every` channels lie in the same table, each with a
module of its own.
"""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from . import table
from .model import Connection, Page, Subscription, TooManySubscriptions, UnknownConnection

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient
    from types_boto3_dynamodb.type_defs import QueryInputTypeDef

TOKEN_SECONDS = 3600
"""The count of a second is kept so long; only during that second is it of use."""

_LAST = "\U0010ffff"
"""Above every connection id."""


class DynamoStore:
    """`Store` and `Tokens` of `ports`. The client blocks, so each call runs in a thread."""

    def __init__(self, client: "DynamoDBClient", table_name: str) -> None:
        self._client = client
        self._table = table_name

    async def put_connection(self, connection: Connection) -> None:
        item = table.connection_item(connection)
        await asyncio.to_thread(self._client.put_item, TableName=self._table, Item=item)

    async def remove_connection(self, connection_id: str) -> Connection | None:
        answer = await asyncio.to_thread(
            self._client.delete_item,
            TableName=self._table,
            Key=table.connection_key(connection_id),
            ReturnValues="ALL_OLD",
        )
        item = answer.get("Attributes")
        return table.connection(item) if item else None

    async def add_channel(self, connection_id: str, channel: str, maximum: int) -> Connection:
        written, item = await self._update(
            {
                "Key": table.connection_key(connection_id),
                "UpdateExpression": "ADD #channels :channels",
                "ConditionExpression": "attribute_exists(#pk) AND (attribute_not_exists(#channels)"
                " OR size(#channels) < :maximum OR contains(#channels, :channel))",
                "ExpressionAttributeNames": {"#pk": "PK", "#channels": "channels"},
                "ExpressionAttributeValues": {
                    ":channels": {"SS": [channel]},
                    ":channel": {"S": channel},
                    ":maximum": table.number(maximum),
                },
                "ReturnValues": "ALL_NEW",
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        )
        if written:
            return table.connection(item)
        if item:
            raise TooManySubscriptions(
                f"the connection {connection_id} watches {maximum} channels, as many as it may"
            )
        raise UnknownConnection(f"there is no connection {connection_id}")

    async def remove_channel(self, connection_id: str, channel: str) -> None:
        # Without the condition this would revive a connection that has ended.
        await self._update(
            {
                "Key": table.connection_key(connection_id),
                "UpdateExpression": "DELETE #channels :channels",
                "ConditionExpression": "attribute_exists(#pk)",
                "ExpressionAttributeNames": {"#pk": "PK", "#channels": "channels"},
                "ExpressionAttributeValues": {":channels": {"SS": [channel]}},
            }
        )

    async def put_subscription(self, channel: str, subscription: Subscription) -> None:
        item = table.subscription_item(channel, subscription)
        await asyncio.to_thread(self._client.put_item, TableName=self._table, Item=item)

    async def delete_subscription(self, channel: str, connection_id: str) -> None:
        key = table.subscription_key(channel, connection_id)
        await asyncio.to_thread(self._client.delete_item, TableName=self._table, Key=key)

    async def delete_subscriptions(
        self, connection_id: str, channels: Sequence[str]
    ) -> Sequence[str]:
        keys = [table.subscription_key(channel, connection_id) for channel in channels]
        answer = await asyncio.to_thread(
            self._client.batch_write_item,
            RequestItems={self._table: [{"DeleteRequest": {"Key": key}} for key in keys]},
        )
        left = answer.get("UnprocessedItems", {}).get(self._table, [])
        return [
            table.channel_of(request["DeleteRequest"]["Key"])
            for request in left
            if "DeleteRequest" in request
        ]

    async def subscriptions(
        self,
        channel: str,
        after: str | None = None,
        until: str | None = None,
        limit: int | None = None,
    ) -> Page:
        request: QueryInputTypeDef = {
            "TableName": self._table,
            "KeyConditionExpression": "#pk = :channel AND #sk BETWEEN :first AND :last",
            "ExpressionAttributeNames": {"#pk": "PK", "#sk": "SK"},
            "ExpressionAttributeValues": {
                ":channel": table.partition(channel),
                ":first": {"S": "CONN#"},
                ":last": {"S": f"CONN#{_LAST if until is None else until}"},
            },
            "ConsistentRead": True,
        }
        if after is not None:
            request["ExclusiveStartKey"] = table.subscription_key(channel, after)
        if limit is not None:
            request["Limit"] = limit
        answer = await asyncio.to_thread(self._client.query, **request)
        last = answer.get("LastEvaluatedKey")
        return Page(
            [table.subscription(item) for item in answer["Items"]],
            table.connection_of(last) if last else None,
        )

    async def subscription(self, channel: str, connection_id: str) -> Subscription | None:
        key = table.subscription_key(channel, connection_id)
        item = await table.read(self._client, self._table, key)
        return table.subscription(item) if item else None

    async def take_tokens(self, second: int, tokens: int, maximum: int) -> bool:
        written, _ = await self._update(
            {
                "Key": table.rate_key(second),
                "UpdateExpression": "ADD #used :tokens SET #ttl = :ttl",
                "ConditionExpression": "attribute_not_exists(#used) OR #used <= :most",
                "ExpressionAttributeNames": {"#used": "used", "#ttl": "ttl"},
                "ExpressionAttributeValues": {
                    ":tokens": table.number(tokens),
                    ":most": table.number(maximum - tokens),
                    ":ttl": table.number(second + TOKEN_SECONDS),
                },
            }
        )
        return written

    async def _update(self, request: dict[str, Any]) -> tuple[bool, table.Item]:
        return await table.update(self._client, self._table, request)
