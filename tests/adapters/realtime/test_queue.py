import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from handlers.realtime.delivery import queue
from handlers.realtime.delivery.queue import SqsTaskQueue, Unsent
from handlers.realtime.delivery.tasks import decode
from handlers.realtime.model import Retry, Task, Trail

if TYPE_CHECKING:
    from types_boto3_sqs.client import SQSClient


@pytest.fixture
def sqs(credentials: None) -> Iterator["SQSClient"]:  # noqa: ARG001 - used by the client
    with mock_aws():
        client = boto3.client("sqs")
        yield client
        client.close()


def test_tasks_arrive_as_they_were_however_many(sqs: "SQSClient") -> None:
    url = sqs.create_queue(QueueName="delivery")["QueueUrl"]
    tasks: list[Task] = [Retry("link:a", (f"c{number}",)) for number in range(23)]
    asyncio.run(SqsTaskQueue(sqs, url).send(tasks))
    found: set[Task] = set()
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        found |= {decode(message.get("Body", "")) for message in messages}
    assert found == set(tasks)


class Recording:
    """SQS that takes all entries but those of the given ids."""

    def __init__(self, *refused: str) -> None:
        self.refused = refused
        self.calls: list[list[dict[str, Any]]] = []

    def send_message_batch(self, QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: ARG002, N803 - boto3's
        self.calls.append(Entries)
        failed = [entry["Id"] for entry in Entries if entry["Id"] in self.refused]
        return {"Failed": [{"Id": entry, "Code": "Throttled"} for entry in failed]}


def send(client: Any, *tasks: Task, delay_seconds: int = 0) -> None:
    asyncio.run(SqsTaskQueue(client, "url").send(tasks, delay_seconds))


def test_a_task_waits_for_its_delay_in_the_group_of_its_channel() -> None:
    client = Recording()
    send(client, Trail("link:a", "m1"), delay_seconds=7)
    ((entry,),) = client.calls
    assert (entry["DelaySeconds"], entry["MessageGroupId"]) == (7, "link:a")


@pytest.mark.parametrize("length", [128, 129, 200])
def test_a_channel_of_any_length_has_a_group_of_its_own_that_sqs_takes(length: int) -> None:
    groups = {queue.group(end * length) for end in "abc"}
    assert len(groups) == 3
    assert max(map(len, groups)) <= 128
    assert (queue.group("a" * length) == "a" * length) == (length == 128)


def test_tasks_that_sqs_refuses_are_an_error() -> None:
    with pytest.raises(Unsent, match="1 of 2 tasks: Throttled"):
        send(Recording("1"), Trail("link:a", "m1"), Trail("link:a", "m2"))


def test_no_task_is_no_call() -> None:
    client = Recording()
    send(client)
    assert client.calls == []
