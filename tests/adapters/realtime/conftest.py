from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from handlers.realtime.latest.store import DynamoStates
from handlers.realtime.store import DynamoStore
from tests.fakes.realtime import MemoryStore

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient

    from handlers.realtime.ports import StateStore, Store, Tokens

TABLE = "realtime"


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing in these tests may reach an account, whatever the machine is configured for."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "POWERTOOLS_SERVICE_NAME": "realtime",
        "POWERTOOLS_METRICS_NAMESPACE": "realtime",
    }.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def dynamodb(credentials: None) -> Iterator["DynamoDBClient"]:  # noqa: ARG001 - used by the client
    with mock_aws():
        client = boto3.client("dynamodb")
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


@pytest.fixture(params=["memory", "dynamodb"])
def store(request: pytest.FixtureRequest) -> "Store":
    if request.param == "memory":
        return MemoryStore()
    return DynamoStore(request.getfixturevalue("dynamodb"), TABLE)


@pytest.fixture(params=["memory", "dynamodb"])
def states(request: pytest.FixtureRequest) -> "StateStore":
    if request.param == "memory":
        return MemoryStore()
    return DynamoStates(request.getfixturevalue("dynamodb"), TABLE)


@pytest.fixture
def tokens(store: "Store") -> "Tokens":
    """The same table counts what workers take."""
    assert isinstance(store, MemoryStore | DynamoStore)
    return store


def keys(dynamodb: "DynamoDBClient") -> set[tuple[Any, Any]]:
    return {
        (item["PK"].get("S"), item["SK"].get("S"))
        for item in dynamodb.scan(TableName=TABLE)["Items"]
    }
