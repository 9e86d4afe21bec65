from collections.abc import Iterator
from dataclasses import dataclass

import boto3
import pytest
from moto import mock_aws
from types_boto3_dynamodb.client import DynamoDBClient
from types_boto3_sqs.client import SQSClient

from handlers.clicks.store import DynamoClickStore
from tests.fakes.links import LINKS_TABLE, create_links_table

REGION = "eu-central-1"


@dataclass(frozen=True)
class Cloud:
    """What the aggregator writes to, on moto."""

    dynamodb: DynamoDBClient
    sqs: SQSClient
    too_late_queue_url: str

    def store(self) -> DynamoClickStore:
        return DynamoClickStore(
            self.dynamodb,
            self.sqs,
            links_table=LINKS_TABLE,
            too_late_queue_url=self.too_late_queue_url,
        )


@pytest.fixture(autouse=True)
def powertools(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Realtime")
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "clicks")


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with mock_aws():
        dynamodb = boto3.client("dynamodb", region_name=REGION)
        sqs = boto3.client("sqs", region_name=REGION)
        create_links_table(dynamodb)
        yield Cloud(dynamodb, sqs, sqs.create_queue(QueueName="too-late")["QueueUrl"])
