"""The principal of a connection: the part of a verified token that is kept, and its way.

The authorizer hands it to $connect as its context, and $connect writes it into the connection's
row. That row decides every later permission; a message never does.
"""

import json
from collections.abc import Mapping, Set
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, cast

ANONYMOUS = "anonymous"
CLAIM_LIMIT = 512
"""In characters; a claim is part of keys and of channels."""
DIGITS_LIMIT = 15
MAXIMUM_AGE_SECONDS = 90 * 86_400
"""How long after it was issued a token is taken: revocations are not kept for longer."""


class InvalidClaims(Exception):
    """The claims of a genuine token make no principal; `reason` is for the log."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Identity:
    principal: str
    claims: Mapping[str, str]
    """Those that channel rules ask for, and no more."""
    issued_at: int
    """When the token was, in seconds, by the issuer's clock."""
    expires_at: int
    """When the token ends, in seconds."""
    bound_to: frozenset[str] | None = None
    """The channels that the ticket is for; None leaves the decision to the claims."""


def of_claims(claims: Mapping[str, object], needed: Set[str], now_seconds: float) -> Identity:
    """Raises `InvalidClaims`. The claims have been verified: this asks for no signature."""
    principal = claims.get("sub")
    if not isinstance(principal, str) or not 0 < len(principal) <= CLAIM_LIMIT:
        raise InvalidClaims("subject")
    issued_at, expires_at = _seconds(claims.get("iat")), _seconds(claims.get("exp"))
    if expires_at <= now_seconds:
        raise InvalidClaims("expired")
    if issued_at <= now_seconds - MAXIMUM_AGE_SECONDS:
        raise InvalidClaims("too_old")
    kept = {name: str(claims[name]) for name in needed if _is_text(claims.get(name))}
    return Identity(principal, kept, issued_at, expires_at)


def context(identity: Identity | None) -> dict[str, str]:
    """For the authorizer to return. None is anonymous. API Gateway takes texts alone as values."""
    if identity is None:
        return {"principal": ANONYMOUS}
    bound = {} if identity.bound_to is None else {"boundTo": json.dumps(sorted(identity.bound_to))}
    return {
        "principal": identity.principal,
        "claims": json.dumps(identity.claims),
        "issuedAt": str(identity.issued_at),
        "expiresAt": str(identity.expires_at),
        **bound,
    }


def of_context(given: Mapping[str, Any]) -> Identity | None:
    """The inverse of `context`."""
    if "issuedAt" not in given:
        return None
    bound_to = cast("str | None", given.get("boundTo"))
    return Identity(
        principal=given["principal"],
        claims=json.loads(given["claims"]),
        issued_at=int(given["issuedAt"]),
        expires_at=int(given["expiresAt"]),
        bound_to=None if bound_to is None else frozenset(json.loads(bound_to)),
    )


def _seconds(given: object) -> int:
    """A time as a token has it, or as an HTTP API writes it, which makes a text of each claim."""
    if isinstance(given, bool) or not isinstance(given, int | float | str):
        raise InvalidClaims("time")
    try:
        seconds = Decimal(str(given))
    except InvalidOperation as error:
        raise InvalidClaims("time") from error
    # A number with a large exponent would fill the memory as an integer.
    if not 0 <= seconds.adjusted() <= DIGITS_LIMIT or not seconds.is_finite() or seconds < 0:
        raise InvalidClaims("time")
    return int(seconds)


def _is_text(given: object) -> bool:
    is_plain = isinstance(given, str) or (isinstance(given, int) and not isinstance(given, bool))
    return is_plain and 0 < len(str(given)) <= CLAIM_LIMIT
