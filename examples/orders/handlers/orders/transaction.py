"""One DynamoDB transaction, and the first of its conditions that failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from types_boto3_dynamodb.client import DynamoDBClient
    from types_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

ATTEMPTS = 5


class Contended(Exception):
    """Another writer changed a row in each attempt; the caller should try again later."""


def write(client: DynamoDBClient, items: Sequence[TransactWriteItemTypeDef]) -> int | None:
    """None if all is written. Else nothing is: returns the first item whose condition failed.

    Raises every other reason, such as a conflict or a throttled table: a retry may succeed.
    """
    try:
        client.transact_write_items(TransactItems=items)
    except client.exceptions.TransactionCanceledException as error:
        codes = [reason.get("Code") for reason in error.response.get("CancellationReasons", [])]
        if "ConditionalCheckFailed" not in codes:
            raise
        return codes.index("ConditionalCheckFailed")
    return None
