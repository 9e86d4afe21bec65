import json
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from handlers import aws
from handlers.realtime.functions import authorize, connect, disconnect, messages, ticket
from handlers.realtime.identity import credentials as handshake
from tests.adapters.realtime.conftest import TABLE, credentials
from tests.fakes.gateway import Clock, Gateway
from tests.fakes.issuer import AUDIENCE, Issuer, issuer

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient

__all__ = ["credentials"]

RULES: list[dict[str, Any]] = [
    {
        "pattern": pattern,
        "access": access,
        "delivery": "latest",
        "min_interval_ms": 200,
        "publishers": [],
    }
    for pattern, access in [("user:{sub}", "owner"), ("news:*", "public")]
]
CACHED = (
    *(authorize.policy, connect.settings, disconnect.environment, messages.service),
    ticket.service,
)


@pytest.fixture(scope="module")
def table() -> Iterator["DynamoDBClient"]:
    """One for all tests of a module: to make a client takes longer than any of them."""
    with mock_aws():
        client = boto3.client(
            "dynamodb",
            region_name="eu-central-1",
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        )
        client.create_table(
            TableName=TABLE,
            KeySchema=[
                {"AttributeName": "PK", "KeyType": "HASH"},
                {"AttributeName": "SK", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[
                {"AttributeName": "PK", "AttributeType": "S"},
                {"AttributeName": "SK", "AttributeType": "S"},
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        yield client
        client.close()


@pytest.fixture
def dynamodb(
    table: "DynamoDBClient", monkeypatch: pytest.MonkeyPatch
) -> Iterator["DynamoDBClient"]:
    """An empty table, and the functions' own client of it."""
    monkeypatch.setattr(aws, "dynamodb", lambda: table)
    yield table
    for item in table.scan(TableName=TABLE)["Items"]:
        table.delete_item(TableName=TABLE, Key={name: item[name] for name in ("PK", "SK")})
    for factory in CACHED:
        factory.cache_clear()


@pytest.fixture
def authority() -> Iterator[Issuer]:
    """An OpenID issuer that answers on a loopback port."""
    with issuer() as running:
        yield running


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """What the functions take for the time, from now on; only PyJWT looks at a clock of its own."""
    clock = Clock(time.time_ns() // 1_000_000)
    for module in (handshake, ticket, messages):
        monkeypatch.setattr(module, "time", clock)
    return clock


@pytest.fixture
def gateway(
    authority: Issuer,
    clock: Clock,
    dynamodb: "DynamoDBClient",  # noqa: ARG001 - the table behind the functions
    monkeypatch: pytest.MonkeyPatch,
) -> Gateway:
    """The functions, for tokens of the authority and tickets."""
    tokens = {
        "issuer": authority.url,
        "audiences": [AUDIENCE],
        "algorithms": ["RS256"],
        "token_use": None,
        "clock_skew_seconds": 30,
    }
    for name, value in {
        "REALTIME_TABLE": TABLE,
        "CHANNEL_RULES": json.dumps(RULES),
        "CONNECT_PARAMETERS": "{}",
        "ALLOWED_ORIGINS": "[]",
        "REQUIRE_ORIGIN": "false",
        "TOKENS": json.dumps(tokens),
        "MAXIMUM_SUBSCRIPTIONS": "3",
        "DELIVERY_QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/123456789012/delivery",
    }.items():
        monkeypatch.setenv(name, value)
    return Gateway(clock)
