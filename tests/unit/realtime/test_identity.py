import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.realtime.channels import ForbiddenChannel, Rules
from handlers.realtime.connections import CONNECTION_SECONDS
from handlers.realtime.identity.principal import (
    MAXIMUM_AGE_SECONDS,
    Identity,
    InvalidClaims,
    context,
    of_claims,
    of_context,
)
from handlers.realtime.identity.sessions import due_at
from handlers.realtime.model import Connection

NOW = 1_763_787_600
CLAIMS: dict[str, Any] = {"sub": "alice", "iat": NOW - 5, "exp": NOW + 3600}
NAMES = frozenset(["sub", "custom:tenant"])
texts = st.text(min_size=1, max_size=20)
identities = st.builds(
    Identity,
    principal=texts,
    claims=st.dictionaries(texts, texts, max_size=3),
    issued_at=st.integers(0, 2**40),
    expires_at=st.integers(0, 2**40),
    bound_to=st.none() | st.frozensets(texts, max_size=3),
)


@given(identity=st.none() | identities)
def test_an_identity_survives_its_way_through_api_gateway(identity: Identity | None) -> None:
    sent = context(identity)
    assert all(isinstance(value, str) for value in sent.values())
    assert of_context({**sent, "principalId": "x", "integrationLatency": 7}) == identity


def test_an_identity_keeps_the_claims_that_are_asked_for_and_no_other() -> None:
    claims = {**CLAIMS, "custom:tenant": "acme", "email": "alice@example.com"}
    identity = of_claims(claims, NAMES, NOW)
    assert identity.claims == {"sub": "alice", "custom:tenant": "acme"}
    assert (identity.issued_at, identity.expires_at) == (NOW - 5, NOW + 3600)


@pytest.mark.parametrize(
    ("claim", "kept"),
    [
        *((7, "7"), ("7", "7"), ("x" * 512, "x" * 512), ("x" * 513, None), ("", None)),
        *((True, None), (["a"], None), ({"a": 1}, None), (None, None), (1.5, None)),
    ],
)
def test_a_claim_that_is_no_plain_text_owns_no_channel(claim: object, kept: str | None) -> None:
    identity = of_claims({**CLAIMS, "custom:tenant": claim}, NAMES, NOW)
    assert identity.claims.get("custom:tenant") == kept


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"sub": None}, "subject"),
        ({"sub": ""}, "subject"),
        ({"sub": 7}, "subject"),
        ({"exp": NOW}, "expired"),
        ({"exp": None}, "time"),
        ({"exp": True}, "time"),
        ({"exp": "Infinity"}, "time"),
        ({"exp": "NaN"}, "time"),
        ({"exp": "-1E9"}, "time"),
        ({"exp": "1E9999999"}, "time"),
        ({"exp": "1" * 5000}, "time"),
        ({"iat": [NOW]}, "time"),
        ({"iat": NOW - MAXIMUM_AGE_SECONDS}, "too_old"),
    ],
)
def test_claims_that_say_too_little_are_nobodys(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(InvalidClaims) as refused:
        of_claims({**CLAIMS, **change}, NAMES, NOW)
    assert refused.value.reason == reason


def rules(*patterns: str) -> Rules:
    fields: dict[str, Any] = {"delivery": "latest", "min_interval_ms": 0, "publishers": []}
    access = ["owner" if "{" in pattern else "public" for pattern in patterns]
    return Rules.parse(
        json.dumps(
            [{"pattern": p, "access": a, **fields} for p, a in zip(patterns, access, strict=True)]
        )
    )


def test_rules_ask_for_the_claims_in_their_placeholders() -> None:
    assert rules("link:*", "user:{sub}").claims == {"sub"}
    assert rules("org:{custom:tenant}:{sub}", "user:{sub}").claims == {"custom:tenant", "sub"}
    assert rules("link:*").claims == frozenset()


def test_a_bound_connection_may_watch_what_it_is_bound_to_if_its_claims_permit_that() -> None:
    some = rules("link:*", "user:{sub}")
    bound = frozenset(["user:alice", "user:bob", "link:a"])
    claims = {"sub": "alice"}
    assert some.permit("user:alice", claims, bound).access == "owner"
    assert some.permit("link:a", claims, bound).access == "public"
    for channel in ("user:bob", "link:b"):
        with pytest.raises(ForbiddenChannel):
            some.permit(channel, claims, bound)
    with pytest.raises(ForbiddenChannel):
        some.permit("link:a", claims, frozenset())


@given(lifetime=st.integers(1, 3 * CONNECTION_SECONDS), milliseconds=st.integers(0, 999))
def test_a_socket_is_closed_when_its_token_ends_but_never_in_its_handshake(
    lifetime: int, milliseconds: int
) -> None:
    over = NOW + min(lifetime, CONNECTION_SECONDS)
    due = due_at(Connection("c=", "alice", NOW * 1000 + milliseconds, over, issued_at=NOW))
    if lifetime >= CONNECTION_SECONDS:
        assert due is None
    else:
        assert due is not None
        assert due == max(over, NOW + 60)
