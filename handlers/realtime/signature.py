"""Signature Version 4 for one kind of request: `POST /@connections/{id}` of one endpoint.

It signs what a general signer signs, and keeps what does not change between requests: the signing
key for a day, the headers for a second. botocore is the authority: tests compare the two for any
id, body, token and time.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol
from urllib.parse import quote, urlsplit

SERVICE = "execute-api"
_UNRESERVED = "-_.~"


class Credentials(Protocol):
    """What signs a request; botocore's `ReadOnlyCredentials` is one."""

    @property
    def access_key(self) -> str: ...
    @property
    def secret_key(self) -> str: ...
    @property
    def token(self) -> str | None: ...


@dataclass(frozen=True)
class Body:
    """A payload and its hash, computed once for all the connections it goes to."""

    data: bytes
    sha256: str

    @classmethod
    def of(cls, data: bytes) -> "Body":
        return cls(data, hashlib.sha256(data).hexdigest())


class Signer:
    """Builds whole signed requests, as bytes to be written to a socket."""

    def __init__(self, endpoint: str, region: str) -> None:
        address = urlsplit(endpoint)
        self._host = address.netloc
        self._region = region
        self._path = f"{address.path.rstrip('/')}/@connections/"
        # The canonical request holds the path encoded once more than the wire does.
        self._canonical_path = quote(self._path, safe="/" + _UNRESERVED)
        self._key_of: tuple[str, str] = ("", "")
        self._key = b""
        self._prepared_for: tuple[str, str, str | None, int] | None = None
        self._shared = ("", "", "")

    def prepare(self, credentials: Credentials, now: float) -> None:
        """Makes what all requests of this second share. Cheap when nothing changed."""
        second = int(now)
        wanted = (credentials.access_key, credentials.secret_key, credentials.token, second)
        if wanted == self._prepared_for:
            return
        stamp = datetime.fromtimestamp(second, UTC).strftime("%Y%m%dT%H%M%SZ")
        date = stamp[:8]
        if self._key_of != (credentials.secret_key, date):
            self._key = _signing_key(credentials.secret_key, date, self._region)
            self._key_of = (credentials.secret_key, date)
        scope = f"{date}/{self._region}/{SERVICE}/aws4_request"
        headers, names = f"host:{self._host}\nx-amz-date:{stamp}\n", "host;x-amz-date"
        wire = f" HTTP/1.1\r\nHost: {self._host}\r\nX-Amz-Date: {stamp}\r\n"
        if credentials.token:
            headers += f"x-amz-security-token:{credentials.token}\n"
            names += ";x-amz-security-token"
            wire += f"X-Amz-Security-Token: {credentials.token}\r\n"
        self._shared = (
            f"\n\n{headers}\n{names}\n",
            f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n",
            f"{wire}Authorization: AWS4-HMAC-SHA256 Credential={credentials.access_key}/{scope}, "
            f"SignedHeaders={names}, Signature=",
        )
        self._prepared_for = wanted

    def request(self, connection_id: str, body: Body) -> bytes:
        """The request for one connection, signed for the second of the last `prepare`."""
        canonical_tail, to_sign, wire = self._shared
        encoded = quote(connection_id, safe=_UNRESERVED)
        twice = encoded.replace("%", "%25")
        canonical = f"POST\n{self._canonical_path}{twice}{canonical_tail}{body.sha256}"
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        signature = hmac.digest(self._key, (to_sign + digest).encode(), "sha256").hex()
        head = (
            f"POST {self._path}{encoded}{wire}{signature}\r\n"
            f"Content-Length: {len(body.data)}\r\n\r\n"
        )
        return head.encode() + body.data


def _signing_key(secret: str, date: str, region: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (date, region, SERVICE, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
