"""$connect: remembers the connection and the channel it watches.

The socket opens only when this has answered, so nothing can be posted to it from here.
"""

import functools
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from aws_lambda_powertools import Logger

from ... import aws
from ... import environment as variables
from .. import handshake
from ..channels import (
    NO_CLAIMS,
    AmbiguousChannel,
    ForbiddenChannel,
    Rules,
    UnknownChannel,
    requested,
)
from ..connections import CONNECTION_SECONDS
from ..delivery.queue import SqsTaskQueue
from ..identity.principal import ANONYMOUS, Identity, of_context
from ..identity.session_store import DynamoSessionStore
from ..identity.sessions import admit
from ..model import Connection, Position
from ..subscriptions import Handshake, connect
from .tables import mode_of, tables

logger = Logger()
aws.dynamodb()
aws.sqs()


@dataclass(frozen=True)
class Environment:
    realtime_table: str
    channel_rules: str
    connect_parameters: str
    delivery_queue_url: str


class MalformedSince(ValueError):
    """The parameter `since` is no position."""


@dataclass(frozen=True)
class Settings:
    table: str
    queue_url: str
    rules: Rules
    parameters: Mapping[str, str]


@functools.cache
def settings() -> Settings:
    environment = variables.read(Environment)
    return Settings(
        table=environment.realtime_table,
        queue_url=environment.delivery_queue_url,
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
    # A client's message may name any route as its action. A browser drops a connection that answers
    # none of the subprotocols it offered.
    if request["eventType"] != "CONNECT" or handshake.headers(event, "sec-websocket-protocol"):
        return 400
    identity = of_context(request["authorizer"])
    try:
        channel = requested(handshake.query(event), settings().parameters)
        if channel is None and identity is None:
            return 400
        if channel is not None:
            _permit(channel, identity)
        since = _since(handshake.query(event).get("since", ()))
    except (AmbiguousChannel, MalformedSince):
        return 400
    except (UnknownChannel, ForbiddenChannel):
        return 403
    connection = _connection(request, channel, identity)
    if connection.expires_at * 1000 <= connection.connected_at:
        return 403
    opening = Handshake(channel, connection, request["apiId"], since)
    return 200 if aws.run(_admitted(opening)) else 403


def _permit(channel: str, identity: Identity | None) -> None:
    if identity is None:
        settings().rules.permit(channel, NO_CLAIMS)
    else:
        settings().rules.permit(channel, identity.claims, identity.bound_to)


def _connection(
    request: Mapping[str, Any], channel: str | None, identity: Identity | None
) -> Connection:
    connected_at = request["connectedAt"]
    anonymous = Connection(
        connection_id=request["connectionId"],
        principal=ANONYMOUS,
        connected_at=connected_at,
        expires_at=connected_at // 1000 + CONNECTION_SECONDS,
        channels=frozenset([channel] if channel else ()),
    )
    if identity is None:
        return anonymous
    return replace(
        anonymous,
        principal=identity.principal,
        expires_at=min(anonymous.expires_at, identity.expires_at),
        claims=identity.claims,
        bound_to=identity.bound_to,
        issued_at=identity.issued_at,
    )


async def _admitted(handshake: Handshake) -> bool:
    found = tables(settings().table)
    queue = SqsTaskQueue(aws.sqs(), settings().queue_url)
    rule = settings().rules.find(handshake.channel) if handshake.channel else None
    mode = mode_of(rule) if rule else None
    opening = functools.partial(connect, found, queue, mode, handshake)
    sessions = DynamoSessionStore(aws.dynamodb(), settings().table)
    return await admit(sessions, found.store, handshake.connection, opening)


def _since(given: Sequence[str]) -> Position | None:
    """The position `<epoch>.<version>`. Raises `MalformedSince`."""
    if not given:
        return None
    position = re.fullmatch(r"(\d{1,16})\.(\d{1,16})", given[0], re.ASCII)
    if position is None or len(given) > 1:
        raise MalformedSince("since must be given once, as the epoch and the version of a frame")
    return Position(int(position[1]), int(position[2]))
