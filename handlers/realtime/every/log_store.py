"""The log of `every` channels in DynamoDB: the partition `LOG#<channel>` of the realtime table.

One partition, and every message a transaction on its `SEQ`: a channel takes some tens of messages a
second, and more writers at a time make conflicts, not speed.
"""

import asyncio
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .. import protocol
from .log import REMEMBERED_SECONDS, Appended, Event, Known, LogMessage, LogPage, Moved, Sequence

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient
    from types_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

Item = Mapping[str, Mapping[str, Any]]

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

    async def read_sequence(self, channel: str) -> Sequence | None:
        item = await self._read(channel, _SEQUENCE)
        return _sequence(item) if item else None

    async def append(
        self, sequence: Sequence, event: Event, expires_at: int
    ) -> Appended | Known | Moved:
        exceptions = self._client.exceptions
        try:
            # boto3 makes a token for this call, so that its own repetitions are harmless.
            await asyncio.to_thread(
                self._client.transact_write_items,
                TransactItems=[
                    self._count(sequence, event.channel, expires_at),
                    self._keep(sequence.number + 1, event, expires_at),
                    self._remember(sequence, event),
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
        return Appended(sequence.epoch, sequence.number + 1)

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

    async def _read(self, channel: str, sort_key: dict[str, str]) -> Item | None:
        answer = await asyncio.to_thread(
            self._client.get_item,
            TableName=self._table,
            Key={"PK": _partition(channel), "SK": sort_key},
            ConsistentRead=True,
        )
        return answer.get("Item")

    def _count(
        self, sequence: Sequence, channel: str, expires_at: int
    ) -> "TransactWriteItemTypeDef":
        unchanged = "#epoch = :epoch AND #number = :number"
        values = {":epoch": _number(sequence.epoch), ":number": _number(sequence.number)}
        if sequence.number == 0:
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
                    ":next": _number(sequence.number + 1),
                    ":ttl": _number(expires_at + SEQUENCE_SECONDS),
                },
            }
        }

    def _keep(self, number: int, event: Event, expires_at: int) -> "TransactWriteItemTypeDef":
        return {
            "Put": {
                "TableName": self._table,
                "Item": {
                    "PK": _partition(event.channel),
                    "SK": _message_key(number),
                    "id": {"S": event.id},
                    "value": {"S": protocol.encoded(event.value).decode()},
                    "at": _number(event.at),
                    "expiresAt": _number(expires_at),
                    "ttl": _number(expires_at),
                },
            }
        }

    def _remember(self, sequence: Sequence, event: Event) -> "TransactWriteItemTypeDef":
        return {
            "Put": {
                "TableName": self._table,
                "Item": {
                    "PK": _partition(event.channel),
                    "SK": {"S": f"ID#{event.id}"},
                    "epoch": _number(sequence.epoch),
                    "number": _number(sequence.number + 1),
                    "ttl": _number(event.at // 1000 + REMEMBERED_SECONDS),
                },
                "ConditionExpression": "attribute_not_exists(#pk)",
                "ExpressionAttributeNames": {"#pk": "PK"},
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        }


def _outcome(reasons: list[Mapping[str, Any]]) -> Known | Moved | None:
    """What a cancellation says; None if no other attempt would end better.

    There is a reason for each item in their order: sequence, message, id.
    """
    sequence, _, known = reasons
    if known["Code"] == "ConditionalCheckFailed":
        return Known(int(known["Item"]["epoch"]["N"]), int(known["Item"]["number"]["N"]))
    if sequence["Code"] == "ConditionalCheckFailed":
        return Moved()
    return Moved() if any(reason["Code"] in _BUSY for reason in reasons) else None


def _partition(channel: str) -> dict[str, str]:
    return {"S": f"LOG#{channel}"}


def _message_key(number: int) -> dict[str, str]:
    return {"S": f"MSG#{number:0{_DIGITS}}"}


def _number(number: int) -> dict[str, str]:
    return {"N": str(number)}


def _sequence(item: Item) -> Sequence:
    return Sequence(int(item["epoch"]["N"]), int(item["number"]["N"]))


def _message(item: Item) -> LogMessage:
    return LogMessage(
        number=int(str(item["SK"]["S"]).removeprefix("MSG#")),
        id=item["id"]["S"],
        value=json.loads(item["value"]["S"]),
        at=int(item["at"]["N"]),
        expires_at=int(item["expiresAt"]["N"]),
    )
