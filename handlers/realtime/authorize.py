"""Lambda authorizer of $connect: refuses a handshake before anything is read or written.

It can only refuse with 403, so a request that names no channel passes: $connect answers
it with 400.
"""

import functools
import json
from collections.abc import Mapping, Sequence
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

ANONYMOUS = "anonymous"
QUERY_LIMIT = 2048
"""In characters, names and values together."""

logger = Logger()


@dataclass(frozen=True)
class Environment:
    allowed_origins: str
    require_origin: bool
    channel_rules: str
    connect_parameters: str


@dataclass(frozen=True)
class Policy:
    """Who may open a connection."""

    allowed_origins: frozenset[str]
    require_origin: bool
    rules: Rules
    parameters: Mapping[str, str]

    def refusal(self, event: Mapping[str, Any]) -> str | None:
        """Why the request is refused, as a stable word for the log; None if it is not."""
        query = requests.query(event)
        if sum(len(name) + sum(map(len, values)) for name, values in query.items()) > QUERY_LIMIT:
            return "query_too_long"
        if not self._welcomes(requests.headers(event, "origin")):
            return "foreign_origin"
        try:
            channel = requested(query, self.parameters)
            if channel is not None:
                self.rules.permit(channel, NO_CLAIMS)
        except AmbiguousChannel:
            return "ambiguous_channel"
        except UnknownChannel:
            return "unknown_channel"
        except ForbiddenChannel:
            return "forbidden_channel"
        return None

    def _welcomes(self, origins: Sequence[str]) -> bool:
        if not origins:
            return not self.require_origin
        return not self.allowed_origins or self.allowed_origins.issuperset(map(_same_case, origins))


@functools.cache
def policy() -> Policy:
    environment = variables.read(Environment)
    return Policy(
        allowed_origins=frozenset(map(_same_case, json.loads(environment.allowed_origins))),
        require_origin=environment.require_origin,
        rules=Rules.parse(environment.channel_rules),
        parameters=json.loads(environment.connect_parameters),
    )


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    refusal = policy().refusal(event)
    logger.info(
        "authorized" if refusal is None else "refused",
        extra={"connection_id": event["requestContext"].get("connectionId"), "reason": refusal},
    )
    statement = {
        "Action": "execute-api:Invoke",
        "Effect": "Allow" if refusal is None else "Deny",
        "Resource": event["methodArn"],
    }
    return {
        "principalId": ANONYMOUS,
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": {"principal": ANONYMOUS},
    }


def _same_case(origin: str) -> str:
    """Scheme and host in lower case, which mean the same in any; the rest as it is."""
    scheme, separator, rest = origin.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme.lower()}{separator}{host.lower()}{slash}{path}" if separator else origin
