"""Verifies a JWT: it is of the configured issuer, for this audience, and in time.

A token's own header decides nothing: the algorithm must be configured and fit the key. An algorithm
with a shared secret never is configured, because the public key would be the secret.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, cast

from .issuer_keys import IssuerKeys, Key, UnknownKey, is_fetchable

if TYPE_CHECKING:
    import jwt

ALGORITHMS = frozenset(
    f"{family}{bits}" for family in ("RS", "PS", "ES") for bits in (256, 384, 512)
)
KEY_TYPES = {"RS": "RSA", "PS": "RSA", "ES": "EC"}
MAXIMUM_SKEW_SECONDS = 300
TOKEN_LIMIT = 8192
"""In characters. API Gateway takes 10,240 bytes of headers altogether."""
KEY_ID_LIMIT = 256


class InvalidTokenRules(ValueError):
    """Which tokens are taken is not configured as it must be."""


class InvalidToken(Exception):
    """The token is refused; `reason` is a stable word for the log and holds none of it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class TokenRules:
    """Conditions of a token."""

    issuer: str
    audiences: tuple[str, ...]
    algorithms: tuple[str, ...]
    token_use: str | None
    """The value of the claim of this name. Tokens without `aud` need it."""
    clock_skew_seconds: int

    @classmethod
    def parse(cls, json_text: str) -> "TokenRules | None":
        """None where tokens are not taken at all. Raises `InvalidTokenRules`."""
        try:
            fields: Any = json.loads(json_text)
            if fields is None:
                return None
            for name in ("audiences", "algorithms"):
                fields[name] = tuple(fields[name])
            rules = cls(**fields)
        except (ValueError, KeyError, TypeError) as error:
            raise InvalidTokenRules(
                "tokens must be null, or JSON with issuer, audiences, algorithms, token_use and"
                " clock_skew_seconds"
            ) from error
        rules.check()
        return rules

    def check(self) -> None:
        """Raises `InvalidTokenRules`."""
        if not is_fetchable(self.issuer):
            raise InvalidTokenRules(f"the issuer must be an https address, got {self.issuer!r}")
        if not self.audiences or not all(self.audiences):
            raise InvalidTokenRules("audiences must name one: tokens for others would be taken")
        if not self.algorithms or not ALGORITHMS.issuperset(self.algorithms):
            raise InvalidTokenRules(
                f"algorithms must be of {', '.join(sorted(ALGORITHMS))}, got {self.algorithms}:"
                " others have no public key"
            )
        if not 0 <= self.clock_skew_seconds <= MAXIMUM_SKEW_SECONDS:
            raise InvalidTokenRules(
                f"clock_skew_seconds must be 0 to {MAXIMUM_SKEW_SECONDS},"
                f" got {self.clock_skew_seconds}"
            )


def verify(token: str, rules: TokenRules, keys: IssuerKeys) -> Mapping[str, object]:
    """The claims. Raises `InvalidToken`, and `KeysUnavailable` as `IssuerKeys` does."""
    import jwt  # noqa: PLC0415 - a tenth of a second, and most connections have no token

    if len(token) > TOKEN_LIMIT:
        raise InvalidToken("token_too_long")
    try:
        algorithm, key_id = _header(jwt.get_unverified_header(token), rules)
        claims = jwt.decode(
            token,
            _public_key(keys.find(key_id), algorithm),
            algorithms=[algorithm],
            issuer=rules.issuer,
            leeway=rules.clock_skew_seconds,
            options={
                "require": ["exp", "iat", "iss", "sub"],
                "verify_aud": False,  # `_check_audience` does: Cognito's access tokens have none
                "enforce_minimum_key_length": True,
            },
        )
    except UnknownKey as error:
        raise InvalidToken("unknown_key") from error
    except jwt.PyJWTError as error:
        _refuse(error)
    _check_audience(claims, rules)
    return claims


def _header(header: Mapping[str, Any], rules: TokenRules) -> tuple[str, str]:
    algorithm, key_id = header.get("alg"), header.get("kid")
    # A stranger writes the header: its values may be of any type, a list too, which no set holds.
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS.intersection(rules.algorithms):
        raise InvalidToken("algorithm")
    if not isinstance(key_id, str) or len(key_id) > KEY_ID_LIMIT:
        raise InvalidToken("unknown_key")
    return algorithm, key_id


def _public_key(key: Key, algorithm: str) -> Any:
    """The key in the algorithm's own form, if it is meant for it."""
    import jwt  # noqa: PLC0415 - see above

    fits = key.get("kty") == KEY_TYPES[algorithm[:2]] and key.get("alg", algorithm) == algorithm
    if not fits or key.get("use", "sig") != "sig" or "d" in key:
        raise InvalidToken("key")
    return jwt.get_algorithm_by_name(algorithm).from_jwk(json.dumps(key))


def _check_audience(claims: Mapping[str, object], rules: TokenRules) -> None:
    """https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-access-token.html"""
    if rules.token_use is not None and claims.get("token_use") != rules.token_use:
        raise InvalidToken("token_use")
    audience = claims.get("aud")
    if audience is None and rules.token_use is not None:
        audience = claims.get("client_id")
    named = cast("list[object]", audience) if isinstance(audience, list) else [audience]
    if not any(isinstance(one, str) and one in rules.audiences for one in named):
        raise InvalidToken("audience")


def _refuse(error: "jwt.PyJWTError") -> NoReturn:
    import jwt  # noqa: PLC0415 - see above

    reasons: dict[type[Exception], str] = {
        jwt.ExpiredSignatureError: "expired",
        jwt.InvalidSignatureError: "signature",
        jwt.InvalidIssuerError: "issuer",
        jwt.ImmatureSignatureError: "not_yet_valid",
        jwt.MissingRequiredClaimError: "claims",
        jwt.InvalidKeyError: "key",
    }
    raise InvalidToken(reasons.get(type(error), "malformed")) from error
