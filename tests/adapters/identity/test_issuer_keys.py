"""Keys by discovery: found anew after a rotation, never asked for more often than allowed."""

import time
from typing import Any

import pytest

from handlers.realtime.identity import issuer_keys
from handlers.realtime.identity.issuer_keys import (
    COOLDOWN_SECONDS,
    DOCUMENT_LIMIT_BYTES,
    FRESH_SECONDS,
    MAXIMUM_AGE_SECONDS,
    IssuerKeys,
    KeysUnavailable,
    UnknownKey,
    is_fetchable,
)
from tests.fakes.issuer import CONFIGURATION, Issuer, public_jwk, rsa_key


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(authority: Issuer, clock: Clock) -> IssuerKeys:
    return IssuerKeys(authority.url, authority.url, clock)


def rotate(authority: Issuer) -> None:
    authority.keys = [public_jwk(rsa_key("second"), "second")]


def test_keys_are_discovered_and_then_kept(authority: Issuer, keys: IssuerKeys) -> None:
    assert keys.find("first")["kid"] == "first"
    assert keys.find("first")["kid"] == "first"
    assert authority.asked == [CONFIGURATION, "/keys"]


def test_a_rotated_key_is_found(authority: Issuer, keys: IssuerKeys, clock: Clock) -> None:
    keys.find("first")
    rotate(authority)
    clock.now = COOLDOWN_SECONDS
    assert keys.find("second")["kid"] == "second"


def test_keys_age_by_the_wall_clock(authority: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The monotonic clock stands still while Lambda keeps the process frozen."""
    now = [time.time()]
    monkeypatch.setattr("time.time", lambda: now[0])
    keys = IssuerKeys(authority.url, authority.url)
    keys.find("first")
    rotate(authority)
    now[0] += MAXIMUM_AGE_SECONDS
    with pytest.raises(UnknownKey):
        keys.find("first")


def test_a_key_that_is_withdrawn_is_of_no_use_after_a_while(
    authority: Issuer, keys: IssuerKeys, clock: Clock
) -> None:
    keys.find("first")
    rotate(authority)
    clock.now = FRESH_SECONDS
    with pytest.raises(UnknownKey):
        keys.find("first")


def test_a_thousand_made_up_keys_are_one_request(
    authority: Issuer, keys: IssuerKeys, clock: Clock
) -> None:
    keys.find("first")
    for attempt in range(1000):
        clock.now = COOLDOWN_SECONDS + attempt * 0.001
        with pytest.raises(UnknownKey):
            keys.find(f"made up {attempt}")
    assert authority.asked == [CONFIGURATION, "/keys"] * 2


def test_an_issuer_that_fails_is_not_asked_again_at_once(
    authority: Issuer, keys: IssuerKeys, clock: Clock
) -> None:
    authority.status = 503
    for _ in range(10):
        with pytest.raises(KeysUnavailable):
            keys.find("first")
    assert authority.asked == [CONFIGURATION]
    authority.status, clock.now = 200, COOLDOWN_SECONDS
    assert keys.find("first")["kid"] == "first"


def test_keys_outlast_a_failure_but_not_for_ever(
    authority: Issuer, keys: IssuerKeys, clock: Clock
) -> None:
    keys.find("first")
    authority.status = 503
    clock.now = MAXIMUM_AGE_SECONDS - 1
    assert keys.find("first")["kid"] == "first"
    clock.now = MAXIMUM_AGE_SECONDS
    with pytest.raises(KeysUnavailable):
        keys.find("first")


def test_nobody_at_the_address_is_no_key(clock: Clock) -> None:
    with pytest.raises(KeysUnavailable):
        IssuerKeys("http://127.0.0.1:1", "http://127.0.0.1:1", clock).find("first")


@pytest.mark.parametrize(
    "configuration",
    [
        {"issuer": "https://evil.example"},
        {"issuer": None},
        {"jwks_uri": None},
        {"jwks_uri": 7},
        {"jwks_uri": "http://evil.example/keys"},
        {"jwks_uri": "file:///etc/passwd"},
        {"jwks_uri": "https:///keys"},
        {"jwks_uri": "http://[::1"},
    ],
)
def test_a_document_that_does_not_fit_the_issuer_gives_no_keys(
    authority: Issuer, keys: IssuerKeys, configuration: dict[str, Any]
) -> None:
    authority.configuration = configuration
    with pytest.raises(KeysUnavailable):
        keys.find("first")
    assert authority.asked == [CONFIGURATION]


@pytest.mark.parametrize(
    "raw",
    [
        b"not JSON",
        b"[]",
        b'{"keys":7}',
        b"{}",
        b"[" * 60_000,
        b'{"keys":[]}' + b" " * DOCUMENT_LIMIT_BYTES,
    ],
)
def test_what_is_no_key_set_or_too_large_gives_no_keys(
    authority: Issuer, keys: IssuerKeys, raw: bytes
) -> None:
    authority.raw = raw
    with pytest.raises(KeysUnavailable):
        keys.find("first")


@pytest.mark.parametrize("raw", [b'{"keys":[]}', b'{"keys":[7,{},{"kid":1}]}'])
def test_a_set_without_the_key_has_it_not(authority: Issuer, keys: IssuerKeys, raw: bytes) -> None:
    authority.raw = raw
    with pytest.raises(UnknownKey):
        keys.find("first")


@pytest.mark.parametrize("status", [301, 302, 307, 404, 500])
def test_no_redirect_is_followed(authority: Issuer, keys: IssuerKeys, status: int) -> None:
    authority.status = status
    with pytest.raises(KeysUnavailable):
        keys.find("first")
    assert authority.asked == [CONFIGURATION]


@pytest.mark.parametrize(
    ("address", "fetchable"),
    [
        ("https://issuer.example/pool", True),
        ("http://issuer.example", False),
        ("http://localhost:4566/pool", True),
        ("http://127.0.0.1:4566", True),
        ("http://127.0.0.1.evil.example", False),
        ("http://localhost@evil.example", False),
        ("ftp://localhost", False),
        ("", False),
    ],
)
def test_only_https_or_the_own_machine_is_asked(address: str, *, fetchable: bool) -> None:
    assert is_fetchable(address) == fetchable


def test_an_issuer_elsewhere_cannot_send_the_request_to_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    issuer = "https://issuer.example"
    asked: list[str] = []

    def fetch(address: str) -> dict[str, Any]:
        asked.append(address)
        return {"issuer": issuer, "jwks_uri": "http://127.0.0.1:9001/keys"}

    monkeypatch.setattr(issuer_keys, "_fetch", fetch)
    with pytest.raises(KeysUnavailable):
        IssuerKeys(issuer, issuer).find("first")
    assert asked == [issuer + CONFIGURATION]
