"""Tokens with real signatures, and keys from a real HTTP server."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization

from handlers.realtime.identity.tokens import InvalidToken, InvalidTokenRules, TokenRules, verify
from tests.fakes.issuer import AUDIENCE, Issuer, ec_key, public_jwk, rsa_key


def refusal(authority: Issuer, token: str, **rules: Any) -> str:
    with pytest.raises(InvalidToken) as refused:
        verify(token, authority.rules(**rules), authority.find_keys())
    return refused.value.reason


def accepted(authority: Issuer, token: str, **rules: Any) -> bool:
    verify(token, authority.rules(**rules), authority.find_keys())
    return True


def forged(header: dict[str, Any], claims: dict[str, Any], secret: bytes | None) -> str:
    """A token that no library would make; without a secret it has no signature."""
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=")
        for part in (header, claims)
    ]
    signed = b".".join(parts)
    signature = hmac.new(secret, signed, hashlib.sha256).digest() if secret else b""
    return b".".join([signed, base64.urlsafe_b64encode(signature).rstrip(b"=")]).decode()


def test_a_token_of_the_issuer_for_this_audience_is_taken_with_its_claims(
    authority: Issuer,
) -> None:
    token = authority.token({"sub": "alice", "custom:tenant": "acme"})
    claims = verify(token, authority.rules(), authority.find_keys())
    assert (claims["sub"], claims["custom:tenant"]) == ("alice", "acme")


def test_a_token_of_another_issuer_is_refused(authority: Issuer) -> None:
    assert refusal(authority, authority.token(iss="https://evil.example")) == "issuer"
    assert refusal(authority, authority.token(iss=f"{authority.url}/")) == "issuer"


@pytest.mark.parametrize("audience", ["client-2", ["client-2"], [], "", [AUDIENCE.upper()], 7])
def test_a_token_for_another_audience_is_refused(authority: Issuer, audience: Any) -> None:
    assert refusal(authority, authority.token(aud=audience)) == "audience"


def test_one_audience_of_several_is_enough(authority: Issuer) -> None:
    assert accepted(authority, authority.token(aud=["client-2", AUDIENCE]))


def test_an_access_token_without_audience_is_taken_by_its_client_and_its_use_only(
    authority: Issuer,
) -> None:
    access = authority.token(aud=None, client_id=AUDIENCE, token_use="access")
    foreign = authority.token(aud=None, client_id="client-2", token_use="access")
    identity = authority.token(token_use="id")
    assert accepted(authority, access, token_use="access")
    assert refusal(authority, access) == "audience"
    assert refusal(authority, access, token_use="id") == "token_use"
    assert refusal(authority, foreign, token_use="access") == "audience"
    assert refusal(authority, identity, token_use="access") == "token_use"
    assert accepted(authority, identity)


def test_a_client_does_not_make_up_for_another_audience(authority: Issuer) -> None:
    token = authority.token(aud="client-2", client_id=AUDIENCE, token_use="access")
    assert refusal(authority, token, token_use="access") == "audience"


@pytest.mark.parametrize("algorithm", [[], {}, 7, None, ["RS256"]])
def test_an_algorithm_of_another_type_is_refused_as_any_other(
    authority: Issuer, algorithm: Any
) -> None:
    header, payload, signature = authority.token().split(".")
    header = base64.urlsafe_b64encode(json.dumps({"alg": algorithm, "kid": "first"}).encode())
    token = f"{header.decode().rstrip('=')}.{payload}.{signature}"
    assert refusal(authority, token) == "algorithm"


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE"])
def test_a_token_without_a_signature_is_refused(authority: Issuer, algorithm: str) -> None:
    token = forged({"alg": algorithm, "kid": "first"}, authority.claims(), None)
    assert refusal(authority, token) == "algorithm"


def test_a_token_signed_with_the_public_key_as_a_secret_is_refused(authority: Issuer) -> None:
    public = rsa_key("first").public_key()
    pem = public.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    token = forged({"alg": "HS256", "kid": "first"}, authority.claims(), pem)
    assert refusal(authority, token) == "algorithm"


def test_a_secrets_algorithm_is_refused_also_where_it_slipped_into_the_rules(
    authority: Issuer,
) -> None:
    token = forged({"alg": "HS256", "kid": "first"}, authority.claims(), b"secret" * 8)
    assert refusal(authority, token, algorithms=("RS256", "HS256")) == "algorithm"


def test_an_algorithm_that_is_not_configured_is_refused(authority: Issuer) -> None:
    assert refusal(authority, authority.token(algorithm="RS512")) == "algorithm"
    assert accepted(authority, authority.token(algorithm="RS512"), algorithms=("RS512",))


@pytest.mark.parametrize("algorithm", ["PS256", "RS384"])
def test_a_key_is_of_use_for_its_own_algorithm_only(authority: Issuer, algorithm: str) -> None:
    authority.keys = [public_jwk(rsa_key("first"), "first", alg="RS256")]
    token = authority.token(algorithm=algorithm)
    assert refusal(authority, token, algorithms=("RS256", algorithm)) == "key"


def test_elliptic_keys_are_taken_and_not_mixed_up_with_others(authority: Issuer) -> None:
    authority.keys += [public_jwk(ec_key("curve"), "curve")]
    token = authority.token(key=ec_key("curve"), key_id="curve", algorithm="ES256")
    assert accepted(authority, token, algorithms=("ES256",))
    crossed = authority.token(key=ec_key("curve"), key_id="first", algorithm="ES256")
    assert refusal(authority, crossed, algorithms=("RS256", "ES256")) == "key"


def test_a_key_that_is_for_encryption_signs_nothing(authority: Issuer) -> None:
    authority.keys = [public_jwk(rsa_key("first"), "first", use="enc")]
    assert refusal(authority, authority.token()) == "key"


def test_a_key_that_its_issuer_gave_away_signs_nothing(authority: Issuer) -> None:
    authority.keys = [public_jwk(rsa_key("first"), "first", d="AQAB")]
    assert refusal(authority, authority.token()) == "key"


def test_a_key_that_is_too_short_signs_nothing(authority: Issuer) -> None:
    weak = rsa_key("weak", 1024)
    authority.keys = [public_jwk(weak, "weak")]
    with pytest.warns(Warning, match="below the minimum"):
        token = authority.token(key=weak, key_id="weak")
    assert refusal(authority, token) == "key"


def test_a_token_signed_with_another_key_is_refused(authority: Issuer) -> None:
    assert refusal(authority, authority.token(key=rsa_key("other"))) == "signature"


def test_a_token_that_was_changed_is_refused(authority: Issuer) -> None:
    header, _, signature = authority.token().split(".")
    _, claims, _ = authority.token(sub="bob").split(".")
    assert refusal(authority, f"{header}.{claims}.{signature}") == "signature"


def test_a_token_that_has_ended_is_refused(authority: Issuer) -> None:
    now = int(time.time())
    assert refusal(authority, authority.token(iat=now - 7200, exp=now - 3600)) == "expired"


@pytest.mark.parametrize("claim", ["exp", "iat", "sub"])
def test_a_token_without_end_issue_time_or_subject_is_refused(
    authority: Issuer, claim: str
) -> None:
    assert refusal(authority, authority.token({claim: None})) == "claims"


@pytest.mark.parametrize("claim", ["nbf", "iat"])
def test_the_issuers_clock_may_be_ahead_a_little(authority: Issuer, claim: str) -> None:
    ahead = int(time.time()) + 20
    assert accepted(authority, authority.token({claim: ahead}))
    assert refusal(authority, authority.token({claim: ahead + 600})) == "not_yet_valid"
    assert refusal(authority, authority.token({claim: ahead}), clock_skew_seconds=0) == (
        "not_yet_valid"
    )


@pytest.mark.parametrize("key_id", ["second", None, "", "k" * 300])
def test_a_token_that_names_no_known_key_is_refused(authority: Issuer, key_id: str | None) -> None:
    assert refusal(authority, authority.token(key_id=key_id)) == "unknown_key"


def test_a_token_that_is_too_long_is_not_even_read(authority: Issuer) -> None:
    assert refusal(authority, authority.token(padding="x" * 8000)) == "token_too_long"
    assert authority.asked == []


@pytest.mark.parametrize("token", ["", "a", "a.b", "a.b.c", "....", "\x00", "e30.e30.e30", "ﬀ.ﬀ.ﬀ"])
def test_what_is_no_token_is_refused(authority: Issuer, token: str) -> None:
    assert refusal(authority, token) in {"malformed", "algorithm"}


def test_a_key_that_the_token_brings_itself_is_not_looked_at(authority: Issuer) -> None:
    own = rsa_key("own")
    header = {"alg": "RS256", "kid": "first", "jwk": public_jwk(own, "first")}
    token = jwt.encode(authority.claims(), own, algorithm="RS256", headers=header)
    assert refusal(authority, token) == "signature"


RULES: dict[str, Any] = {
    "issuer": "https://issuer.example",
    "audiences": [AUDIENCE],
    "algorithms": ["RS256"],
    "token_use": None,
    "clock_skew_seconds": 30,
}


def test_null_takes_no_tokens_at_all() -> None:
    assert TokenRules.parse("null") is None


@pytest.mark.parametrize(
    "change",
    [
        {"algorithms": ["none"]},
        {"algorithms": ["RS256", "HS256"]},
        {"algorithms": []},
        {"audiences": []},
        {"audiences": [""]},
        {"issuer": "http://issuer.example"},
        {"issuer": "ftp://localhost"},
        {"issuer": ""},
        {"clock_skew_seconds": 301},
        {"clock_skew_seconds": -1},
        {"secret": "x"},
        {"audiences": None},
    ],
)
def test_rules_under_which_a_forged_token_would_pass_are_refused(change: dict[str, Any]) -> None:
    rules = TokenRules.parse(json.dumps(RULES))
    assert rules is not None
    assert rules.audiences == (AUDIENCE,)
    with pytest.raises(InvalidTokenRules):
        TokenRules.parse(json.dumps({**RULES, **change}))
