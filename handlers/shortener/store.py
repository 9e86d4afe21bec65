"""The shortener's boto3: one method, one call to DynamoDB.

Only `totals` may need several, because BatchGetItem may leave keys unprocessed.
"""

from __future__ import annotations

import random
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from . import rows, table
from .link import Link
from .rows import DayCount, Position

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient
    from types_boto3_dynamodb.type_defs import QueryInputTypeDef

_BATCH_ATTEMPTS = 5
_BATCH_PAUSE_SECONDS = 0.05


class UnprocessedError(RuntimeError):
    """DynamoDB left keys of a batch unprocessed each time it was asked: the table is throttled."""


def connect(table_name: str) -> LinkStore:
    """A store with a client of its own; making that costs some 300 ms, so keep it."""
    import boto3  # noqa: PLC0415 - 200 ms that importing this module must not cost
    from botocore.config import Config  # noqa: PLC0415

    config = Config(
        connect_timeout=1, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 3}
    )
    return LinkStore(boto3.client("dynamodb", config=config), table_name)


class LinkStore:
    def __init__(self, client: DynamoDBClient, table_name: str) -> None:
        self._client = client
        self._table = table_name

    def create(self, link: Link) -> bool:
        """False if the code is taken, by a live link or by a tombstone."""
        item = rows.item(link)
        try:
            self._client.put_item(
                TableName=self._table,
                Item=item,
                ConditionExpression="attribute_not_exists(#PK)",
                ExpressionAttributeNames={"#PK": "PK"},
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            # The SDK repeats a call whose answer was lost, and then meets the item it has just put.
            present: Mapping[str, Any] = {**error.response}
            return present.get("Item") == item
        return True

    def find(self, code: str) -> Link | None:
        """The link or its tombstone, read consistently: a link works as soon as it is made."""
        response = self._client.get_item(
            TableName=self._table, Key=table.link(code), ConsistentRead=True
        )
        return rows.link(response["Item"]) if "Item" in response else None

    def with_days(self, code: str) -> tuple[Link, Sequence[DayCount]] | None:
        """One query, hence at most 1 MB: some twenty years of days."""
        found = self._client.query(
            TableName=self._table,
            KeyConditionExpression="#PK = :partition",
            ExpressionAttributeNames={"#PK": "PK"},
            ExpressionAttributeValues={":partition": {"S": table.partition(code)}},
            ConsistentRead=True,
        )["Items"]
        # META sorts before STAT#, and no day is ever written without its link.
        return (rows.link(found[0]), rows.days(found[0], found[1:])) if found else None

    def page(
        self, owner: str, *, limit: int, after: Position | None
    ) -> tuple[Sequence[str], Position | None]:
        """Codes of the owner's links, newest first; the index lags behind the table by moments."""
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
            query["ExclusiveStartKey"] = rows.index_key(owner, after)
        response = self._client.query(**query)
        positions = [rows.position(row) for row in response["Items"]]
        last = response.get("LastEvaluatedKey")
        return [position.code for position in positions], rows.position(last) if last else None

    def totals(self, codes: Sequence[str]) -> Mapping[str, Link]:
        """The links of at most 100 codes, read consistently. Raises `UnprocessedError`."""
        found: dict[str, Link] = {}
        keys = [table.link(code) for code in codes]
        for attempt in range(_BATCH_ATTEMPTS):
            if not keys:
                return found
            if attempt:
                _pause(attempt)
            response = self._client.batch_get_item(
                RequestItems={self._table: {"Keys": keys, "ConsistentRead": True}}
            )
            for row in response["Responses"].get(self._table, []):
                link = rows.link(row)
                found[link.code] = link
            unprocessed = response["UnprocessedKeys"].get(self._table)
            keys = unprocessed["Keys"] if unprocessed else []
        if keys:
            raise UnprocessedError(
                f"{len(keys)} of {len(codes)} links are still unread"
                f" after {_BATCH_ATTEMPTS} attempts: the table is throttled"
            )
        return found

    def delete(self, code: str, *, owner: str) -> bool:
        """Leaves a tombstone. False if there is no live link of this owner."""
        try:
            self._client.update_item(
                TableName=self._table,
                Key=table.link(code),
                ConditionExpression="#owner = :owner AND #state = :live",
                # Without an owner it leaves the index.
                UpdateExpression="SET #state = :deleted, #deletedBy = :owner REMOVE #owner",
                ExpressionAttributeNames={
                    "#owner": "owner",
                    "#state": "state",
                    "#deletedBy": "deletedBy",
                },
                ExpressionAttributeValues={
                    ":owner": {"S": owner},
                    ":live": {"S": table.LIVE},
                    ":deleted": {"S": table.DELETED},
                },
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True


def _pause(attempt: int) -> None:
    ceiling = _BATCH_PAUSE_SECONDS * 2**attempt
    time.sleep(random.uniform(0, ceiling))  # noqa: S311 - jitter is no secret
