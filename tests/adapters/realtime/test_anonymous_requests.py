"""The calls of DynamoDB that one anonymous request causes: the figures of docs/security.md.

A subscription's row has less than 1 KB and a state at most two reading units, so calls bound units.
"""

import json
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from handlers import aws
from handlers.realtime.functions import connect, disconnect, messages
from tests.adapters.realtime.test_handlers import (
    CONTEXT,
    authorized,
    event,
    handshake,
    variables,
)

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient

__all__ = ["variables"]  # the fixture

LINK = {"channel": ["link:first"]}


@pytest.fixture
def calls(
    dynamodb: "DynamoDBClient",  # noqa: ARG001 - the table
) -> Iterator[Counter[str]]:
    made: Counter[str] = Counter()

    def count(model: Any, **_: Any) -> None:
        made[model.name] += 1

    events = aws.dynamodb().meta.events
    events.register("before-call.dynamodb", count)
    yield made
    events.unregister("before-call.dynamodb", count)


def send(action: str, **fields: Any) -> None:
    body = json.dumps({"action": action, **fields})
    answer = messages.handler(event("MESSAGE", action, body=body), CONTEXT)
    assert answer["statusCode"] == 200


@pytest.mark.parametrize(
    "query", [{"channel": ["nope"]}, {"channel": ["user:ada"]}, {"x": ["x" * 2049]}, {}]
)
def test_a_handshake_costs_no_call_before_it_is_accepted(
    calls: Counter[str], query: dict[str, list[str]]
) -> None:
    authorized(query)
    assert not calls


def test_an_accepted_handshake_costs_two_writes_and_two_reads(calls: Counter[str]) -> None:
    assert authorized(LINK)
    assert connect.handler(handshake(LINK), CONTEXT)["statusCode"] == 200
    assert calls == {"PutItem": 2, "GetItem": 2}


def test_a_handshake_with_a_position_costs_one_read_less(calls: Counter[str]) -> None:
    since = {**LINK, "since": ["0.0"]}
    assert connect.handler(handshake(since), CONTEXT)["statusCode"] == 200
    assert calls == {"PutItem": 2, "GetItem": 1}


def test_a_subscribe_costs_two_writes_and_one_read(calls: Counter[str]) -> None:
    connect.handler(handshake(LINK), CONTEXT)
    calls.clear()
    send("subscribe", channel="link:second")
    assert calls == {"UpdateItem": 1, "PutItem": 1, "GetItem": 1}


def test_a_subscribe_to_a_private_channel_costs_two_writes(calls: Counter[str]) -> None:
    connect.handler(handshake(LINK), CONTEXT)
    calls.clear()
    send("subscribe", channel="user:ada")
    assert calls == {"UpdateItem": 2}


def test_an_unsubscribe_costs_two_writes_at_most(calls: Counter[str]) -> None:
    connect.handler(handshake(LINK), CONTEXT)
    calls.clear()
    send("unsubscribe", channel="link:first")
    assert calls == {"DeleteItem": 1, "UpdateItem": 1}


@pytest.mark.parametrize("action", ["ping", "nonsense"])
def test_a_message_that_is_no_subscription_costs_no_call(calls: Counter[str], action: str) -> None:
    send(action)
    assert not calls


def test_a_disconnect_costs_a_write_and_one_for_its_channels(calls: Counter[str]) -> None:
    connect.handler(handshake(LINK), CONTEXT)
    calls.clear()
    disconnect.handler(event("DISCONNECT", "$disconnect"), CONTEXT)
    assert calls == {"DeleteItem": 1, "BatchWriteItem": 1}
