"""The log of `every` channels in DynamoDB: the partition `LOG#<channel>` of the realtime table.

One partition, and every message a transaction on its `SEQ`: a channel takes some tens of messages a
second, and more writers at a time make conflicts, not speed.
"""

import asyncio
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .. import protocol, table
from ..model import LogMessage, Position, Update
from ..ports import Appended, Duplicate, LogPage, Moved

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient
    from types_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

ID_SECONDS = 30 * 86_400
"""How long an id is known, counted from when the thing happened."""
SEQUENCE_SECONDS = 90 * 86_400
"""How long after its last message has expired a channel's numbering starts anew."""

_SEQUENCE = {"S": "SEQ"}
_DIGITS = 16
"""As many as the largest number that a browser keeps whole, so that keys sort as numbers do."""
_BUSY = frozenset(
    {
        # Reasons for which a transaction is cancelled,
        "TransactionConflict",
        "ThrottlingError",
        "ProvisionedThroughputExceeded",
        # and errors in place of a cancellation.
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottlingException",
        "TransactionInProgressException",
    }
)


class DynamoLog:
    """The client blocks, so each call runs in a thread."""

    def __init__(self, client: "DynamoDBClient", table_name: str) -> None:
        self._client = client
        self._table = table_name

    async def read_end(self, channel: str) -> Position | None:
        item = await self._read(channel, _SEQUENCE)
        return _position(item) if item else None

    async def append(
        self, end: Position, update: Update, expires_at: int
    ) -> Appended | Duplicate | Moved:
        exceptions = self._client.exceptions
        try:
            # boto3 makes a token for this call, so that its own repetitions are harmless.
            await asyncio.to_thread(
                self._client.transact_write_items,
                TransactItems=[
                    self._advance(end, update.channel, expires_at),
                    self._put_message(end.version + 1, update, expires_at),
                    self._put_id(end, update),
                ],
            )
        except exceptions.TransactionCanceledException as error:
            response: Mapping[str, Any] = {**error.response}
            outcome = _outcome(response["CancellationReasons"])
            if outcome is None:
                raise
            return outcome
        except exceptions.ClientError as error:
            if error.response.get("Error", {}).get("Code") in _BUSY:
                return Moved()
            raise
        return Appended(Position(end.epoch, end.version + 1))

    async def read_message(self, channel: str, number: int) -> LogMessage | None:
        item = await self._read(channel, _message_key(number))
        return _message(item) if item else None

    async def read_messages(self, channel: str, after: int, until: int) -> LogPage:
        if after >= until:  # DynamoDB refuses a range that ends before it begins
            return LogPage((), None)
        answer = await asyncio.to_thread(
            self._client.query,
            TableName=self._table,
            KeyConditionExpression="#pk = :log AND #sk BETWEEN :first AND :last",
            ExpressionAttributeNames={"#pk": "PK", "#sk": "SK"},
            ExpressionAttributeValues={
                ":log": _partition(channel),
                ":first": _message_key(after + 1),
                ":last": _message_key(until),
            },
            ConsistentRead=True,
        )
        last = answer.get("LastEvaluatedKey")
        return LogPage(
            tuple(_message(item) for item in answer["Items"]),
            int(str(last["SK"].get("S")).removeprefix("MSG#")) if last else None,
        )

    async def _read(self, channel: str, sort_key: dict[str, str]) -> table.Item | None:
        key = {"PK": _partition(channel), "SK": sort_key}
        return await table.read(self._client, self._table, key)

    def _advance(self, end: Position, channel: str, expires_at: int) -> "TransactWriteItemTypeDef":
        unchanged = "#epoch = :epoch AND #number = :number"
        values = {":epoch": table.number(end.epoch), ":number": table.number(end.version)}
        if end.version == 0:
            unchanged = "attribute_not_exists(#number)"
            del values[":number"]
        return {
            "Update": {
                "TableName": self._table,
                "Key": {"PK": _partition(channel), "SK": _SEQUENCE},
                "UpdateExpression": "SET #epoch = :epoch, #number = :next, #ttl = :ttl",
                "ConditionExpression": unchanged,
                "ExpressionAttributeNames": {
                    "#epoch": "epoch",
                    "#number": "number",
                    "#ttl": "ttl",
                },
                "ExpressionAttributeValues": {
                    **values,
                    ":next": table.number(end.version + 1),
                    ":ttl": table.number(expires_at + SEQUENCE_SECONDS),
                },
            }
        }

    def _put_message(
        self, number: int, update: Update, expires_at: int
    ) -> "TransactWriteItemTypeDef":
        return {
            "Put": {
                "TableName": self._table,
                "Item": {
                    "PK": _partition(update.channel),
                    "SK": _message_key(number),
                    "id": {"S": update.id},
                    "value": {"S": protocol.encoded(update.value).decode()},
                    "at": table.number(update.at),
                    "expiresAt": table.number(expires_at),
                    "ttl": table.number(expires_at),
                },
            }
        }

    def _put_id(self, end: Position, update: Update) -> "TransactWriteItemTypeDef":
        return {
            "Put": {
                "TableName": self._table,
                "Item": {
                    "PK": _partition(update.channel),
                    "SK": {"S": f"ID#{update.id}"},
                    "epoch": table.number(end.epoch),
                    "number": table.number(end.version + 1),
                    "ttl": table.number(update.at // 1000 + ID_SECONDS),
                },
                "ConditionExpression": "attribute_not_exists(#pk)",
                "ExpressionAttributeNames": {"#pk": "PK"},
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        }


def _outcome(reasons: list[Mapping[str, Any]]) -> Duplicate | Moved | None:
    """The meaning of a cancellation; None if no other attempt would end better.

    There is a reason for each item in their order: sequence, message, id.
    """
    sequence, _, id_row = reasons
    if id_row["Code"] == "ConditionalCheckFailed":
        return Duplicate(_position(id_row["Item"]))
    if sequence["Code"] == "ConditionalCheckFailed":
        return Moved()
    return Moved() if any(reason["Code"] in _BUSY for reason in reasons) else None


def _partition(channel: str) -> dict[str, str]:
    return {"S": f"LOG#{channel}"}


def _message_key(number: int) -> dict[str, str]:
    return {"S": f"MSG#{number:0{_DIGITS}}"}


def _position(item: table.Item) -> Position:
    return Position(int(item["epoch"]["N"]), int(item["number"]["N"]))


def _message(item: table.Item) -> LogMessage:
    return LogMessage(
        number=int(str(item["SK"]["S"]).removeprefix("MSG#")),
        id=item["id"]["S"],
        value=json.loads(item["value"]["S"]),
        at=int(item["at"]["N"]),
        expires_at=int(item["expiresAt"]["N"]),
    )
