"""Tokens that authenticate connections. Settings under which forged ones would pass are refused.

The functions check the same settings again when they read them; a test compares the two.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from ..resources.arguments import InvalidArgument, check

ALGORITHMS = tuple(f"{family}{bits}" for family in ("RS", "PS", "ES") for bits in (256, 384, 512))
DEFAULT_ALGORITHMS = ("RS256",)
DEFAULT_CLOCK_SKEW_SECONDS = 30
MAXIMUM_CLOCK_SKEW_SECONDS = 300
MAXIMUM_AUDIENCES = 10
ISSUER = re.compile(r"https://\S+|http://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?(/\S*)?")


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenArgs:
    """The issuer of the JSON Web Tokens that are taken, such as a Cognito user pool."""

    issuer: pulumi.Input[str]
    """Address that tokens name in `iss`, and whose OpenID configuration names its keys."""

    audiences: Sequence[pulumi.Input[str]]
    """Values of `aud` that are taken; 10 at most. For Cognito, ids of the pool's clients."""

    algorithms: Sequence[str] | None = None
    """Of RS, PS and ES with 256, 384 or 512; RS256 by default."""

    token_use: str | None = None
    """Only tokens of this use, `access` or `id` at Cognito. With `access`, the client's id stands
    in for `aud`."""

    clock_skew_seconds: int | None = None
    """How far the issuer's clock may be ahead, 0 to 300; 30 by default."""

    def __post_init__(self) -> None:
        check(self)
        if isinstance(self.issuer, str) and not ISSUER.fullmatch(self.issuer):
            raise InvalidArgument(
                f"issuer must be an https address, got {self.issuer!r}: another could be"
                " answered by an attacker, who would then sign tokens."
            )
        if not 1 <= len(self.audiences) <= MAXIMUM_AUDIENCES:
            raise InvalidArgument(
                f"audiences must name 1 to {MAXIMUM_AUDIENCES}, got {len(self.audiences)}: without"
                " one, the issuer's tokens for anybody would be taken."
            )
        if self.algorithms is not None and not set(self.algorithms) <= set(ALGORITHMS):
            raise InvalidArgument(
                f"algorithms must be of {', '.join(ALGORITHMS)}, got {', '.join(self.algorithms)}:"
                " others have no public key, so that a key that checks a token could sign one."
            )
        if not (self.algorithms or self.algorithms is None):
            raise InvalidArgument("algorithms must name one, got none: leave it out for RS256.")
        skew = self.clock_skew_seconds
        if skew is not None and not 0 <= skew <= MAXIMUM_CLOCK_SKEW_SECONDS:
            raise InvalidArgument(
                f"clock_skew_seconds must be 0 to {MAXIMUM_CLOCK_SKEW_SECONDS}, got {skew}: a clock"
                " that is further off has to be set."
            )


def token_rules(tokens: TokenArgs | None) -> pulumi.Input[str]:
    """The settings as the authorizer reads them."""
    if tokens is None:
        return "null"
    skew = tokens.clock_skew_seconds
    return pulumi.Output.json_dumps(
        {
            "issuer": tokens.issuer,
            "audiences": list(tokens.audiences),
            "algorithms": list(tokens.algorithms or DEFAULT_ALGORITHMS),
            "token_use": tokens.token_use,
            "clock_skew_seconds": DEFAULT_CLOCK_SKEW_SECONDS if skew is None else skew,
        }
    )
