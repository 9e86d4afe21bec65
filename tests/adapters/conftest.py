from collections.abc import Iterator

import pytest

from handlers import aws
from tests.calls.held import calls_aws_would_take

__all__ = ["calls_aws_would_take"]

CACHED = (aws.session, aws.dynamodb, aws.sqs, aws.events, aws.management)


@pytest.fixture(autouse=True)
def fresh_clients() -> Iterator[None]:
    """A client from before the test may have been made before moto, and for another endpoint."""
    for make in CACHED:
        make.cache_clear()
    yield
    for make in CACHED:
        make.cache_clear()
