"""$disconnect: deletes the connection's rows.

API Gateway may never send it, so it may do no more than clean up.
"""

import functools
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools import Logger

from ... import aws
from ... import environment as variables
from ..identity.session_store import DynamoSessionStore
from ..identity.sessions import end
from ..store import DynamoStore

logger = Logger()
aws.dynamodb()


@dataclass(frozen=True)
class Environment:
    realtime_table: str


@functools.cache
def environment() -> Environment:
    return variables.read(Environment)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    request = event["requestContext"]
    connection_id = request.get("connectionId")
    if (
        request.get("eventType") != "DISCONNECT"
    ):  # a client's message may name any route as its action
        logger.info("ignored", extra={"connection_id": connection_id})
        return {"statusCode": 200}
    try:
        client, table = aws.dynamodb(), environment().realtime_table
        sessions, store = DynamoSessionStore(client, table), DynamoStore(client, table)
        rows = aws.run(end(sessions, store, connection_id))
    except Exception:  # the edge: the socket is closed already, TTL deletes the rest
        logger.exception("disconnect failed", extra={"connection_id": connection_id})
    else:
        logger.info("disconnect", extra={"connection_id": connection_id, "rows": rows})
    return {"statusCode": 200}
