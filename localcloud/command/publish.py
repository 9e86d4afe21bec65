"""`realtime publish`: sends one value, and on the local cloud waits for the outcome."""

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from ..publisher import Publisher
from .apis import Api
from .logs import parsed
from .stack import Stack, StackError

OUTCOME_SECONDS = 20
POLL_SECONDS = 0.1


class Rejected(Exception):
    """The platform rejected the value; says why."""


@dataclass(frozen=True, kw_only=True)
class Message:
    channel: str
    value: Mapping[str, Any]
    id: str | None
    version: int | None
    source: str | None


def value_of(text: str) -> Mapping[str, Any]:
    """Raises `StackError`: nothing is sent."""
    try:
        value = json.loads(text)
    except ValueError as error:
        raise StackError(f"the value must be JSON, got {text!r}: {error}") from error
    if not isinstance(value, dict):
        raise StackError(f"the value must be a JSON object, got {text!r}")
    return cast("dict[str, Any]", value)


def publish(stack: Stack, message: Message) -> str:
    """Returns the outcome as a sentence. Raises `Rejected`."""
    api = stack.api(message.channel)
    rule = api.rule(message.channel)
    source = message.source or next(iter(rule.publishers if rule else ()), None)
    began = time.time()
    queue_url: str = api.publish_queue_url or stack.output("publish_queue_url")
    publisher = Publisher(queue_url, source=source, client=_sqs(stack, queue_url))
    message_id = publisher.send(
        message.channel, message.value, id=message.id, version=message.version
    )
    if not api.publish_logs:
        return (
            f"Sent to {queue_url} as {message_id}. A message that is rejected becomes"
            " an event realtime.publish.refused on the API's bus."
        )
    outcome = _outcome(stack, api, message_id, since=began)
    if outcome is None:
        return (
            f"Sent, and not published within {OUTCOME_SECONDS} s: the output of `realtime dev`"
            " says why. A message whose id was sent in the last five minutes is dropped."
        )
    if "code" in outcome:
        known = f" Rules: {api.describe_rules()}." if outcome["code"] == "unknown_channel" else ""
        raise Rejected(f"{outcome['code']}: {outcome.get('reason', '')}.{known}")
    if outcome.get("stale"):
        return f"Not pushed: {message.channel} has a newer value. Give a greater --version."
    return f"Published to {message.channel}."


def _sqs(stack: Stack, queue_url: str) -> Any:
    """In the region of the queue, which its address names on AWS."""
    region = re.search(r"//sqs\.([a-z0-9-]+)\.amazonaws\.", queue_url)
    here = Stack(stack.name, region[1] if region else stack.region, {}, stack.endpoint_url)
    return here.client("sqs")


def _outcome(stack: Stack, api: Api, message_id: str, *, since: float) -> Mapping[str, Any] | None:
    """The line that the publishing function logged about the message."""
    logs = stack.client("logs")
    deadline = time.monotonic() + OUTCOME_SECONDS
    while time.monotonic() < deadline:
        events = logs.filter_log_events(
            logGroupName=api.publish_logs, startTime=int(since * 1000), filterPattern=message_id
        )["events"]
        for event in events:
            line = parsed(api.name, event["message"])
            if line and line.details.get("message_id") == message_id:
                return line.details
        time.sleep(POLL_SECONDS)
    return None
