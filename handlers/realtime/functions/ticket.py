"""`POST /tickets` of any HTTP API that routes it here behind a JWT authorizer.

The authorizer has verified the token, so its claims hold. A request without its claims is refused.
"""

import base64
import functools
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from aws_lambda_powertools import Logger

from ... import aws
from ... import environment as variables
from ..channels import ForbiddenChannel, Rules, UnknownChannel
from ..identity.principal import InvalidClaims, of_claims
from ..identity.tickets import TicketStore, new_ticket

BODY_LIMIT = 4096
"""In characters."""
CHANNELS_LIMIT = 10

logger = Logger()
aws.dynamodb()


@dataclass(frozen=True)
class Environment:
    realtime_table: str
    channel_rules: str


class Refused(Exception):
    """The answer to the client."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Service:
    tickets: TicketStore
    rules: Rules

    def issue(self, event: Mapping[str, Any], now_ms: int) -> dict[str, Any]:
        """Raises `Refused`."""
        claims = _claims(event)
        try:
            identity = of_claims(claims, self.rules.claims, now_ms / 1000)
            bound_to = _channels(event)
            for channel in bound_to or ():
                self.rules.permit(channel, identity.claims)
        except InvalidClaims as error:
            raise Refused(401, "the token cannot be used here; sign in again") from error
        except (UnknownChannel, ForbiddenChannel) as error:
            raise Refused(
                403, "the ticket would be for a channel that you may not watch"
            ) from error
        ticket = new_ticket()
        expires_at = self.tickets.put(ticket, replace(identity, bound_to=bound_to), now_ms)
        return {"ticket": ticket, "expiresAt": expires_at}


@functools.cache
def service() -> Service:
    environment = variables.read(Environment)
    tickets = TicketStore(aws.dynamodb(), environment.realtime_table)
    return Service(tickets, Rules.parse(environment.channel_rules))


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    try:
        body = service().issue(event, time.time_ns() // 1_000_000)
    except Refused as refused:
        logger.info("refused", extra={"status": refused.status, "reason": str(refused.__cause__)})
        return _answer(refused.status, {"message": str(refused)})
    except Exception:  # the edge: the client learns that it failed and nothing else
        logger.exception("ticket failed")
        return _answer(500, {"message": "the request failed; try again"})
    logger.info("ticket", extra={"expires_at": body["expiresAt"]})
    return _answer(201, body)


def _claims(event: Mapping[str, Any]) -> Mapping[str, object]:
    try:
        return cast("Mapping[str, object]", event["requestContext"]["authorizer"]["jwt"]["claims"])
    except (KeyError, TypeError) as error:
        logger.error("the route of this function must have a JWT authorizer")
        raise Refused(401, "sign in first") from error


def _channels(event: Mapping[str, Any]) -> frozenset[str] | None:
    """The channels that the ticket is for; None leaves the decision to the claims."""
    text = event.get("body") or ""
    if len(text) > BODY_LIMIT:
        raise Refused(400, f"the body has at most {BODY_LIMIT} characters")
    if not text:
        return None
    try:
        body = json.loads(base64.b64decode(text) if event.get("isBase64Encoded") else text)
    except (ValueError, RecursionError) as error:
        raise Refused(400, "the body must be empty or JSON") from error
    match body:
        case {"channels": [*channels]} if len(body) == 1 and 0 < len(channels) <= CHANNELS_LIMIT:
            if all(isinstance(channel, str) for channel in channels):
                return frozenset(channels)
        case {} if not body:
            return None
        case _:
            pass
    raise Refused(400, f"the body may have channels, a list of 1 to {CHANNELS_LIMIT} of them")


def _answer(status: int, body: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json", "cache-control": "no-store"},
        "body": json.dumps(body),
    }
