from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from cli import redrive
from cli.redrive import Queue

if TYPE_CHECKING:
    from types_boto3_sqs.client import SQSClient


@pytest.fixture
def sqs(monkeypatch: pytest.MonkeyPatch) -> Iterator["SQSClient"]:
    monkeypatch.setattr(redrive, "WAIT_SECONDS", 0)
    client = boto3.client("sqs")
    yield client
    client.close()


@pytest.fixture(params=["standard", "fifo"])
def queue(request: pytest.FixtureRequest, sqs: "SQSClient") -> Queue:
    fifo = request.param == "fifo"
    suffix, attributes = (".fifo", {"FifoQueue": "true"}) if fifo else ("", {})
    urls = [
        sqs.create_queue(QueueName=name + suffix, Attributes=attributes)["QueueUrl"]  # pyright: ignore[reportArgumentType] - the stub's literal keys
        for name in ("work", "work-dead")
    ]
    return Queue("work", *urls)


def bury(sqs: "SQSClient", queue: Queue, *bodies: str) -> None:
    for body in bodies:
        group = {"MessageGroupId": "link:a"}
        if queue.is_fifo:
            group["MessageDeduplicationId"] = body
        sqs.send_message(
            QueueUrl=queue.dead_letter_url,
            MessageBody=body,
            MessageAttributes={"cause": {"DataType": "String", "StringValue": "bad"}},
            **group,  # pyright: ignore[reportArgumentType] - optional members
        )


def received(sqs: "SQSClient", url: str) -> list[Any]:
    found: list[Any] = []
    while messages := sqs.receive_message(
        QueueUrl=url,
        MaxNumberOfMessages=10,
        MessageAttributeNames=["All"],
        MessageSystemAttributeNames=["All"],
    ).get("Messages"):
        found += messages
        for message in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message.get("ReceiptHandle", ""))
    return found


def test_every_dead_letter_is_sent_again_and_gone_from_the_dead(
    sqs: "SQSClient", queue: Queue
) -> None:
    bodies = [f"message {number}" for number in range(23)]
    bury(sqs, queue, *bodies)
    steps: list[int] = []
    assert redrive.redrive(sqs, queue, redrive.waiting(sqs, queue), steps.append) == 23
    assert sorted(m["Body"] for m in received(sqs, queue.url)) == sorted(bodies)
    assert redrive.waiting(sqs, queue) == 0
    assert steps == sorted(steps)
    assert steps[-1] == 23


def test_a_message_keeps_its_group_and_its_attributes(sqs: "SQSClient", queue: Queue) -> None:
    bury(sqs, queue, "one")
    redrive.redrive(sqs, queue, 1, lambda _: None)
    (message,) = received(sqs, queue.url)
    assert message["Attributes"]["MessageGroupId"] == "link:a"
    assert message["MessageAttributes"]["cause"]["StringValue"] == "bad"


def test_a_message_that_failed_a_minute_ago_is_not_dropped_as_a_repetition(
    sqs: "SQSClient", queue: Queue
) -> None:
    group = {"MessageGroupId": "link:a"}
    if queue.is_fifo:
        group["MessageDeduplicationId"] = "one"
    sqs.send_message(QueueUrl=queue.url, MessageBody="one", **group)  # pyright: ignore[reportArgumentType] - optional members
    received(sqs, queue.url)
    bury(sqs, queue, "one")
    redrive.redrive(sqs, queue, 1, lambda _: None)
    assert [m["Body"] for m in received(sqs, queue.url)] == ["one"]


def test_what_comes_back_meanwhile_is_not_moved_again(sqs: "SQSClient", queue: Queue) -> None:
    bury(sqs, queue, "a", "b", "c")
    assert redrive.redrive(sqs, queue, 2, lambda _: None) == 2
    assert redrive.waiting(sqs, queue) + len(received(sqs, queue.url)) == 3


class Refusing:
    """SQS, with a source queue that takes every message but one."""

    def __init__(self, sqs: "SQSClient", refused: str) -> None:
        self._sqs: Any = sqs
        self._refused = refused

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sqs, name)

    def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, Any]]) -> Any:  # noqa: N803 - boto3's names
        taken = [entry for entry in Entries if entry["MessageBody"] != self._refused]
        return self._sqs.send_message_batch(QueueUrl=QueueUrl, Entries=taken)


def test_a_message_that_is_not_taken_stays_dead_and_is_not_lost(
    sqs: "SQSClient", queue: Queue
) -> None:
    bury(sqs, queue, "good", "refused")
    assert redrive.redrive(Refusing(sqs, "refused"), queue, 2, lambda _: None) == 1
    counts = sqs.get_queue_attributes(QueueUrl=queue.dead_letter_url, AttributeNames=["All"])
    assert counts.get("Attributes", {})["ApproximateNumberOfMessagesNotVisible"] == "1"


def test_a_queue_that_does_not_exist_is_named_with_those_that_do(queue: Queue) -> None:
    with pytest.raises(redrive.UnknownQueue, match="one of work, got wrok"):
        redrive.choose([queue], "wrok")
