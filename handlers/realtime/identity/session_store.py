"""The sessions of `sessions` in DynamoDB: partitions `PRINCIPAL#` and `EXPIRY#` of the table."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .. import table
from ..model import Connection
from .principal import MAXIMUM_AGE_SECONDS
from .sessions import Session, SessionPage, part_of

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient
    from types_boto3_dynamodb.type_defs import QueryInputTypeDef

REVOKED_SECONDS = MAXIMUM_AGE_SECONDS + 86_400
"""By then a token from before the revocation is too old to be taken."""

_SWEPT: table.Key = {"PK": {"S": "EXPIRY#SWEPT"}, "SK": {"S": "SWEPT"}}


class DynamoSessionStore:
    """`SessionStore` of `sessions`. The client blocks, so each call runs in a thread."""

    def __init__(self, client: "DynamoDBClient", table_name: str) -> None:
        self._client = client
        self._table = table_name

    async def put_session(self, connection: Connection) -> None:
        if connection.issued_at is None:
            raise ValueError("a session needs a token; an anonymous connection has none")
        await self._put(
            {
                **_session_key(connection.principal, connection.connection_id),
                "connectedAt": table.number(connection.connected_at),
                "issuedAt": table.number(connection.issued_at),
                "ttl": table.number(connection.expires_at + table.GRACE_SECONDS),
            }
        )

    async def sessions(self, principal: str, after: str | None = None) -> SessionPage:
        request: QueryInputTypeDef = {
            "TableName": self._table,
            "KeyConditionExpression": "#pk = :principal AND begins_with(#sk, :connections)",
            "ExpressionAttributeNames": {"#pk": "PK", "#sk": "SK"},
            "ExpressionAttributeValues": {
                ":principal": _principal(principal),
                ":connections": {"S": "CONN#"},
            },
            "ConsistentRead": True,
        }
        if after is not None:
            request["ExclusiveStartKey"] = _session_key(principal, after)
        answer = await asyncio.to_thread(self._client.query, **request)
        last = answer.get("LastEvaluatedKey")
        return SessionPage(
            [_session(item) for item in answer["Items"]],
            table.connection_of(last) if last else None,
        )

    async def delete_session(self, principal: str, connection_id: str) -> None:
        await self._delete(_session_key(principal, connection_id))

    async def put_revocation(self, principal: str, at: int) -> None:
        try:
            await asyncio.to_thread(
                self._client.put_item,
                TableName=self._table,
                Item={
                    **_revocation_key(principal),
                    "revokedAt": table.number(at),
                    "ttl": table.number(at + REVOKED_SECONDS),
                },
                ConditionExpression="attribute_not_exists(#at) OR #at < :at",
                ExpressionAttributeNames={"#at": "revokedAt"},
                ExpressionAttributeValues={":at": table.number(at)},
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return  # a later one is there and refuses the same tokens

    async def revoked_at(self, principal: str) -> int | None:
        item = await self._read(_revocation_key(principal))
        return int(item["revokedAt"]["N"]) if item else None

    async def put_expiry(self, connection_id: str, due: int) -> None:
        times = {"due": table.number(due), "ttl": table.number(due + table.GRACE_SECONDS * 4)}
        await self._put({**_expiry_key(connection_id, due), **times})

    async def expiries(self, minute: int, part: int) -> Sequence[tuple[str, int]]:
        answer = await asyncio.to_thread(
            self._client.query,
            TableName=self._table,
            KeyConditionExpression="#pk = :minute",
            ExpressionAttributeNames={"#pk": "PK"},
            ExpressionAttributeValues={":minute": _minute(minute, part)},
            ConsistentRead=True,
        )
        return [
            (str(item["SK"].get("S")), int(item["due"].get("N", 0))) for item in answer["Items"]
        ]

    async def delete_expiry(self, connection_id: str, due: int) -> None:
        await self._delete(_expiry_key(connection_id, due))

    async def read_connection(self, connection_id: str) -> Connection | None:
        item = await self._read(table.connection_key(connection_id))
        return table.connection(item) if item else None

    async def swept_until(self) -> int | None:
        item = await self._read(_SWEPT)
        return int(item["minute"]["N"]) if item else None

    async def put_swept(self, minute: int) -> None:
        await self._put({**_SWEPT, "minute": table.number(minute)})

    async def _put(self, item: dict[str, Any]) -> None:
        await asyncio.to_thread(self._client.put_item, TableName=self._table, Item=item)

    async def _delete(self, key: table.Key) -> None:
        await asyncio.to_thread(self._client.delete_item, TableName=self._table, Key=key)

    async def _read(self, key: table.Key) -> table.Item | None:
        answer = await asyncio.to_thread(
            self._client.get_item, TableName=self._table, Key=key, ConsistentRead=True
        )
        return answer.get("Item")


def _principal(principal: str) -> dict[str, str]:
    return {"S": f"PRINCIPAL#{principal}"}


def _session_key(principal: str, connection_id: str) -> table.Key:
    return {"PK": _principal(principal), "SK": {"S": f"CONN#{connection_id}"}}


def _revocation_key(principal: str) -> table.Key:
    return {"PK": _principal(principal), "SK": {"S": "REVOKED"}}


def _minute(minute: int, part: int) -> dict[str, str]:
    return {"S": f"EXPIRY#{minute}#{part}"}


def _expiry_key(connection_id: str, due: int) -> table.Key:
    return {"PK": _minute(due // 60, part_of(connection_id)), "SK": {"S": connection_id}}


def _session(item: table.Item) -> Session:
    return Session(
        connection_id=table.connection_of(item),
        connected_at=int(item["connectedAt"]["N"]),
        issued_at=int(item["issuedAt"]["N"]),
    )
