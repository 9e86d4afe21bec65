"""What the function `realtime.publish` is called with, and its answer."""

import json
from typing import Any

from handlers.realtime.functions import publish

from .delivery import NOW

QUEUE = "arn:aws:sqs:eu-central-1:123456789012:publish.fifo"
BUS_QUEUE = "arn:aws:sqs:eu-central-1:123456789012:events"
RULES: list[dict[str, Any]] = [
    {
        "pattern": pattern,
        "access": "public",
        "delivery": delivery,
        "min_interval_ms": 0,
        "publishers": ["orders"],
    }
    for pattern, delivery in [("link:*", "latest"), ("order:*", "every")]
]


def record(message_id: str, body: Any, *, queue: str = QUEUE, group: str = "") -> dict[str, Any]:
    fifo = {"MessageGroupId": group or body["channel"]} if queue == QUEUE else {}
    return {
        "messageId": message_id,
        "body": body if isinstance(body, str) else json.dumps(body),
        "attributes": {"SentTimestamp": str(NOW), "ApproximateReceiveCount": "1", **fifo},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": queue,
        "awsRegion": "eu-central-1",
    }


def message(channel: str, name: str, **fields: Any) -> dict[str, Any]:
    return {"channel": channel, "value": {"status": name}, "id": name, "source": "orders", **fields}


def on_the_bus(detail: Any, source: str = "orders") -> str:
    event = {"detail-type": "realtime.publish", "source": source, "detail": detail}
    return json.dumps({**event, "time": "2025-11-22T05:00:00Z"})


def handle(*records: dict[str, Any]) -> list[str]:
    answer = publish.handler({"Records": list(records)}, object())
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]
