"""The public keys of an OIDC issuer, found by discovery, and kept for an hour at most.

A process asks the issuer once in `COOLDOWN_SECONDS` at most, also while the issuer does not answer
and while strangers' tokens name keys that do not exist.
"""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any, cast
from urllib.parse import urlsplit

FRESH_SECONDS = 300
COOLDOWN_SECONDS = 10
MAXIMUM_AGE_SECONDS = 3600
"""Keys older than this are of no use, also while the issuer cannot be reached."""
FETCH_SECONDS = 2
"""For each step of a request; the authorizer makes two requests at most."""
DOCUMENT_LIMIT_BYTES = 64 * 1024
LOOPBACK = frozenset(["localhost", "127.0.0.1", "::1"])

Key = Mapping[str, Any]


class KeysUnavailable(Exception):
    """The issuer's keys could not be fetched, so that no token of its can be checked."""


class UnknownKey(Exception):
    """The issuer has no such key, or had none a moment ago."""


class IssuerKeys:
    def __init__(self, issuer: str, address: str, clock: Callable[[], float] | None = None) -> None:
        """`address` is where the issuer is reached, which its name need not be."""
        self._issuer = issuer
        self._address = address.rstrip("/")
        # The monotonic clock may stand still while Lambda keeps the process frozen, and a key that
        # the issuer has withdrawn would then be taken for longer than its hour.
        self._clock = clock or time.time
        self._keys: dict[str, Key] = {}
        self._fetched_at = self._asked_at = float("-inf")

    def find(self, key_id: str) -> Key:
        """Raises `KeysUnavailable` and `UnknownKey`."""
        now = self._clock()
        wanted = key_id not in self._keys or now - self._fetched_at >= FRESH_SECONDS
        failure: KeysUnavailable | None = None
        if wanted and now - self._asked_at >= COOLDOWN_SECONDS:
            failure = self._refresh(now)
        if now - self._fetched_at >= MAXIMUM_AGE_SECONDS:
            raise KeysUnavailable("no keys were fetched within the last hour") from failure
        if key_id not in self._keys:
            raise UnknownKey("the issuer has no such key") from failure
        return self._keys[key_id]

    def _refresh(self, now: float) -> KeysUnavailable | None:
        """Returns the failure: the keys of before may serve for a while."""
        self._asked_at = now
        try:
            self._keys = _by_id(_fetch(self._keys_address()))
        except KeysUnavailable as failure:
            return failure
        self._fetched_at = now
        return None

    def _keys_address(self) -> str:
        """https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfigurationValidation"""
        document = _fetch(f"{self._address}/.well-known/openid-configuration")
        if document.get("issuer") != self._issuer:
            raise KeysUnavailable("the discovered issuer must be the configured one")
        address = document.get("jwks_uri")
        local = urlsplit(self._address).hostname in LOOPBACK
        if not isinstance(address, str) or not is_fetchable(address, loopback=local):
            raise KeysUnavailable("jwks_uri must be an https address")
        return address


def is_fetchable(address: str, *, loopback: bool = True) -> bool:
    """Whether TLS, or the loopback interface, keeps others from answering for the issuer."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    if parts.scheme == "https":
        return bool(parts.hostname)
    return loopback and parts.scheme == "http" and parts.hostname in LOOPBACK


def _by_id(document: Mapping[str, object]) -> dict[str, Key]:
    keys = document.get("keys")
    if not isinstance(keys, list):
        raise KeysUnavailable("a key set must be an object with a list of keys")
    found = [
        cast("dict[str, Any]", key) for key in cast("list[Any]", keys) if isinstance(key, dict)
    ]
    return {key["kid"]: key for key in found if isinstance(key.get("kid"), str)}


def _fetch(address: str) -> Mapping[str, object]:
    """Follows no redirect and asks no proxy. Raises `KeysUnavailable`."""
    import http.client  # noqa: PLC0415 - slow to load, and most connections have no token

    parts = urlsplit(address)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    connection = kind(parts.hostname or "", parts.port, timeout=FETCH_SECONDS)
    try:
        connection.request("GET", target, headers={"Accept": "application/json"})
        with connection.getresponse() as response:
            body = response.read(DOCUMENT_LIMIT_BYTES + 1)
    except (OSError, http.client.HTTPException) as error:
        raise KeysUnavailable(f"{address} does not answer") from error
    finally:
        connection.close()
    if response.status != 200 or len(body) > DOCUMENT_LIMIT_BYTES:
        raise KeysUnavailable(f"{address} answered {response.status} with {len(body)} bytes")
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise KeysUnavailable(f"{address} must be JSON") from error
    if not isinstance(document, dict):
        raise KeysUnavailable(f"{address} must be a JSON object")
    return cast("dict[str, object]", document)
