"""One DynamoDB transaction, and which of its conditions did not hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from types_boto3_dynamodb.client import DynamoDBClient
    from types_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

ATTEMPTS = 5


class Contended(Exception):
    """A row kept changing under the transaction; the caller should come again."""


def write(client: DynamoDBClient, items: Sequence[TransactWriteItemTypeDef]) -> int | None:
    """None when all is written, otherwise nothing is: the first item whose condition failed.

    What else ends a transaction, a conflict or a throttled table, is raised: it may pass.
    """
    try:
        client.transact_write_items(TransactItems=items)
    except client.exceptions.TransactionCanceledException as error:
        codes = [reason.get("Code") for reason in error.response.get("CancellationReasons", [])]
        if "ConditionalCheckFailed" not in codes:
            raise
        return codes.index("ConditionalCheckFailed")
    return None
