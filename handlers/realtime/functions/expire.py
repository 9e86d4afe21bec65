"""Each minute: closes the connections whose tokens have ended.

A connection gets no push from the second that its token ends, so only its socket waits for this.
"""

import asyncio
import functools
import time
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools import Logger

from ... import aws
from ... import environment as variables
from ..delivery.posts import management_posts
from ..identity.session_store import DynamoSessionStore
from ..identity.sessions import PARTS, Ending, first_minute, sweep
from ..store import DynamoStore

logger = Logger()
aws.dynamodb()


@dataclass(frozen=True)
class Environment:
    realtime_table: str
    management_endpoint: str


@functools.cache
def ending() -> Ending:
    environment = variables.read(Environment)
    client, table = aws.dynamodb(), environment.realtime_table
    posts = management_posts(environment.management_endpoint)
    return Ending(DynamoSessionStore(client, table), DynamoStore(client, table), posts)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Raises when connections are left; the next minute begins where this one did."""
    ended = aws.run(_sweep(ending(), time.time_ns() // 1_000_000))
    logger.info("swept", extra={"connections": ended})
    return {"connections": ended}


async def _sweep(ending: Ending, now_ms: int) -> int:
    since = await first_minute(ending.sessions, now_ms)
    parts = (sweep(ending, part, since, now_ms) for part in range(PARTS))
    outcomes = await asyncio.gather(*parts, return_exceptions=True)
    failures = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    if failures:
        raise failures[0]
    # This minute is not over, so that it is looked at once more.
    await ending.sessions.put_swept(now_ms // 60_000)
    return sum(outcome for outcome in outcomes if isinstance(outcome, int))
