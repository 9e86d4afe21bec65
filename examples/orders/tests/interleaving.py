"""Lets another writer act between a service's read of a row and its write."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient


def interrupted(client: "DynamoDBClient", meanwhile: Callable[[], object]) -> "DynamoDBClient":
    """The same client; before its first transaction, `meanwhile` happens."""
    return cast("DynamoDBClient", _Interrupted(client, meanwhile))


class _Interrupted:
    def __init__(self, client: Any, meanwhile: Callable[[], object]) -> None:
        self._client, self._waiting = client, [meanwhile]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def transact_write_items(self, **request: Any) -> Any:
        while self._waiting:
            self._waiting.pop()()
        return self._client.transact_write_items(**request)


def moved(*_: object) -> int:
    """In place of `transaction.write`: the order's row is never as it was read."""
    return 0
