"""Subscribing to an `every` channel, as API Gateway calls the function, on a table in moto."""

import asyncio
import json
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from handlers.realtime.every.log_store import DynamoLog
from handlers.realtime.functions import messages
from handlers.realtime.model import Connection, Position, Update
from handlers.realtime.store import DynamoStore
from tests.adapters.realtime.conftest import TABLE
from tests.fakes.protocol import valid

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient

CHANNEL = "order:1"
EPOCH = 1_763_787_600_123
RULES = (
    '[{"pattern":"order:*","access":"public","delivery":"every","min_interval_ms":0,'
    '"publishers":["orders"]}]'
)
IN_AN_HOUR = time.time_ns() // 1_000_000_000 + 3600


@pytest.fixture(autouse=True)
def connected(dynamodb: "DynamoDBClient", monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("REALTIME_TABLE", TABLE)
    monkeypatch.setenv("CHANNEL_RULES", RULES)
    monkeypatch.setenv("MAXIMUM_SUBSCRIPTIONS", "2")
    connection = Connection("c=", "anonymous", 1, IN_AN_HOUR)
    asyncio.run(DynamoStore(dynamodb, TABLE).put_connection(connection))
    yield
    messages.service.cache_clear()


def fill(dynamodb: "DynamoDBClient", *numbers: int, expires_at: int = IN_AN_HOUR) -> None:
    async def run() -> None:
        log = DynamoLog(dynamodb, TABLE)
        for number in numbers:
            event = Update(CHANNEL, {"n": number}, 0, at=number, id=f"id{number}")
            await log.append(Position(EPOCH, number - 1), event, expires_at)

    asyncio.run(run())


def subscribe(**fields: Any) -> dict[str, Any]:
    body = json.dumps({"action": "subscribe", "channel": CHANNEL, "id": "7", **fields})
    request = {
        "eventType": "MESSAGE",
        "connectionId": "c=",
        "apiId": "api",
        "routeKey": "subscribe",
    }
    answer = messages.handler({"requestContext": request, "body": body}, object())
    reply = valid("control", answer["body"])["realtime"]
    assert (reply.pop("event"), reply.pop("channel"), reply.pop("id")) == (
        "subscribed",
        CHANNEL,
        "7",
    )
    return reply


def test_a_channel_without_a_message_has_no_position() -> None:
    assert subscribe() == {"recovered": False, "more": False, "messages": []}


def test_a_client_that_comes_back_gets_what_it_missed(dynamodb: "DynamoDBClient") -> None:
    fill(dynamodb, 1, 2, 3)
    assert subscribe(since={"epoch": EPOCH, "version": 1}) == {
        "epoch": EPOCH,
        "version": 3,
        "recovered": True,
        "more": False,
        "messages": [{"version": n, "at": n, "value": {"n": n}} for n in (2, 3)],
    }


def test_without_since_a_client_gets_what_comes(dynamodb: "DynamoDBClient") -> None:
    fill(dynamodb, 1, 2)
    position = {"epoch": EPOCH, "version": 2}
    assert subscribe() == {**position, "recovered": False, "more": False, "messages": []}


def test_a_client_that_was_away_too_long_is_told_so(dynamodb: "DynamoDBClient") -> None:
    fill(dynamodb, 1, 2, expires_at=IN_AN_HOUR - 7200)
    fill(dynamodb, 3)
    assert subscribe(since={"epoch": EPOCH, "version": 1}) == {
        "epoch": EPOCH,
        "version": 3,
        "recovered": False,
        "more": False,
        "messages": [],
    }


def test_the_subscriber_is_pushed_to_from_then_on(dynamodb: "DynamoDBClient") -> None:
    subscribe()
    page = asyncio.run(DynamoStore(dynamodb, TABLE).subscriptions(CHANNEL))
    assert [(row.connection_id, row.via) for row in page.subscriptions] == [("c=", "subscribe")]
