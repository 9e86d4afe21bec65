from collections.abc import Iterator
from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws

from examples.orders.tests.shop import KEYS, Shop, open_shop
from tests.calls.held import calls_aws_would_take

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient


__all__ = ["calls_aws_would_take"]


@pytest.fixture(autouse=True)
def powertools(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "orders")


@pytest.fixture
def shop() -> Iterator[Shop]:
    with open_shop() as shop:
        yield shop


@pytest.fixture(scope="module")
def moto_dynamodb() -> Iterator["DynamoDBClient"]:
    with mock_aws():  # which also keeps the machine's credentials out
        client = boto3.client("dynamodb", region_name="eu-central-1")
        yield client
        client.close()


@pytest.fixture(params=["moto", "local cloud"])
def either_shop(request: pytest.FixtureRequest) -> Iterator[Shop]:
    """A shop on either of two DynamoDBs, which have to agree."""
    if request.param == "local cloud":
        yield request.getfixturevalue("shop")
        return
    shop = Shop(request.getfixturevalue("moto_dynamodb"))
    shop.create()
    yield shop
    for table in KEYS:
        shop.client.delete_table(TableName=table)
