"""$connect: remembers the connection and the channel it watches.

The socket opens only when this has answered, so nothing can be posted to it from here.
"""

import asyncio
import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools import Logger

from .. import environment as variables
from . import requests
from .channels import (
    NO_CLAIMS,
    AmbiguousChannel,
    ForbiddenChannel,
    Rules,
    UnknownChannel,
    requested,
)
from .ports import Connection
from .store import dynamo_store
from .subscriptions import CONNECTION_SECONDS, connect

logger = Logger()


@dataclass(frozen=True)
class Environment:
    realtime_table: str
    channel_rules: str
    connect_parameters: str


@dataclass(frozen=True)
class Settings:
    table: str
    rules: Rules
    parameters: Mapping[str, str]


@functools.cache
def settings() -> Settings:
    environment = variables.read(Environment)
    return Settings(
        table=environment.realtime_table,
        rules=Rules.parse(environment.channel_rules),
        parameters=json.loads(environment.connect_parameters),
    )


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    connection_id = event["requestContext"].get("connectionId")
    try:
        status = _connect(event)
    except Exception:  # the edge: the client learns that it failed and nothing else
        logger.exception("connect failed", extra={"connection_id": connection_id})
        status = 500
    else:
        logger.info("connect", extra={"connection_id": connection_id, "status": status})
    return {"statusCode": status}


def _connect(event: dict[str, Any]) -> int:
    request = event["requestContext"]
    if request["eventType"] != "CONNECT":  # a client's message may name any route as its action
        return 400
    try:
        channel = requested(requests.query(event), settings().parameters)
        if channel is None:
            return 400
        settings().rules.permit(channel, NO_CLAIMS)
    except AmbiguousChannel:
        return 400
    except (UnknownChannel, ForbiddenChannel):
        return 403
    connection = Connection(
        connection_id=request["connectionId"],
        principal=request["authorizer"]["principal"],
        connected_at=request["connectedAt"],
        expires_at=request["connectedAt"] // 1000 + CONNECTION_SECONDS,
        channels=frozenset([channel]),
    )
    store = dynamo_store(settings().table)
    asyncio.run(connect(store, channel=channel, connection=connection, api_id=request["apiId"]))
    return 200
