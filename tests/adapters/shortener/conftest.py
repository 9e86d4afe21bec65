from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws
from types_boto3_dynamodb.client import DynamoDBClient

from handlers.shortener import emit
from handlers.shortener.store import LinkStore
from tests.adapters.shortener.bus import TAKEN, Peer, nobody, peer, way
from tests.fakes.links import LINKS_TABLE, create_links_table

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


@pytest.fixture
def links(dynamodb: DynamoDBClient) -> LinkStore:
    return LinkStore(dynamodb, LINKS_TABLE)


@pytest.fixture
def table(dynamodb: DynamoDBClient) -> Iterator[Peer]:
    """DynamoDB as the redirect reaches it: its requests are answered by moto."""

    def answer(request: dict[str, Any]) -> tuple[int, Any]:
        found = dynamodb.get_item(**request)
        return 200, {"Item": found["Item"]} if "Item" in found else {}

    with peer(answer) as running:
        yield running


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time enough for the bus to answer on a busy machine."""
    monkeypatch.setattr(emit, "BUS_SECONDS", 20)
    monkeypatch.setattr(emit, "EMIT_SECONDS", 20)


@pytest.fixture
def open_way(
    table: Peer,
    unhurried: None,  # noqa: ARG001 - the bus answers late on a busy machine
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Peer]:
    """The bus, which takes each click."""
    with peer(TAKEN) as bus, way(monkeypatch, table.url, bus.url, nobody()):
        yield bus
