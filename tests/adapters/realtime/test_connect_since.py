"""$connect for a client that says what it has, on moto."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from handlers.aws import run
from handlers.realtime.delivery.tasks import decode
from handlers.realtime.functions import connect
from handlers.realtime.latest.store import DynamoStates
from handlers.realtime.model import Position, Retry, Task, Update
from tests.adapters.realtime.conftest import TABLE
from tests.fakes.delivery import RULES_TEXT

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient
    from types_boto3_sqs.client import SQSClient


@pytest.fixture
def queue(
    dynamodb: "DynamoDBClient",
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator["SQSClient"]:
    """The delivery queue behind the function; the channel's state is version 4 of epoch 1."""
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName="delivery")["QueueUrl"]
    for name, value in {
        "REALTIME_TABLE": TABLE,
        "CHANNEL_RULES": RULES_TEXT,
        "CONNECT_PARAMETERS": '{"code":"link:{}"}',
        "DELIVERY_QUEUE_URL": url,
    }.items():
        monkeypatch.setenv(name, value)
    run(DynamoStates(dynamodb, TABLE).lead(Update("link:a", {}, 4, 1, 1), 1, 1))
    yield sqs
    sqs.close()
    connect.settings.cache_clear()


def open_socket(*since: str) -> int:
    query: dict[str, Any] = {"code": ["a"], "since": list(since)}
    request = {
        "eventType": "CONNECT",
        "connectionId": "L0SM9cOFvHcCIhw=",
        "connectedAt": 1_763_787_600_123,
        "apiId": "abcdef1234",
        "authorizer": {"principal": "anonymous"},
    }
    event = {"requestContext": request, "multiValueQueryStringParameters": query}
    return connect.handler(event, object())["statusCode"]


def sent(sqs: "SQSClient") -> list[Task]:
    url = sqs.get_queue_url(QueueName="delivery")["QueueUrl"]
    messages = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=2).get("Messages", [])
    return [decode(message.get("Body", "")) for message in messages]


def test_a_client_that_has_less_gets_the_rest_once_its_socket_is_open(queue: "SQSClient") -> None:
    assert open_socket("1.3") == 200
    assert sent(queue) == [Retry("link:a", ("L0SM9cOFvHcCIhw=",), Position(1, 3), span=True)]


@pytest.mark.parametrize("since", [("1.4",), ()])
def test_a_client_that_lacks_nothing_costs_no_message(
    queue: "SQSClient", since: tuple[str, ...]
) -> None:
    assert open_socket(*since) == 200
    assert (
        queue.receive_message(QueueUrl=queue.get_queue_url(QueueName="delivery")["QueueUrl"]).get(
            "Messages", []
        )
        == []
    )


@pytest.mark.usefixtures("queue")
@pytest.mark.parametrize(
    "since",
    ["", "1", "1.", ".1", "1.2.3", "-1.2", "1.2 ", "a.b", "1.12345678901234567", "\u0661.\u0662"],
)
def test_a_position_that_is_none_is_refused(since: str) -> None:
    assert open_socket(since) == 400


@pytest.mark.usefixtures("queue")
def test_two_positions_are_refused() -> None:
    assert open_socket("1.3", "1.4") == 400
