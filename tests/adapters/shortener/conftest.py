from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws
from types_boto3_dynamodb.client import DynamoDBClient

from tests.doubles.links import create_links_table

REGION = "eu-central-1"


@pytest.fixture(autouse=True)
def powertools(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Realtime")
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "shortener")


@pytest.fixture
def dynamodb() -> Iterator[DynamoDBClient]:
    with mock_aws():
        client = boto3.client("dynamodb", region_name=REGION)
        create_links_table(client)
        yield client
