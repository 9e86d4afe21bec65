"""Logs a principal out everywhere: ends its connections, and refuses its tokens from before."""

import functools
import time
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools import Logger

from ... import aws
from ... import environment as variables
from ..delivery.posts import management_posts
from ..identity.principal import CLAIM_LIMIT
from ..identity.session_store import DynamoSessionStore
from ..identity.sessions import Ending, revoke
from ..store import DynamoStore

logger = Logger()
aws.dynamodb()


@dataclass(frozen=True)
class Environment:
    realtime_table: str
    management_endpoint: str


class MalformedRequest(ValueError):
    """The event names no principal."""


@functools.cache
def ending() -> Ending:
    environment = variables.read(Environment)
    client, table = aws.dynamodb(), environment.realtime_table
    posts = management_posts(environment.management_endpoint)
    return Ending(DynamoSessionStore(client, table), DynamoStore(client, table), posts)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Raises if a connection is left, so that the caller, or Lambda for it, calls again."""
    principal = event.get("principal")
    if not isinstance(principal, str) or not 0 < len(principal) <= CLAIM_LIMIT:
        raise MalformedRequest(
            f'the event must be {{"principal": "<sub>"}} with 1 to {CLAIM_LIMIT} characters'
        )
    ended = aws.run(revoke(ending(), principal, time.time_ns() // 1_000_000))
    logger.info("revoked", extra={"connections": ended})
    return {"connections": ended}
