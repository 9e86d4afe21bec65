"""The `ClickStore` of `counting` in DynamoDB and SQS.

The methods are `async` because the port is. They block, and may: an aggregator makes one call at a
time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from datetime import date
from typing import TYPE_CHECKING, Any

from ..shortener import click as click_body
from ..shortener import table
from ..shortener.click import Click, time_of
from ..shortener.link import Counters
from ..shortener.store import BUSY
from .counting import Busy, Counted, Rejected, Written

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient
    from types_boto3_dynamodb.type_defs import (
        AttributeValueTypeDef,
        TransactWriteItemTypeDef,
        UpdateTypeDef,
    )
    from types_boto3_sqs.client import SQSClient

REMEMBERED_DAYS = 30
"""How long after a click the table still holds its id."""
_BUSY = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottlingException",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)
_CONDITION = frozenset({"None", "ConditionalCheckFailed"})
_NAME = re.compile(r"#(\w+)")


class DynamoClickStore:
    def __init__(
        self, dynamodb: DynamoDBClient, sqs: SQSClient, *, links_table: str, too_late_queue_url: str
    ) -> None:
        self._dynamodb = dynamodb
        self._sqs = sqs
        self._table = links_table
        self._too_late_queue_url = too_late_queue_url

    async def count(self, code: str, day: date, ids: Set[str]) -> Counted | Rejected | Busy:
        update = self._counting(
            code,
            ids,
            "ADD #clicks :count, #dayClicks :count, #ids :ids",
            " AND #day = :day",
            {":day": {"S": day.isoformat()}},
        )
        try:
            response = self._dynamodb.update_item(**update, ReturnValues="ALL_NEW")
        except self._dynamodb.exceptions.ConditionalCheckFailedException as error:
            rejected: Mapping[str, Any] = {**error.response}
            found = rejected.get("Item")
            return Rejected(table.counters_of(found) if found else None)
        except self._dynamodb.exceptions.ClientError as error:
            if error.response.get("Error", {}).get("Code") in _BUSY:
                return Busy()
            raise
        return Counted(table.counters_of(response["Attributes"]))

    async def begin_day(self, code: str, day: date, ids: Set[str], ended: Counters) -> Written:
        count = self._counting(
            code,
            ids,
            "SET #day = :day, #dayClicks = :count ADD #clicks :count, #ids :ids",
            " AND #day = :ended AND #dayClicks = :endedClicks",
            {
                ":day": {"S": day.isoformat()},
                ":ended": {"S": ended.day.isoformat()},
                ":endedClicks": _number(ended.day_clicks),
            },
        )
        moved = [self._day(code, ended.day, ended.day_clicks)] if ended.day_clicks else []
        return self._transact({"Update": count}, *moved)

    async def count_for_past_day(self, code: str, day: date, ids: Set[str]) -> Written:
        count = self._counting(
            code,
            ids,
            "ADD #clicks :count, #ids :ids",
        )
        return self._transact({"Update": count}, self._day(code, day, len(ids)))

    async def covering(self, code: str, id_: str) -> str | None:
        found = self._dynamodb.query(
            TableName=self._table,
            KeyConditionExpression="#PK = :partition AND #SK BETWEEN :id AND :end",
            ExpressionAttributeNames={"#PK": "PK", "#SK": "SK"},
            ExpressionAttributeValues={
                ":partition": {"S": table.partition(code)},
                ":id": {"S": table.evicted_sort_key(id_)},
                ":end": {"S": table.after_all_evicted()},
            },
            ConsistentRead=True,
            Limit=1,
        )["Items"]
        return table.last_of(found[0]) if found else None

    async def count_late(self, code: str, day: date, id_: str, row: str) -> Written:
        remember: UpdateTypeDef = {
            "TableName": self._table,
            "Key": table.evicted_key(code, row),
            "UpdateExpression": "ADD #ids :ids",
            # TTL may have deleted the row since it was found.
            "ConditionExpression": "attribute_exists(#ids) AND NOT contains(#ids, :id)",
            "ExpressionAttributeNames": {"#ids": "ids"},
            "ExpressionAttributeValues": {":ids": _set({id_}), ":id": {"B": bytes.fromhex(id_)}},
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        count: UpdateTypeDef = {
            "TableName": self._table,
            "Key": table.counters_key(code),
            "UpdateExpression": "ADD #clicks :one",
            "ConditionExpression": "#live = :true",
            "ExpressionAttributeNames": {"#clicks": "clicks", "#live": "live"},
            "ExpressionAttributeValues": {":one": _number(1), ":true": {"BOOL": True}},
        }
        return self._transact({"Update": remember}, {"Update": count}, self._day(code, day, 1))

    async def evict(self, code: str, ids: Set[str], before: Counters) -> Written:
        last = max(ids)
        row: dict[str, AttributeValueTypeDef] = {
            **table.evicted_key(code, last),
            "ids": _set(ids),
            "ttl": _number(time_of(last) // 1000 + REMEMBERED_DAYS * 86_400),
        }
        lift: UpdateTypeDef = {
            "TableName": self._table,
            "Key": table.counters_key(code),
            "UpdateExpression": "SET #floor = :last DELETE #ids :ids",
            "ConditionExpression": "#floor = :floor AND size(#ids) = :size",
            "ExpressionAttributeNames": {"#floor": "floor", "#ids": "ids"},
            "ExpressionAttributeValues": {
                ":last": {"S": last},
                ":ids": row["ids"],
                ":floor": {"S": before.floor},
                ":size": _number(len(before.ids)),
            },
        }
        put: TransactWriteItemTypeDef = {"Put": {"TableName": self._table, "Item": row}}
        return self._transact({"Update": lift}, put)

    async def read(self, code: str) -> Counters | None:
        response = self._dynamodb.get_item(
            TableName=self._table, Key=table.counters_key(code), ConsistentRead=True
        )
        return table.counters_of(response["Item"]) if "Item" in response else None

    async def keep_too_late(self, click: Click) -> None:
        self._sqs.send_message(
            QueueUrl=self._too_late_queue_url, MessageBody=click_body.to_body(click)
        )

    def _counting(
        self,
        code: str,
        ids: Set[str],
        update: str,
        condition: str = "",
        values: Mapping[str, AttributeValueTypeDef] | None = None,
    ) -> UpdateTypeDef:
        """An update of COUNT that counts ids of a live link which are above the floor and new."""
        singly: dict[str, AttributeValueTypeDef] = {
            f":id{number}": {"B": bytes.fromhex(id_)} for number, id_ in enumerate(sorted(ids))
        }
        new = " AND ".join(f"NOT contains(#ids, {placeholder})" for placeholder in singly)
        condition = f"#live = :true AND #floor < :smallest AND {new}{condition}"
        return {
            "TableName": self._table,
            "Key": table.counters_key(code),
            "UpdateExpression": update,
            "ConditionExpression": condition,
            "ExpressionAttributeNames": {
                f"#{name}": name for name in _NAME.findall(f"{update} {condition}")
            },
            "ExpressionAttributeValues": {
                **(values or {}),
                **singly,
                ":true": {"BOOL": True},
                ":count": _number(len(ids)),
                ":ids": _set(ids),
                ":smallest": {"S": min(ids)},
            },
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }

    def _day(self, code: str, day: date, clicks: int) -> TransactWriteItemTypeDef:
        return {
            "Update": {
                "TableName": self._table,
                "Key": table.day_key(code, day),
                "UpdateExpression": "ADD #clicks :count",
                "ExpressionAttributeNames": {"#clicks": "clicks"},
                "ExpressionAttributeValues": {":count": _number(clicks)},
            }
        }

    def _transact(self, *items: TransactWriteItemTypeDef) -> Written:
        """DUPLICATE where the first item's condition failed on a row of evicted ids."""
        exceptions = self._dynamodb.exceptions
        try:
            # boto3 makes a token for this call, so that its own repetitions are harmless.
            self._dynamodb.transact_write_items(TransactItems=items)
        except exceptions.TransactionCanceledException as error:
            response: Mapping[str, Any] = {**error.response}
            reasons = response["CancellationReasons"]
            if not {reason["Code"] for reason in reasons} <= BUSY | _CONDITION:
                raise
            evicted = "ttl" in reasons[0].get("Item", {})
            return Written.DUPLICATE if evicted else Written.REJECTED
        except exceptions.ClientError as error:
            if error.response.get("Error", {}).get("Code") in _BUSY:
                return Written.REJECTED
            raise
        return Written.DONE


def _set(ids: Set[str]) -> AttributeValueTypeDef:
    # 16 bytes each, of 32 as text: a kilobyte, a write unit, holds the counters and some 45 ids.
    return {"BS": [bytes.fromhex(id_) for id_ in sorted(ids)]}


def _number(number: int) -> AttributeValueTypeDef:
    return {"N": str(number)}
