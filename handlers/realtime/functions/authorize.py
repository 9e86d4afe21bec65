"""Lambda authorizer of $connect: identifies the client and permits or denies the connection.

A handshake without credentials costs no request to anything. A policy refuses with 403 and nothing
else, so a request that names no channel passes: $connect answers it with 400. (To raise
"Unauthorized" would make a 401 of it, and a failed invocation.)
"""

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools import Logger

from ... import environment as variables
from .. import handshake
from ..channels import NO_CLAIMS, AmbiguousChannel, ForbiddenChannel, Rules, requested
from ..identity.credentials import Authentication, Refused, authentication
from ..identity.principal import ANONYMOUS, Identity
from ..identity.principal import context as context_of

QUERY_LIMIT = 2048
"""In characters, names and values together."""

logger = Logger()


@dataclass(frozen=True)
class Environment:
    allowed_origins: str
    require_origin: bool
    channel_rules: str
    connect_parameters: str
    tokens: str
    realtime_table: str


@dataclass(frozen=True)
class Policy:
    """The conditions under which a client may open a connection."""

    allowed_origins: frozenset[str]
    require_origin: bool
    rules: Rules
    parameters: Mapping[str, str]
    authentication: Authentication

    def admit(self, event: Mapping[str, Any]) -> Identity | None:
        """The identity of the client; None is an anonymous one. Raises `Refused`.

        The checks that need no credentials come first: a refused handshake uses no ticket up.
        """
        query = handshake.query(event)
        if sum(len(name) + sum(map(len, values)) for name, values in query.items()) > QUERY_LIMIT:
            raise Refused("query_too_long")
        if not self._welcomes(handshake.headers(event, "origin")):
            raise Refused("foreign_origin")
        try:
            channel = requested(query, self.parameters)
            if channel is not None and self.rules.find(channel) is None:
                raise Refused("unknown_channel")
            identity = self.authentication.identity(event)
            if channel is not None:
                self._permit(channel, identity)
        except AmbiguousChannel as error:
            raise Refused("ambiguous_channel") from error
        except ForbiddenChannel as error:
            raise Refused("forbidden_channel") from error
        return identity

    def _permit(self, channel: str, identity: Identity | None) -> None:
        if identity is None:
            self.rules.permit(channel, NO_CLAIMS)
        else:
            self.rules.permit(channel, identity.claims, identity.bound_to)

    def _welcomes(self, origins: Sequence[str]) -> bool:
        if not origins:
            return not self.require_origin
        return not self.allowed_origins or all(map(self._allows, map(_same_case, origins)))

    def _allows(self, origin: str) -> bool:
        """An allowed origin that ends in `:*` stands for any port: the local cloud adds such."""
        any_port = f"{origin.rpartition(':')[0]}:*"
        return origin in self.allowed_origins or any_port in self.allowed_origins


@functools.cache
def policy() -> Policy:
    environment = variables.read(Environment)
    rules = Rules.parse(environment.channel_rules)
    return Policy(
        allowed_origins=frozenset(map(_same_case, json.loads(environment.allowed_origins))),
        require_origin=environment.require_origin,
        rules=rules,
        parameters=json.loads(environment.connect_parameters),
        authentication=authentication(environment.tokens, environment.realtime_table, rules.claims),
    )


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    about = {"connection_id": event["requestContext"].get("connectionId")}
    identity = None
    try:
        identity = policy().admit(event)
    except Refused as refused:
        log = logger.error if str(refused) == "keys_unavailable" else logger.info
        log("refused", extra={**about, "reason": str(refused)})
        return _answer("Deny", event, None)
    except Exception:  # the edge: what cannot be checked is refused
        logger.exception("authorize failed", extra=about)
        return _answer("Deny", event, None)
    logger.info("authorized", extra={**about, "anonymous": identity is None})
    return _answer("Allow", event, identity)


def _answer(effect: str, event: Mapping[str, Any], identity: Identity | None) -> dict[str, Any]:
    statement = {
        "Action": "execute-api:Invoke",
        "Effect": effect,
        "Resource": event["methodArn"],
    }
    return {
        "principalId": ANONYMOUS if identity is None else identity.principal,
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": context_of(identity),
    }


def _same_case(origin: str) -> str:
    """Scheme and host in lower case, which mean the same in any; the rest as it is."""
    scheme, separator, rest = origin.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme.lower()}{separator}{host.lower()}{slash}{path}" if separator else origin
