import asyncio
import json
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from handlers.realtime import publishing, push, store
from handlers.realtime.ports import Subscription
from handlers.realtime.publisher import Published, Update
from handlers.realtime.publishing import PublishEnvironment, publisher
from tests.adapters.realtime.conftest import TABLE

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient

ENVIRONMENT = PublishEnvironment(
    realtime_table=TABLE,
    management_endpoint="https://abcdef1234.execute-api.eu-central-1.amazonaws.com/dev",
    realtime_api_id="abcdef1234",
)


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(push, "WORKERS", 2)
    yield
    for factory in (publishing.publisher, push.management_posts, store.dynamo_store):
        factory.cache_clear()


def metrics(output: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in output.splitlines() if '"_aws"' in line]
    return [{k: v[0] for k, v in line.items() if isinstance(v, list)} for line in lines]


def test_a_publish_reaches_the_subscriber_and_counts_itself(
    dynamodb: "DynamoDBClient", capsys: pytest.CaptureFixture[str]
) -> None:
    now = time.time_ns() // 1_000_000
    row = Subscription("c=", "abcdef1234", "subscribe", now, now // 1000 + 7200)
    asyncio.run(store.DynamoStore(dynamodb, TABLE).put_subscription("link:a", row))

    async def run() -> list[Published]:
        send = publisher(ENVIRONMENT)
        update = Update("link:a", {"clicks": 2}, 2, now - 50, 1)
        stale = Update("link:a", {"clicks": 1}, 1, now, 1)
        return [await send(update), await send(stale)]

    assert asyncio.run(run()) == [Published(subscribers=1, delivered=1), Published(stale=True)]
    first, second = metrics(capsys.readouterr().out)
    assert 50 <= first.pop("EventAge") < 60_000
    assert first == {
        "StalePublishes": 0,
        "Subscribers": 1,
        "PostsDelivered": 1,
        "PostsGone": 0,
        "PostsFailed": 0,
        "PostsHandshaking": 0,
    }
    assert second == {"StalePublishes": 1}


@pytest.mark.usefixtures("dynamodb")
def test_publishers_of_one_environment_share_their_clients() -> None:
    assert publisher(ENVIRONMENT) is publisher(ENVIRONMENT)
