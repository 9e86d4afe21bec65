"""The process's one DynamoDB client: making another costs its time and its connections again."""

import functools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient


@functools.cache
def client() -> "DynamoDBClient":
    """The first call loads boto3.

    Three attempts of 3 s at most and pauses of up to 1 and 2 s: 12 s at worst, which leaves a
    function of 20 s time to say what failed. A fourth would take all of it, and whatever calls a
    function here calls it again: the queue delivers again, the browser connects again.
    """
    import boto3  # noqa: PLC0415 - half of a cold start, so only where it is needed
    from botocore.config import Config  # noqa: PLC0415 - see above

    config = Config(
        connect_timeout=1,
        read_timeout=2,
        retries={"mode": "standard", "total_max_attempts": 3},
        max_pool_connections=32,
    )
    return boto3.client("dynamodb", config=config)
