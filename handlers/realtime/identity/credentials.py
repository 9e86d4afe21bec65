"""Reads the credentials of a handshake and finds the principal behind them.

Credentials that do not hold are refused. They never make an anonymous connection instead, because
its client would believe that it watches its own channels.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ... import aws
from ... import environment as variables
from .. import handshake
from .issuer_keys import IssuerKeys, KeysUnavailable
from .principal import Identity, InvalidClaims, of_claims
from .tokens import InvalidToken, TokenRules, verify

COGNITO = "cognito-idp."


class Refused(Exception):
    """Why a handshake is refused, as a stable word for the log."""


@dataclass(frozen=True)
class Authentication:
    """Takes tickets and tokens, or none of either where `tokens` is None."""

    tokens: TokenRules | None
    keys: IssuerKeys | None
    table: str
    """Where the tickets are."""
    needed: frozenset[str]
    """The claims that channel rules ask for."""
    now_ms: Callable[[], int]

    def identity(self, event: Mapping[str, Any]) -> Identity | None:
        """None if the handshake has no credentials. Raises `Refused`."""
        tickets = handshake.query(event).get("ticket", ())
        headers = handshake.headers(event, "authorization")
        if not tickets and not headers:
            return None
        if len(tickets) + len(headers) > 1:
            raise Refused("ambiguous_credentials")
        if self.tokens is None or self.keys is None:
            raise Refused("credentials_not_taken")
        if tickets:
            return self._of_ticket(tickets[0], event["requestContext"]["connectionId"])
        return self._of_token(_bearer(headers[0]), self.tokens, self.keys)

    def _of_ticket(self, ticket: str, connection_id: str) -> Identity:
        from .tickets import TICKET, TicketStore  # noqa: PLC0415 - most connections have none

        identity = None
        if TICKET.fullmatch(ticket):
            identity = TicketStore(aws.dynamodb(), self.table).use(
                ticket, connection_id, self.now_ms()
            )
        if identity is None:
            raise Refused("ticket")
        if identity.expires_at * 1000 <= self.now_ms():
            raise Refused("expired")
        return identity

    def _of_token(self, token: str, rules: TokenRules, keys: IssuerKeys) -> Identity:
        try:
            claims = verify(token, rules, keys)
            return of_claims(claims, self.needed, self.now_ms() / 1000)
        except (InvalidToken, InvalidClaims) as error:
            raise Refused(error.reason) from error
        except KeysUnavailable as error:
            raise Refused("keys_unavailable") from error


def authentication(tokens: str, table: str, needed: frozenset[str]) -> Authentication:
    """`tokens` is the component's configuration. Raises `InvalidTokenRules`."""
    rules = TokenRules.parse(tokens)
    keys = IssuerKeys(rules.issuer, _address(rules.issuer, variables.emulator())) if rules else None
    return Authentication(rules, keys, table, needed, lambda: time.time_ns() // 10**6)


def _bearer(header: str) -> str:
    scheme, _, token = header.strip().partition(" ")
    if scheme.lower() != "bearer":
        raise Refused("authorization_scheme")
    return token.strip()


def _address(issuer: str, emulator: str | None) -> str:
    """Where the issuer is reached. A user pool's is AWS's own, and an emulator's pool is not."""
    parts = urlsplit(issuer)
    if emulator and (parts.hostname or "").startswith(COGNITO):
        return emulator.rstrip("/") + parts.path
    return issuer
