"""Answers clients' messages: the routes subscribe, unsubscribe, and $default for the rest.

Each message gets one reply; a failure is an error frame, never a failed invocation.
"""

import functools
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools import Logger

from ... import aws
from ... import environment as variables
from .. import protocol
from ..channels import ForbiddenChannel, Rules, UnknownChannel
from ..engine import Tables
from ..model import TooManySubscriptions, UnknownConnection
from ..subscriptions import Peer, subscribe, unsubscribe
from .tables import mode_of, tables

logger = Logger()
aws.dynamodb()


@dataclass(frozen=True)
class Environment:
    realtime_table: str
    channel_rules: str
    maximum_subscriptions: int


@dataclass(frozen=True)
class Service:
    tables: Tables
    rules: Rules
    maximum_subscriptions: int

    async def reply(self, message: protocol.Message, request: Mapping[str, Any]) -> str:
        match message:
            case protocol.Subscribe():
                return await self._subscribe(message, request)
            case protocol.Unsubscribe():
                connection_id = request["connectionId"]
                await unsubscribe(self.tables.store, message.channel, connection_id=connection_id)
                return protocol.unsubscribed(message)
            case protocol.Ping():
                return protocol.pong()

    async def _subscribe(self, message: protocol.Subscribe, request: Mapping[str, Any]) -> str:
        now_ms = time.time_ns() // 1_000_000
        try:
            rule = await subscribe(
                self.tables.store,
                self.rules,
                message.channel,
                peer=Peer(request["connectionId"], request["apiId"]),
                maximum=self.maximum_subscriptions,
                now_ms=now_ms,
            )
        except UnknownChannel as error:
            return protocol.error("unknown_channel", str(error), message.id)
        except ForbiddenChannel as error:
            return protocol.error("forbidden", str(error), message.id)
        except TooManySubscriptions:
            text = f"a connection watches at most {self.maximum_subscriptions} channels"
            return protocol.error("too_many_subscriptions", text, message.id)
        except UnknownConnection:
            return protocol.error("connection_expired", "connect again", message.id)
        return await mode_of(rule).snapshot(self.tables, message, now_ms)


@functools.cache
def service() -> Service:
    environment = variables.read(Environment)
    return Service(
        tables=tables(environment.realtime_table),
        rules=Rules.parse(environment.channel_rules),
        maximum_subscriptions=environment.maximum_subscriptions,
    )


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    request = event["requestContext"]
    about = {"connection_id": request.get("connectionId"), "route": request.get("routeKey")}
    if request.get("eventType") != "MESSAGE":
        logger.info("ignored", extra=about)
        return {"statusCode": 200}
    message_id: str | None = None
    try:
        message = protocol.parse(_text(event))
        message_id = None if isinstance(message, protocol.Ping) else message.id
        body = aws.run(service().reply(message, request))
    except protocol.BadMessage as error:
        logger.info("bad message", extra={**about, "code": error.code})
        body = protocol.error(error.code, str(error), error.id)
    except Exception:  # the edge: the client learns that it failed and nothing else
        logger.exception("message failed", extra=about)
        body = protocol.error("internal", "the request failed; try again", message_id)
    else:
        logger.info("message", extra={**about, "kind": type(message).__name__})
    return {"statusCode": 200, "body": body}


def _text(event: Mapping[str, Any]) -> str:
    if event.get("isBase64Encoded"):
        raise protocol.BadMessage("bad_request", "a message must be text, not binary")
    return event.get("body") or ""
