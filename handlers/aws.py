"""boto3 clients with their timeouts and retries, full jitter, and the event loop. Each exists once.

A function makes at import the clients that every run of it needs: Lambda gives the init phase a
whole processor, and a run the share that its memory buys, a seventh of one at 256 MB.
https://serverlessland.com/content/service/lambda/guides/effectively-running-java-on-serverless/init-heavy-lifting
boto3 itself is imported by the first client, because most runs of the authorizer need none.
"""

import functools
import random
import ssl
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from . import environment
from .signed_http import json_calls as json

if TYPE_CHECKING:
    import asyncio

    import boto3
    from botocore.config import Config
    from types_boto3_apigatewaymanagementapi.client import ApiGatewayManagementApiClient
    from types_boto3_dynamodb.client import DynamoDBClient
    from types_boto3_events.client import EventBridgeClient
    from types_boto3_sqs.client import SQSClient

Result = TypeVar("Result")

ATTEMPTS = 3
"""Three of 3 s at most and pauses of up to 1 and 2 s: 12 s at worst, which leaves a function of
20 s time to log the failure. A fourth would take all of it, and the source of the run repeats the
run anyway: the queue delivers again, the browser connects again."""


@functools.cache
def session() -> "boto3.Session":
    import boto3  # noqa: PLC0415 - see above

    return boto3.Session()


@functools.cache
def dynamodb() -> "DynamoDBClient":
    return session().client("dynamodb", config=_config())


@functools.cache
def sqs(*, seconds: float = 3, attempts: int = ATTEMPTS) -> "SQSClient":
    return session().client("sqs", config=_config(seconds, attempts))


@functools.cache
def events(*, seconds: float = 2, attempts: int = ATTEMPTS) -> "EventBridgeClient":
    return session().client("events", config=_config(seconds, attempts))


@functools.cache
def management(endpoint: str) -> "ApiGatewayManagementApiClient":
    """For DELETE @connections; posts go through `signed_http`."""
    config = _config(seconds=3, attempts=2)
    return session().client("apigatewaymanagementapi", endpoint_url=endpoint, config=config)


def json_calls(protocol: json.Protocol) -> json.JsonCalls:
    """In place of a client, for a function that does without boto3."""
    region = environment.region()
    return json.JsonCalls(
        protocol,
        environment.emulator() or f"https://{protocol.service}.{region}.amazonaws.com",
        region=region,
        credentials=environment.credentials(),
        tls=tls(),
    )


@functools.cache
def tls() -> ssl.SSLContext:
    """Verifies by the system's trust store, which takes some 25 ms of a whole processor to load."""
    return ssl.create_default_context()


def full_jitter(attempt: int, *, first: float = 0.05, longest: float = float("inf")) -> float:
    """Seconds to wait before the given attempt, 1 or more: anything up to a bound that doubles.

    https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/
    """
    return random.uniform(0, min(longest, first * 2**attempt))  # noqa: S311 - jitter is no secret


def run(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """Unlike `asyncio.run`, keeps the loop: sockets opened in one run serve the next ones."""
    return _runner().run(coroutine)


@functools.cache
def _runner() -> "asyncio.Runner":
    import asyncio  # noqa: PLC0415 - the redirect, which a person waits for, has no use for it

    return asyncio.Runner()


def _config(seconds: float = 2, attempts: int = ATTEMPTS) -> "Config":
    from botocore.config import Config  # noqa: PLC0415 - see above

    return Config(
        connect_timeout=min(1, seconds),
        read_timeout=seconds,
        retries={"mode": "standard", "total_max_attempts": attempts},
        max_pool_connections=32,  # blocking calls run in threads, and one batch makes many
    )
