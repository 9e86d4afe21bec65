"""Every read that an argument of docs/guarantees.md rests on asks DynamoDB for a consistent one.

The emulators of DynamoDB are always consistent, so only the request tells.
"""

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from handlers.realtime.every.log_store import DynamoLog
from handlers.realtime.identity.session_store import DynamoSessionStore
from handlers.realtime.latest.store import DynamoStates
from handlers.realtime.store import DynamoStore

from .conftest import TABLE

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient

READS = frozenset({"GetItem", "Query", "Scan", "BatchGetItem", "TransactGetItems"})
STORES: dict[type, dict[str, tuple[Any, ...]]] = {
    DynamoStore: {
        "subscriptions": ("link:a", "c1", "c9", 5),
        "subscription": ("link:a", "c"),
    },
    DynamoStates: {"read_state": ("link:a",)},
    DynamoLog: {
        "read_end": ("order:1",),
        "read_message": ("order:1", 1),
        "read_messages": ("order:1", 0, 9),
    },
    DynamoSessionStore: {
        "sessions": ("alice",),
        "revoked_at": ("alice",),
        "expiries": (1, 0),
        "read_connection": ("c",),
        "swept_until": (),
    },
}


@pytest.mark.parametrize(
    ("store", "method"), [(store, method) for store, reads in STORES.items() for method in reads]
)
def test_a_read_is_consistent(store: type, method: str, dynamodb: "DynamoDBClient") -> None:
    consistent: list[bool] = []

    def record(model: Any, params: Any, **_: Any) -> None:
        if model.name in READS:
            consistent.append(json.loads(params["body"]).get("ConsistentRead", False))

    dynamodb.meta.events.register("before-call.dynamodb", record)
    read = getattr(store(dynamodb, TABLE), method)
    asyncio.run(read(*STORES[store][method]))
    assert consistent == [True]


@pytest.mark.parametrize("store", STORES)
def test_no_read_of_a_store_is_missing_above(store: type) -> None:
    reading = {
        name
        for name, method in vars(store).items()
        if not name.startswith("_") and {"query", "get_item", "read", "_read"} & {*names_in(method)}
    }
    assert reading == {*STORES[store]}


def names_in(method: Any) -> tuple[str, ...]:
    return method.__code__.co_names if hasattr(method, "__code__") else ()
