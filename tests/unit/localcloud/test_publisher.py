import hashlib
import json
import time
from typing import Any

import pytest

from localcloud.publisher import Publisher

QUEUE = "https://sqs.eu-west-1.amazonaws.com/123456789012/publish.fifo"


class Sqs:
    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    def send_message(self, **request: Any) -> dict[str, str]:
        self.sent.append(request)
        return {"MessageId": "m-1"}


@pytest.fixture
def sqs() -> Sqs:
    return Sqs()


def body(sqs: Sqs) -> dict[str, Any]:
    return json.loads(sqs.sent[-1]["MessageBody"])


def test_a_value_is_sent_as_the_protocol_has_it(sqs: Sqs) -> None:
    publisher = Publisher(QUEUE, source="orders", client=sqs)
    sent = publisher.send("user:42", {"order": 1}, id="o-1", version=3, epoch=2, at=1)
    assert sent == "m-1"
    assert sqs.sent[0] == {
        "QueueUrl": QUEUE,
        "MessageBody": sqs.sent[0]["MessageBody"],
        "MessageGroupId": "user:42",
        "MessageDeduplicationId": "o-1",
    }
    value: dict[str, Any] = {"channel": "user:42", "value": {"order": 1}, "id": "o-1", "at": 1}
    assert body(sqs) == {**value, "version": 3, "epoch": 2, "source": "orders"}


def test_what_is_left_out_is_not_sent_but_the_time_and_a_new_id(sqs: Sqs) -> None:
    before = time.time_ns() // 1_000_000
    publisher = Publisher(QUEUE, client=sqs)
    publisher.send("a", {})
    publisher.send("a", {})
    assert body(sqs).keys() == {"channel", "value", "id", "at"}
    assert body(sqs)["at"] >= before
    first, second = (request["MessageDeduplicationId"] for request in sqs.sent)
    assert first != second
    assert body(sqs)["id"] == second


def test_zero_is_a_version(sqs: Sqs) -> None:
    Publisher(QUEUE, client=sqs).send("a", {}, version=0, at=0)
    assert (body(sqs)["version"], body(sqs)["at"]) == (0, 0)


@pytest.mark.parametrize("length", [128, 129])
def test_a_channel_that_is_too_long_for_a_group_is_its_digest(sqs: Sqs, length: int) -> None:
    channel = "c" * length
    Publisher(QUEUE, client=sqs).send(channel, {})
    digest = hashlib.sha256(channel.encode()).hexdigest()
    assert sqs.sent[0]["MessageGroupId"] == (channel if length == 128 else digest)
