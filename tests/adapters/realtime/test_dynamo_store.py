import asyncio
from typing import TYPE_CHECKING, Any

from handlers.realtime.latest.store import DynamoStates
from handlers.realtime.model import Connection, Subscription, Update
from handlers.realtime.store import DynamoStore
from tests.adapters.realtime.conftest import TABLE

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient


ROWS: dict[str, Any] = {
    "CONN#c=": {
        "PK": {"S": "CONN#c="},
        "SK": {"S": "META"},
        "principal": {"S": "anonymous"},
        "connectedAt": {"N": "1000000"},
        "expiresAt": {"N": "8200"},
        "ttl": {"N": "11800"},
        "channels": {"SS": ["link:a"]},
    },
    "CHANNEL#link:a": {
        "PK": {"S": "CHANNEL#link:a"},
        "SK": {"S": "CONN#c="},
        "api": {"S": "api"},
        "via": {"S": "connect"},
        "connectedAt": {"N": "1000000"},
        "expiresAt": {"N": "8200"},
        "ttl": {"N": "11800"},
    },
    "STATE#link:a": {
        "PK": {"S": "STATE#link:a"},
        "SK": {"S": "STATE"},
        "epoch": {"N": "5"},
        "version": {"N": "4"},
        "value": {"S": '{"clicks":4}'},
        "at": {"N": "1000000"},
        "ttl": {"N": str(1_000 + 90 * 86_400)},
        "cooldownUntil": {"N": "1000250"},
        "cooldownFrom": {"N": "1000000"},
        "trailing": {"S": "m1"},
        "intervalMs": {"N": "250"},
    },
    "RATE#1000": {
        "PK": {"S": "RATE#1000"},
        "SK": {"S": "RATE"},
        "used": {"N": "100"},
        "ttl": {"N": "4600"},
    },
}


def test_the_table_holds_the_documented_keys_and_attributes(dynamodb: "DynamoDBClient") -> None:
    store, states = DynamoStore(dynamodb, TABLE), DynamoStates(dynamodb, TABLE)

    async def run() -> None:
        connection = Connection("c=", "anonymous", 1_000_000, 8_200, frozenset(["link:a"]))
        await store.put_connection(connection)
        await store.put_subscription(
            "link:a", Subscription("c=", "api", "connect", 1_000_000, 8_200)
        )
        await states.lead(Update("link:a", {"clicks": 4}, 4, 1_000_000, 5), 1_000_000, 200)
        await states.defer(Update("link:a", {"clicks": 4}, 4, 1_000_000, 5), "m1")
        await states.set_interval("link:a", 250)
        await store.take_tokens(1_000, 100, 500)

    asyncio.run(run())
    items = dynamodb.scan(TableName=TABLE)["Items"]
    assert {item["PK"].get("S"): item for item in items} == ROWS


def test_more_subscribers_than_a_page_holds_are_read_page_by_page(
    dynamodb: "DynamoDBClient",
) -> None:
    # A page ends at 1 MB; long api ids fill it with few rows.
    store = DynamoStore(dynamodb, TABLE)

    async def run() -> list[list[str]]:
        for number in range(6):
            row = Subscription(f"c{number}", "x" * 250_000, "connect", 1, 1)
            await store.put_subscription("link:a", row)
        pages: list[list[str]] = []
        after: str | None = None
        while not pages or after is not None:
            page = await store.subscriptions("link:a", after)
            pages.append([subscription.connection_id for subscription in page.subscriptions])
            after = page.after
        return pages

    pages = asyncio.run(run())
    assert len(pages) > 1
    assert [connection_id for page in pages for connection_id in page] == [
        f"c{number}" for number in range(6)
    ]


class LeavingOneUndone:
    """DynamoDB that is throttled: it hands one of the deletes back."""

    def batch_write_item(self, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803 - boto3's
        return {"UnprocessedItems": {table: items[-1:] for table, items in RequestItems.items()}}


def test_unprocessed_deletes_come_back_as_channels() -> None:
    client: Any = LeavingOneUndone()
    left = asyncio.run(
        DynamoStore(client, TABLE).delete_subscriptions("c", ["link:a", "link:b:CHANNEL#"])
    )
    assert left == ["link:b:CHANNEL#"]
