"""`realtime redrive`: sends dead letters to their queue again, once the cause is fixed.

A message is sent before it is deleted, so one that is interrupted comes twice and none is lost;
the consumers of these queues recognise repetitions.
"""

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

BATCH = 10
WAIT_SECONDS = 2
VISIBILITY_SECONDS = 120
EMPTY_ANSWERS = 3
"""SQS asks a sample of its servers, so one empty answer says little."""


class UnknownQueue(Exception):
    """The stack has no such queue."""


@dataclass(frozen=True)
class Queue:
    title: str
    url: str
    dead_letter_url: str

    @property
    def is_fifo(self) -> bool:
        return self.url.endswith(".fifo")


def queues(output: Mapping[str, Mapping[str, str]]) -> list[Queue]:
    """From the stack's output `queues`."""
    return [Queue(title, each["url"], each["dead_letter_url"]) for title, each in output.items()]


def choose(found: Sequence[Queue], title: str | None) -> list[Queue]:
    """All of them without a title. Raises `UnknownQueue`."""
    chosen = [queue for queue in found if title in (None, queue.title)]
    if not chosen:
        titles = ", ".join(queue.title for queue in found)
        raise UnknownQueue(f"the queue must be one of {titles}, got {title}.")
    return chosen


def waiting(sqs: Any, queue: Queue) -> int:
    """How many dead letters there are, roughly: SQS counts no better."""
    name = "ApproximateNumberOfMessages"
    answer = sqs.get_queue_attributes(QueueUrl=queue.dead_letter_url, AttributeNames=[name])
    return int(answer["Attributes"][name])


def redrive(sqs: Any, queue: Queue, limit: int, moved: Callable[[int], None]) -> int:
    """Moves at most `limit`, so that those which fail again are not moved again; how many it did.

    A message that SQS does not take stays where it is.
    """
    done = 0
    for messages in _received(sqs, queue, limit):
        taken = _send(sqs, queue, messages)
        _delete(sqs, queue, taken)
        done += len(taken)
        moved(done)
    return done


def _received(sqs: Any, queue: Queue, limit: int) -> Iterator[Sequence[Mapping[str, Any]]]:
    left, empty = limit, 0
    while left > 0 and empty < EMPTY_ANSWERS:
        messages = sqs.receive_message(
            QueueUrl=queue.dead_letter_url,
            MaxNumberOfMessages=min(BATCH, left),
            WaitTimeSeconds=WAIT_SECONDS,
            VisibilityTimeout=VISIBILITY_SECONDS,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        ).get("Messages", [])
        empty = 0 if messages else empty + 1
        left -= len(messages)
        if messages:
            yield messages


def _send(sqs: Any, queue: Queue, messages: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    entries = [_entry(queue, str(number), message) for number, message in enumerate(messages)]
    answer = sqs.send_message_batch(QueueUrl=queue.url, Entries=entries)
    return [messages[int(sent["Id"])] for sent in answer.get("Successful", [])]


def _entry(queue: Queue, number: str, message: Mapping[str, Any]) -> dict[str, Any]:
    entry: dict[str, Any] = {"Id": number, "MessageBody": message["Body"]}
    if message.get("MessageAttributes"):
        entry["MessageAttributes"] = message["MessageAttributes"]
    attributes = message.get("Attributes", {})
    if "MessageGroupId" in attributes:
        entry["MessageGroupId"] = attributes["MessageGroupId"]
    if queue.is_fifo:
        # With the id that it had, SQS would drop it without a word for five minutes after the
        # first sending. What makes it idempotent is the id in its body.
        entry["MessageDeduplicationId"] = str(uuid.uuid4())
    return entry


def _delete(sqs: Any, queue: Queue, messages: Sequence[Mapping[str, Any]]) -> None:
    entries = [
        {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
        for number, message in enumerate(messages)
    ]
    if entries:
        sqs.delete_message_batch(QueueUrl=queue.dead_letter_url, Entries=entries)
