"""The aggregator's boto3.

The methods are `async` because their port is. They block, which nobody minds: an aggregator does
one thing at a time.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..shortener import click as click_body
from ..shortener import table
from ..shortener.click import Click
from .counting import (
    REMEMBERED_DAYS,
    AlreadyCounted,
    Contended,
    Counted,
    LinkGone,
    Outcome,
    Total,
)

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef, TransactWriteItemTypeDef
    from types_boto3_sqs.client import SQSClient

_MAXIMUM_ITEMS = 100
"""Of TransactWriteItems. Ten clicks make 21 at most: the link, ten seconds, ten days."""

_CONTENTION = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})
_THROTTLED = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottlingException",
        "TransactionInProgressException",
    }
)


def connect(*, links_table: str, parking_queue_url: str) -> DynamoClickStore:
    """A store with clients of its own; making them costs some 300 ms, so keep it."""
    import boto3  # noqa: PLC0415 - 200 ms that importing this module must not cost
    from botocore.config import Config  # noqa: PLC0415

    config = Config(
        connect_timeout=1, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 3}
    )
    dynamodb = boto3.client("dynamodb", config=config)
    sqs = boto3.client("sqs", config=config)
    return DynamoClickStore(
        dynamodb, sqs, links_table=links_table, parking_queue_url=parking_queue_url
    )


class DynamoClickStore:
    def __init__(
        self, dynamodb: DynamoDBClient, sqs: SQSClient, *, links_table: str, parking_queue_url: str
    ) -> None:
        self._dynamodb = dynamodb
        self._sqs = sqs
        self._table = links_table
        self._parking_queue_url = parking_queue_url

    async def count(self, code: str, clicks: Sequence[Click]) -> Outcome:
        by_second: defaultdict[int, list[str]] = defaultdict(list)
        for click in clicks:
            by_second[click.second].append(click.click_id)
        by_day = Counter(click.day for click in clicks)
        updates: list[TransactWriteItemTypeDef] = [
            self._add_to_link(code, len(clicks)),
            *(self._remember(code, second, ids) for second, ids in by_second.items()),
            *(self._add(table.day(code, day), n) for day, n in by_day.items()),
        ]
        assert len(updates) <= _MAXIMUM_ITEMS, f"{len(updates)} items in one transaction"
        exceptions = self._dynamodb.exceptions
        try:
            # boto3 makes a token for this call, so that its own repetitions are harmless. A token
            # made of the ids would be refused once the next attempt leaves some of them out.
            self._dynamodb.transact_write_items(TransactItems=updates)
        except exceptions.TransactionCanceledException as error:
            response: Mapping[str, Any] = {**error.response}
            outcome = _outcome(response["CancellationReasons"], seconds=len(by_second))
            if outcome is None:
                raise
            return outcome
        except exceptions.ClientError as error:
            if error.response.get("Error", {}).get("Code") in _THROTTLED:
                return Contended()
            raise
        return Counted()

    async def total(self, code: str) -> Total | None:
        response = self._dynamodb.get_item(
            TableName=self._table, Key=table.link(code), ConsistentRead=True
        )
        return _total(response.get("Item"))

    async def park(self, click: Click) -> None:
        self._sqs.send_message(
            QueueUrl=self._parking_queue_url, MessageBody=click_body.to_body(click)
        )

    def _add_to_link(self, code: str, n: int) -> TransactWriteItemTypeDef:
        return {
            "Update": {
                "TableName": self._table,
                "Key": table.link(code),
                "UpdateExpression": "ADD #clicks :n",
                "ConditionExpression": "#state = :live",
                "ExpressionAttributeNames": {"#clicks": "clicks", "#state": "state"},
                "ExpressionAttributeValues": {":n": {"N": str(n)}, ":live": {"S": table.LIVE}},
            }
        }

    def _remember(
        self, code: str, second: int, click_ids: Sequence[str]
    ) -> TransactWriteItemTypeDef:
        placeholders = {f":id{i}": click_id for i, click_id in enumerate(click_ids)}
        values: dict[str, AttributeValueTypeDef] = {
            placeholder: {"S": click_id} for placeholder, click_id in placeholders.items()
        }
        return {
            "Update": {
                "TableName": self._table,
                "Key": table.seen(code, second),
                # The click's own time, so that a redelivery weeks later is still recognised.
                "UpdateExpression": "ADD #ids :ids SET #ttl = :ttl",
                "ConditionExpression": " AND ".join(
                    f"NOT contains(#ids, {placeholder})" for placeholder in placeholders
                ),
                "ExpressionAttributeNames": {"#ids": "ids", "#ttl": "ttl"},
                "ExpressionAttributeValues": {
                    **values,
                    ":ids": {"SS": click_ids},
                    ":ttl": {"N": str(second + REMEMBERED_DAYS * 86_400)},
                },
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        }

    def _add(self, key: table.Key, n: int) -> TransactWriteItemTypeDef:
        return {
            "Update": {
                "TableName": self._table,
                "Key": key,
                "UpdateExpression": "ADD #clicks :n",
                "ExpressionAttributeNames": {"#clicks": "clicks"},
                "ExpressionAttributeValues": {":n": {"N": str(n)}},
            }
        }


def _outcome(reasons: Sequence[Mapping[str, Any]], *, seconds: int) -> Outcome | None:
    """What a cancellation says; None if it is nothing that another attempt or time would heal.

    There is a reason for each update, in their order: the link, the seconds, the days.
    """
    link, *others = reasons
    if link["Code"] == "ConditionalCheckFailed":
        return LinkGone()
    repeated = [r for r in others[:seconds] if r["Code"] == "ConditionalCheckFailed"]
    if repeated:
        return AlreadyCounted(frozenset(i for r in repeated for i in r["Item"]["ids"]["SS"]))
    if any(reason["Code"] in _CONTENTION for reason in reasons):
        return Contended()
    return None


def _total(item: Mapping[str, Any] | None) -> Total | None:
    if item is None or item["state"]["S"] != table.LIVE:
        return None
    return Total(clicks=int(item["clicks"]["N"]), epoch=int(item["epoch"]["N"]))
