"""The aggregator's boto3.

The methods are `async` because their port is. They block, which nobody minds: an aggregator does
one thing at a time.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..realtime import dynamodb
from ..realtime.delivery import task_queue
from ..shortener import click as click_body
from ..shortener import rows, table
from ..shortener.click import Click
from ..shortener.tally import Tally
from .ports import AlreadyCounted, Contended, Counted, DayMoved, LinkGone, Outcome
from .transaction import updates

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient
    from types_boto3_sqs.client import SQSClient

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
    """With the clients that the delivery engine uses: one connection to DynamoDB serves both."""
    return DynamoClickStore(
        dynamodb.client(),
        task_queue.client(),
        links_table=links_table,
        parking_queue_url=parking_queue_url,
    )


class DynamoClickStore:
    def __init__(
        self, dynamodb: DynamoDBClient, sqs: SQSClient, *, links_table: str, parking_queue_url: str
    ) -> None:
        self._dynamodb = dynamodb
        self._sqs = sqs
        self._table = links_table
        self._parking_queue_url = parking_queue_url

    async def count(self, code: str, clicks: Sequence[Click], tally: Tally | None) -> Outcome:
        wanted, seconds = updates(self._table, code, clicks, tally)
        exceptions = self._dynamodb.exceptions
        try:
            # boto3 makes a token for this call, so that its own repetitions are harmless. A token
            # made of the ids would be refused once the next attempt leaves some of them out.
            self._dynamodb.transact_write_items(
                TransactItems=[{"Update": update} for update in wanted]
            )
        except exceptions.TransactionCanceledException as error:
            response: Mapping[str, Any] = {**error.response}
            outcome = _outcome(response["CancellationReasons"], seconds=seconds)
            if outcome is None:
                raise
            return outcome
        except exceptions.ClientError as error:
            if error.response.get("Error", {}).get("Code") in _THROTTLED:
                return Contended()
            raise
        return Counted()

    async def read(self, code: str) -> Tally | None:
        response = self._dynamodb.get_item(
            TableName=self._table, Key=table.link(code), ConsistentRead=True
        )
        return _live(response.get("Item"))

    async def park(self, click: Click) -> None:
        self._sqs.send_message(
            QueueUrl=self._parking_queue_url, MessageBody=click_body.to_body(click)
        )


def _outcome(reasons: Sequence[Mapping[str, Any]], *, seconds: int) -> Outcome | None:
    """What a cancellation says; None if it is nothing that another attempt or time would heal.

    There is a reason for each update, in their order: the link, the seconds, the days.
    """
    link, *others = reasons
    refused = link["Code"] == "ConditionalCheckFailed"
    tally = _live(link.get("Item")) if refused else None
    if refused and tally is None:
        return LinkGone()
    repeated = [r for r in others[:seconds] if r["Code"] == "ConditionalCheckFailed"]
    if repeated:
        ids = [bytes(id_) for reason in repeated for id_ in reason["Item"]["ids"]["BS"]]
        return AlreadyCounted(frozenset(str(uuid.UUID(bytes=id_)) for id_ in ids))
    if tally is not None:
        return DayMoved(tally)
    if any(reason["Code"] in _CONTENTION for reason in reasons):
        return Contended()
    return None


def _live(item: Mapping[str, Any] | None) -> Tally | None:
    if not item or item["state"]["S"] != table.LIVE:
        return None
    return rows.tally(item)
