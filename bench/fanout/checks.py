"""Judges the requests that a server received: the posts asked for, each once, each truly signed.

The verifier reads a request as AWS does, from the bytes alone; it shares no code with any signer
that is measured.
"""

import hashlib
import hmac
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self
from urllib.parse import quote, unquote

_REQUEST_LINE = re.compile(rb"POST (/prod/@connections/([^ /?]+)) HTTP/1\.1")
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/(([0-9]{8})/([a-z0-9-]+)/execute-api/aws4_request), "
    r"SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})"
)


class Refused(Exception):
    """A server that checks would have refused this request."""


@dataclass(frozen=True, kw_only=True)
class Expected:
    """`ids` are `prefix` and a number below `posts`, as `job.Job.ids` makes them."""

    prefix: str
    posts: int
    data: str
    access_key: str
    secret_key: str
    token: str


@dataclass(frozen=True)
class Check:
    """`complaint` is empty where all is well."""

    posts: int
    complaint: str

    @classmethod
    def of(cls, received: Sequence[bytes], expected: Expected) -> Self:
        keys: dict[tuple[str, str], bytes] = {}
        try:
            ids = Counter(verified_id(request, expected, keys) for request in received)
        except Refused as refused:
            return cls(len(received), str(refused))
        wanted = {f"{expected.prefix}{number:07d}=" for number in range(expected.posts)}
        if strangers := ids.keys() - wanted:
            return cls(len(received), f"{len(strangers)} ids were posted to and not asked for")
        if missing := wanted - ids.keys():
            return cls(len(received), f"{len(missing)} ids were not posted to")
        if twice := [each for each, count in ids.items() if count > 1]:
            return cls(len(received), f"{len(twice)} ids were posted to more than once")
        return cls(len(received), "")


def verified_id(request: bytes, expected: Expected, keys: dict[tuple[str, str], bytes]) -> str:
    """The connection id of a request whose signature and body are right. `keys` is a cache."""
    head, _, body = request.partition(b"\r\n\r\n")
    line, *fields = head.split(b"\r\n")
    asked = _REQUEST_LINE.fullmatch(line)
    if asked is None:
        raise Refused(f"the request line must name a connection, got {line[:80]!r}")
    if body != expected.data.encode():
        raise Refused("the body must be what was asked for")
    headers = {
        name.strip().lower(): value.strip()
        for name, _, value in (field.decode("ascii").partition(":") for field in fields)
    }
    if headers.get("x-amz-security-token") != expected.token:
        raise Refused("the session token must be sent")
    _verify(asked[1].decode(), headers, body, expected, keys)
    return unquote(asked[2].decode())


def _verify(
    path: str,
    headers: Mapping[str, str],
    body: bytes,
    expected: Expected,
    keys: dict[tuple[str, str], bytes],
) -> None:
    found = _AUTHORIZATION.fullmatch(headers.get("authorization", ""))
    if found is None or found[1] != expected.access_key:
        raise Refused("the Authorization header must be Signature Version 4")
    _, scope, date, region, names, signature = found.groups()
    signed = names.split(";")
    if not {"host", "x-amz-date", "x-amz-security-token"} <= set(signed):
        raise Refused(f"host, date and token must be signed, got {names}")
    canonical = "\n".join(
        [
            "POST",
            quote(path, safe="/-_.~"),
            "",
            *(f"{name}:{headers[name]}" for name in signed),
            "",
            names,
            hashlib.sha256(body).hexdigest(),
        ]
    )
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{headers['x-amz-date']}\n{scope}\n{digest}"
    if (date, region) not in keys:
        keys[date, region] = _key(expected.secret_key, date, region)
    if hmac.digest(keys[date, region], text.encode(), "sha256").hex() != signature:
        raise Refused(f"the signature of {path} is wrong")


def _key(secret: str, *scope: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (*scope, "execute-api", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
