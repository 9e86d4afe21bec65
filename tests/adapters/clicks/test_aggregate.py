import json
import time
from typing import Any

import pytest
from botocore.model import OperationModel

from handlers import aws
from handlers.clicks import aggregate
from handlers.shortener.click import day_of, new, to_body
from handlers.shortener.link import Counters, Link
from handlers.shortener.store import LinkStore
from tests.adapters.clicks.conftest import Cloud
from tests.fakes.delivery import RULES_TEXT
from tests.fakes.links import LINKS_TABLE, Context

REALTIME_TABLE = "realtime"
DAY_MS = 86_400_000


def create_realtime_table(cloud: Cloud) -> None:
    cloud.dynamodb.create_table(
        TableName=REALTIME_TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": "PK", "AttributeType": "S"},
            {"AttributeName": "SK", "AttributeType": "S"},
        ],
        KeySchema=[
            {"AttributeName": "PK", "KeyType": "HASH"},
            {"AttributeName": "SK", "KeyType": "RANGE"},
        ],
    )


@pytest.fixture(autouse=True)
def function(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """The function as a fresh process has it; nobody watches, so nothing is posted."""
    monkeypatch.setenv("REALTIME_TABLE", REALTIME_TABLE)
    monkeypatch.setenv("MANAGEMENT_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("REALTIME_API_ID", "a1b2c3d4e5")
    monkeypatch.setenv("CHANNEL_RULES", RULES_TEXT)
    monkeypatch.setenv("DELIVERY_QUEUE_URL", cloud.sqs.create_queue(QueueName="d")["QueueUrl"])
    monkeypatch.setenv("INLINE_MAXIMUM", "200")
    monkeypatch.setenv("POSTS_PER_SECOND", "2500")
    monkeypatch.setenv("LINKS_TABLE", LINKS_TABLE)
    monkeypatch.setenv("TOO_LATE_QUEUE_URL", cloud.too_late_queue_url)
    create_realtime_table(cloud)
    aggregator = aggregate._aggregator.__wrapped__()  # pyright: ignore[reportPrivateUsage] - a fresh one
    monkeypatch.setattr(aggregate, "_aggregator", lambda: aggregator)


@pytest.fixture
def links(cloud: Cloud) -> LinkStore:
    return LinkStore(cloud.dynamodb, LINKS_TABLE)


def make(links: LinkStore, code: str) -> None:
    created_at = 1_763_787_600_000
    link = Link(code=code, target="https://example.com/", owner="ada", created_at=created_at)
    assert links.create(link, Counters(epoch=created_at, day=day_of(now_ms())))


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def body(code: str, *, at: int | None = None) -> str:
    return to_body(new(code, at=now_ms() if at is None else at))


def deliver(*bodies: str) -> list[str]:
    """The numbers of the messages that failed."""
    records: list[dict[str, Any]] = [
        {
            "messageId": str(number),
            "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
            "body": text,
            "attributes": {
                "ApproximateReceiveCount": "1",
                "SentTimestamp": "1763787600000",
                "SenderId": "AIDAIENQZJOLO23YVJ4VO",
                "ApproximateFirstReceiveTimestamp": "1763787600001",
            },
            "messageAttributes": {},
            "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:eu-central-1:123456789012:clicks",
            "awsRegion": "eu-central-1",
        }
        for number, text in enumerate(bodies)
    ]
    answer = aggregate.handler({"Records": records}, Context("aggregate"))
    assert set(answer) == {"batchItemFailures"}
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def clicks(links: LinkStore, code: str) -> int:
    return links.clicks([code])[code]


def published(cloud: Cloud, code: str) -> dict[str, Any] | None:
    key = {"PK": {"S": f"STATE#link:{code}"}, "SK": {"S": "STATE"}}
    item: Any = cloud.dynamodb.get_item(TableName=REALTIME_TABLE, Key=key).get("Item")
    if item is None:
        return None
    numbers = {name: int(item[name]["N"]) for name in ("epoch", "version", "at")}
    return {"value": json.loads(item["value"]["S"]), **numbers}


def metrics_in(output: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for line in output.splitlines():
        record = json.loads(line)
        for directive in record.get("_aws", {}).get("CloudWatchMetrics", []):
            for metric in directive["Metrics"]:
                found[metric["Name"]] = sum(record[metric["Name"]])
    return {name: count for name, count in found.items() if name.startswith("Clicks")}


def test_clicks_are_counted_and_the_new_total_is_the_channels_state(
    cloud: Cloud, links: LinkStore
) -> None:
    make(links, "first")
    at = now_ms()
    assert deliver(body("first", at=at - 7), body("first", at=at)) == []
    assert published(cloud, "first") == {
        "value": {"code": "first", "clicks": 2},
        "version": 2,
        "epoch": 1_763_787_600_000,
        "at": at,
    }


def test_a_click_costs_three_calls_of_one_client(links: LinkStore) -> None:
    code = "alone"  # other tests' channels may be held
    make(links, code)
    calls = list[str]()

    def note(model: OperationModel, **_: Any) -> None:
        calls.append(model.name)

    events = aws.dynamodb().meta.events
    events.register("before-call.dynamodb", note, unique_id="note")
    failed = deliver(body(code))
    events.unregister("before-call.dynamodb", unique_id="note")
    assert (failed, clicks(links, code)) == ([], 1)
    assert calls == ["UpdateItem", "UpdateItem", "Query"]


def test_a_redelivered_batch_leaves_the_total_as_it_was(cloud: Cloud, links: LinkStore) -> None:
    make(links, "first")
    batch = [body("first"), body("first")]
    assert deliver(*batch) == deliver(*batch, body("first")) == []
    assert clicks(links, "first") == 3
    state = published(cloud, "first")
    assert state is not None
    assert state["version"] == 3


@pytest.mark.parametrize("malformed", ["{", "{}", '{"click_id": "secret"}', ""])
def test_a_message_that_is_no_click_fails_alone_and_is_not_logged(
    links: LinkStore, malformed: str, caplog: pytest.LogCaptureFixture
) -> None:
    make(links, "first")
    assert deliver(body("first"), malformed, body("first")) == ["1"]
    assert clicks(links, "first") == 2
    logged = str([vars(record) for record in caplog.records])
    assert "'message_id': '1'" in logged
    assert "secret" not in logged


def test_a_click_from_the_future_fails_alone(links: LinkStore) -> None:
    make(links, "first")
    assert deliver(body("first"), body("first", at=now_ms() + 3_600_000)) == ["1"]
    assert clicks(links, "first") == 1


def test_messages_fail_until_their_total_is_published_and_count_once(
    cloud: Cloud, links: LinkStore
) -> None:
    make(links, "first")
    batch = [body("first"), body("first")]
    cloud.dynamodb.delete_table(TableName=REALTIME_TABLE)
    assert deliver(*batch) == ["0", "1"]
    create_realtime_table(cloud)
    assert deliver(*batch) == []
    state = published(cloud, "first")
    assert state is not None
    assert state["version"] == clicks(links, "first") == 2


def test_the_outcome_of_each_click_is_in_the_metrics(
    links: LinkStore, capsys: pytest.CaptureFixture[str]
) -> None:
    make(links, "first")
    make(links, "deleted")
    links.delete("deleted", owner="ada")
    twice = body("first")
    late = body("first", at=now_ms() - 29 * DAY_MS)
    assert deliver(twice, twice, body("first"), body("deleted"), late) == []
    assert metrics_in(capsys.readouterr().out) == {
        "ClicksCounted": 2,
        "ClicksDuplicate": 1,
        "ClicksOnDeletedLink": 1,
        "ClicksTooLate": 1,
    }


def test_a_click_that_is_too_late_goes_to_its_queue_as_it_came(
    cloud: Cloud, links: LinkStore
) -> None:
    make(links, "first")
    late = body("first", at=now_ms() - 29 * DAY_MS)
    assert deliver(late) == []
    assert clicks(links, "first") == 0
    [message] = cloud.sqs.receive_message(QueueUrl=cloud.too_late_queue_url).get("Messages", [])
    assert json.loads(message.get("Body", "")) == json.loads(late)
