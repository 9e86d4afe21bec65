"""The function with everything that it has in AWS, from moto; nobody watches."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.stub import Stubber

from handlers.realtime.delivery import posts
from handlers.realtime.functions import publish
from handlers.realtime.ingress import BusRejections, Unreported
from handlers.realtime.model import Rejected
from tests.adapters.realtime.conftest import TABLE
from tests.fakes.letters import RULES, handle, message, record
from tests.fakes.protocol import valid

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient


@pytest.fixture
def real(
    dynamodb: "DynamoDBClient", monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], list[Any]]]:
    """Everything that the function has in AWS; returns what came to the bus so far."""
    sqs, events = boto3.client("sqs"), boto3.client("events")
    queue_url = sqs.create_queue(QueueName="heard")["QueueUrl"]
    events.create_event_bus(Name="bus")
    events.put_rule(Name="all", EventBusName="bus", EventPattern='{"source":["realtime"]}')
    arn = "arn:aws:sqs:eu-central-1:123456789012:heard"
    events.put_targets(Rule="all", EventBusName="bus", Targets=[{"Id": "heard", "Arn": arn}])
    for name, value in {
        "REALTIME_TABLE": TABLE,
        "MANAGEMENT_ENDPOINT": "https://abcdef1234.execute-api.eu-central-1.amazonaws.com/dev",
        "REALTIME_API_ID": "abcdef1234",
        "CHANNEL_RULES": json.dumps(RULES),
        "DELIVERY_QUEUE_URL": sqs.create_queue(QueueName="delivery")["QueueUrl"],
        "INLINE_MAXIMUM": "200",
        "POSTS_PER_SECOND": "2500",
        "EVENT_BUS_NAME": "bus",
        "HISTORY_SECONDS": "60",
        "PAYLOAD_LIMIT_BYTES": "4096",
    }.items():
        monkeypatch.setenv(name, value)

    def heard() -> list[Any]:
        messages = sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10)
        return [json.loads(message.get("Body", "")) for message in messages.get("Messages", [])]

    assert dynamodb
    yield heard
    sqs.close()
    events.close()
    publish.service.cache_clear()
    posts.management_posts.cache_clear()


def test_the_function_publishes_to_the_table_and_refuses_on_the_bus(
    real: Callable[[], list[Any]], dynamodb: "DynamoDBClient"
) -> None:
    at = time.time_ns() // 1_000_000
    failed = handle(
        record("1", message("order:1", "charged", at=at)),
        record("2", message("link:a", "live", version=7)),
        record("3", message("order:1", "hunter2", at=at, source="mallory")),
    )
    assert failed == []
    keys = {(i["PK"].get("S"), i["SK"].get("S")) for i in dynamodb.scan(TableName=TABLE)["Items"]}
    assert keys == {
        ("STATE#link:a", "STATE"),
        ("LOG#order:1", "SEQ"),
        ("LOG#order:1", "MSG#0000000000000001"),
        ("LOG#order:1", "ID#charged"),
    }
    (event,) = real()
    assert (event["source"], event["detail-type"]) == ("realtime", "realtime.publish.refused")
    detail = valid("refusal", json.dumps(event["detail"]))
    assert detail.pop("message")
    assert detail == {
        "message_id": "3",
        "code": "forbidden_source",
        "channel": "order:1",
        "id": "hunter2",
        "source": "mallory",
    }


def test_an_event_that_the_bus_does_not_take_is_an_error() -> None:
    client = boto3.client("events")
    answer: dict[str, Any] = {
        "FailedEntryCount": 1,
        "Entries": [{"ErrorCode": "ThrottlingException", "ErrorMessage": "slow down"}],
    }
    refusal = Rejected("malformed", "a message must be JSON")
    with Stubber(client) as stubber:
        stubber.add_response("put_events", answer)
        with pytest.raises(Unreported, match="got ThrottlingException: slow down"):
            asyncio.run(BusRejections(client, "bus").report("1", None, refusal))
    client.close()
