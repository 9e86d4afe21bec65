import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from handlers.aws import run
from handlers.realtime import store
from handlers.realtime.delivery.posts import management_posts
from handlers.realtime.functions import runtime
from handlers.realtime.functions.runtime import PublishEnvironment, engine, publisher
from handlers.realtime.model import Outcome, Published, Subscription, Update
from tests.adapters.realtime.conftest import TABLE
from tests.fakes.realtime import MemoryPosts, MemoryQueue

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient

RULE: dict[str, Any] = {
    "pattern": "link:*",
    "access": "public",
    "delivery": "latest",
    "min_interval_ms": 60_000,
    "publishers": [],
}
ENVIRONMENT = PublishEnvironment(
    realtime_table=TABLE,
    management_endpoint="https://abcdef1234.execute-api.eu-central-1.amazonaws.com/dev",
    realtime_api_id="abcdef1234",
    channel_rules=json.dumps([RULE]),
    delivery_queue_url="https://sqs.eu-central-1.amazonaws.com/123456789012/delivery",
    inline_maximum=7,
    posts_per_second=900,
)


@pytest.fixture(autouse=True)
def posts(monkeypatch: pytest.MonkeyPatch) -> MemoryPosts:
    """The store is the real one; sockets and the queue are fakes."""
    posts, queue = MemoryPosts({"gone=": Outcome.GONE}), MemoryQueue()

    def posts_of(_: str) -> MemoryPosts:
        return posts

    def queue_of(_client: object, _url: str) -> MemoryQueue:
        return queue

    monkeypatch.setattr(runtime, "management_posts", posts_of)
    monkeypatch.setattr(runtime, "SqsTaskQueue", queue_of)
    return posts


def metrics(output: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in output.splitlines() if '"_aws"' in line]
    return [{k: v[0] for k, v in line.items() if isinstance(v, list)} for line in lines]


def test_a_publish_reaches_the_subscriber_and_counts_itself(
    dynamodb: "DynamoDBClient", capsys: pytest.CaptureFixture[str], posts: MemoryPosts
) -> None:
    now = time.time_ns() // 1_000_000
    for connection_id in ("c=", "gone="):
        row = Subscription(connection_id, "abcdef1234", "subscribe", now, now // 1000 + 7200)
        run(store.DynamoStore(dynamodb, TABLE).put_subscription("link:a", row))

    async def send(*updates: Update) -> list[Published]:
        return [await publisher(ENVIRONMENT)(update, ["m1"]) for update in updates]

    posted = {Outcome.DELIVERED: 1, Outcome.GONE: 1}
    newest = Update("link:a", {"clicks": 2}, 2, now - 50, 1)
    assert run(send(newest, newest, Update("link:a", {"clicks": 1}, 1, now, 1))) == [
        Published(subscribers=2, outcomes=posted, tasks=1),
        Published(conflated=True),
        Published(stale=True),
    ]
    assert [frame["clicks"] for frame in posts.frames["c="]] == [2]
    first, second, third = metrics(capsys.readouterr().out)
    assert 50 <= first.pop("EventAge") < 60_000
    assert 0 <= first.pop("FanOutDuration") < 60_000
    assert first == {
        "StalePublishes": 0,
        "ConflatedUpdates": 0,
        "Subscribers": 2,
        "PostsDelivered": 1,
        "PostsGone": 1,
        "PostsHandshaking": 0,
        "PostsSlow": 0,
        "PostsFailed": 0,
        "PostsUnanswered": 0,
        "PostsTooLarge": 0,
        "DeliveryTasks": 1,
    }
    assert second == {"StalePublishes": 0, "ConflatedUpdates": 1}
    assert third == {"StalePublishes": 1, "ConflatedUpdates": 0}


@pytest.mark.usefixtures("dynamodb")
def test_an_engine_has_the_limits_of_its_environment() -> None:
    made = engine(ENVIRONMENT)
    assert (made.limits.inline_maximum, made.limits.posts_per_second) == (7, 900)
    assert made.api_id == "abcdef1234"


@pytest.mark.usefixtures("credentials")
def test_sockets_are_kept_for_the_process() -> None:
    endpoint = ENVIRONMENT.management_endpoint
    assert management_posts(endpoint) is management_posts(endpoint)
