"""The links in DynamoDB. A method is one call, repeated while DynamoDB says that it is busy.

DynamoDB is busy when a batch leaves keys unprocessed, and when another call is writing a row of a
transaction at that moment, as the aggregator writes COUNT.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .. import aws
from . import table
from .link import Counters, Link
from .table import DayCount, Position

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient
    from types_boto3_dynamodb.type_defs import QueryInputTypeDef, TransactWriteItemTypeDef

BUSY = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})
"""Reasons of a cancelled transaction that another attempt may not meet again."""
_ATTEMPTS = 5


class BusyError(RuntimeError):
    """DynamoDB did not carry out a call in any attempt, because the table or a row was busy."""


class LinkStore:
    def __init__(self, client: DynamoDBClient, table_name: str) -> None:
        self._client = client
        self._table = table_name

    def create(self, link: Link, counters: Counters) -> bool:
        """False if the code is taken, by a live link or by a tombstone. Raises `BusyError`."""
        return self._transact(
            {
                "Put": {
                    "TableName": self._table,
                    "Item": table.link_item(link),
                    "ConditionExpression": "attribute_not_exists(#PK)",
                    "ExpressionAttributeNames": {"#PK": "PK"},
                }
            },
            {"Put": {"TableName": self._table, "Item": table.counters_item(link.code, counters)}},
        )

    def find(self, code: str) -> Link | None:
        """The link or its tombstone, read consistently: a link leads on as soon as it is made."""
        response = self._client.get_item(
            TableName=self._table, Key=table.link_key(code), ConsistentRead=True
        )
        return table.link_of(response["Item"]) if "Item" in response else None

    def with_days(self, code: str) -> tuple[Link, int, Sequence[DayCount]] | None:
        """The link, its clicks and its days: one query, hence at most 1 MB, thirty years."""
        found = self._client.query(
            TableName=self._table,
            KeyConditionExpression="#PK = :partition AND #SK BETWEEN :first AND :last",
            ExpressionAttributeNames={"#PK": "PK", "#SK": "SK"},
            ExpressionAttributeValues={
                ":partition": {"S": table.partition(code)},
                ":first": {"S": table.COUNT},
                ":last": {"S": table.META},
            },
            ConsistentRead=True,
        )["Items"]
        if not found:
            return None
        count, *days, link = found
        counters = table.counters_of(count)
        return table.link_of(link), counters.clicks, table.days_of(counters, days)

    def page(
        self, owner: str, *, limit: int, after: Position | None
    ) -> tuple[Sequence[Link], Position | None]:
        """The owner's links, newest first. The index lags behind the table by moments, so a link
        that has just been deleted may still be there: it has no `clicks`."""
        query: QueryInputTypeDef = {
            "TableName": self._table,
            "IndexName": table.OWNER_INDEX,
            "KeyConditionExpression": "#owner = :owner",
            "ExpressionAttributeNames": {"#owner": "owner"},
            "ExpressionAttributeValues": {":owner": {"S": owner}},
            "ScanIndexForward": False,
            "Limit": limit,
        }
        if after is not None:
            query["ExclusiveStartKey"] = table.index_key(owner, after)
        response = self._client.query(**query)
        last = response.get("LastEvaluatedKey")
        return [table.link_of(row) for row in response["Items"]], table.position_of(
            last
        ) if last else None

    def clicks(self, codes: Sequence[str]) -> Mapping[str, int]:
        """Of at most 100 links, without the deleted ones; read consistently. Raises `BusyError`."""
        found: dict[str, int] = {}
        keys = [table.counters_key(code) for code in codes]
        for attempt in range(_ATTEMPTS):
            if not keys:
                return found
            if attempt:
                time.sleep(aws.full_jitter(attempt))
            response = self._client.batch_get_item(
                RequestItems={self._table: {"Keys": keys, "ConsistentRead": True}}
            )
            for row in response["Responses"].get(self._table, []):
                counters = table.counters_of(row)
                if counters.live:
                    found[table.code_of(row)] = counters.clicks
            unprocessed = response["UnprocessedKeys"].get(self._table)
            keys = unprocessed["Keys"] if unprocessed else []
        if keys:
            raise BusyError(
                f"{len(keys)} of {len(codes)} links are still unread"
                f" after {_ATTEMPTS} attempts: the table is throttled"
            )
        return found

    def delete(self, code: str, *, owner: str) -> bool:
        """Leaves a tombstone, and ends the counting. False if this owner has no such live link.
        Raises `BusyError`."""
        return self._transact(
            {
                "Update": {
                    "TableName": self._table,
                    "Key": table.link_key(code),
                    "ConditionExpression": "#owner = :owner AND #state = :live",
                    # Without an owner it leaves the index.
                    "UpdateExpression": "SET #state = :deleted, #deletedBy = :owner REMOVE #owner",
                    "ExpressionAttributeNames": {
                        "#owner": "owner",
                        "#state": "state",
                        "#deletedBy": "deletedBy",
                    },
                    "ExpressionAttributeValues": {
                        ":owner": {"S": owner},
                        ":live": {"S": table.LIVE},
                        ":deleted": {"S": table.DELETED},
                    },
                }
            },
            {
                "Update": {
                    "TableName": self._table,
                    "Key": table.counters_key(code),
                    "UpdateExpression": "SET #live = :false",
                    "ExpressionAttributeNames": {"#live": "live"},
                    "ExpressionAttributeValues": {":false": {"BOOL": False}},
                }
            },
        )

    def _transact(self, *items: TransactWriteItemTypeDef) -> bool:
        """False if the first item's condition does not hold."""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                # boto3 makes a token for each call, so its own repetitions are harmless.
                self._client.transact_write_items(TransactItems=items)
            except self._client.exceptions.TransactionCanceledException as error:
                response: Mapping[str, Any] = {**error.response}
                codes = [reason["Code"] for reason in response["CancellationReasons"]]
                if codes[0] == "ConditionalCheckFailed":
                    return False
                if not set(codes) <= BUSY | {"None"}:
                    raise
            else:
                return True
            time.sleep(aws.full_jitter(attempt))
        raise BusyError(
            "a link must stand still for one transaction, and another call wrote it in each of"
            f" {_ATTEMPTS} attempts"
        )
