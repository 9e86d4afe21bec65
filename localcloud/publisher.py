"""Sends values to a publish queue. Needs boto3 alone, so any server or script can use it.

A message in the queue is not yet published: an invalid one is rejected later, which an event on the
bus reports.
"""

import hashlib
import json
import time
import uuid
from collections.abc import Mapping
from typing import Any

import boto3

GROUP_LIMIT = 128
"""Characters of a message group: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html"""


class Publisher:
    """Publishes to the channels of one RealtimeApi. Threads may share it."""

    def __init__(self, queue_url: str, *, source: str | None = None, client: Any = None) -> None:
        """`source` must be among the `publishers` of the channels' rules; `client` is an SQS client
        of boto3, by default one with the credentials and the region of the environment."""
        self._queue_url, self._source = queue_url, source
        self._sqs: Any = client or boto3.client("sqs")

    def send(
        self,
        channel: str,
        value: Mapping[str, Any],
        *,
        id: str | None = None,  # noqa: A002 - the protocol's name
        version: int | None = None,
        epoch: int | None = None,
        at: int | None = None,
    ) -> str:
        """Returns SQS's id of the message.

        A retry with the same `id` publishes nothing twice; without one each call is a new message.
        `version` orders the values of a `latest` channel; without one `at` does, which is the time
        in milliseconds and now by default.
        """
        identity = id or str(uuid.uuid4())
        message = {
            "channel": channel,
            "value": value,
            "id": identity,
            "at": time.time_ns() // 1_000_000 if at is None else at,
            "version": version,
            "epoch": epoch,
            "source": self._source,
        }
        sent = self._sqs.send_message(
            QueueUrl=self._queue_url,
            MessageBody=json.dumps(
                {key: part for key, part in message.items() if part is not None}
            ),
            MessageGroupId=_group(channel),
            MessageDeduplicationId=identity,
        )
        return sent["MessageId"]


def _group(channel: str) -> str:
    if len(channel) <= GROUP_LIMIT:
        return channel
    return hashlib.sha256(channel.encode()).hexdigest()
