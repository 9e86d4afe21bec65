from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws
from types_boto3_dynamodb.client import DynamoDBClient

from handlers.shortener import redirect
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
def fresh_redirect(links: LinkStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """The function as a fresh process has it, on the test's own table."""
    cache = redirect._cache.__wrapped__()  # pyright: ignore[reportPrivateUsage] - an empty one
    monkeypatch.setattr(redirect, "_cache", lambda: cache)
    monkeypatch.setattr(redirect, "_links", lambda: links)


@pytest.fixture
def open_way(monkeypatch: pytest.MonkeyPatch) -> Iterator[Peer]:
    with peer(TAKEN) as bus, way(monkeypatch, bus.url, nobody()):
        yield bus
