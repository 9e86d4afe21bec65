"""The delivery queue in SQS."""

import asyncio
import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from . import tasks as messages
from .tasks import Task

if TYPE_CHECKING:
    from types_boto3_sqs.client import SQSClient
    from types_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

ENTRIES_PER_CALL = 10
"""SendMessageBatch takes no more."""
GROUP_LIMIT = 128
"""Characters of a MessageGroupId:
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html"""


class Unsent(Exception):
    """SQS refused some of the tasks; the message behind them must be delivered again."""


def group(channel: str) -> str:
    """The channel itself, or for one that is longer than SQS takes, its SHA-256 in hex."""
    if len(channel) <= GROUP_LIMIT:
        return channel
    return hashlib.sha256(channel.encode()).hexdigest()


class SqsTaskQueue:
    """The `TaskQueue` of `ports`. The client blocks, so each call runs in a thread."""

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url

    async def send(self, tasks: Sequence[Task], delay_seconds: int = 0) -> None:
        """Raises `Unsent`; those that SQS took are delivered all the same."""
        batches = [
            tasks[start : start + ENTRIES_PER_CALL]
            for start in range(0, len(tasks), ENTRIES_PER_CALL)
        ]
        await asyncio.gather(*(self._send(batch, delay_seconds) for batch in batches))

    async def _send(self, tasks: Sequence[Task], delay_seconds: int) -> None:
        entries: list[SendMessageBatchRequestEntryTypeDef] = [
            {
                "Id": str(number),
                "MessageBody": messages.encode(task),
                "DelaySeconds": delay_seconds,
                # On a standard queue: a channel with many tasks does not hold up the others.
                "MessageGroupId": group(task.channel),
            }
            for number, task in enumerate(tasks)
        ]
        answer = await asyncio.to_thread(
            self._client.send_message_batch, QueueUrl=self._url, Entries=entries
        )
        if failed := answer.get("Failed"):
            codes = sorted({entry["Code"] for entry in failed})
            raise Unsent(f"SQS refused {len(failed)} of {len(tasks)} tasks: {', '.join(codes)}")
