"""Calls of AWS's JSON protocols, signed, over one kept socket. Each blocks, and has a deadline.

It is for a function that a person waits for: see docs/adr/0019.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast
from urllib.parse import urlsplit

from .responses import MalformedResponse, Response, ResponseParser
from .signature import Credentials, signing_key

KEPT_SECONDS = 30
"""Age by the wall clock at which a socket is replaced, as in `client`."""


class CallError(Exception):
    """AWS or the network failed the call. The text is a stable word."""

    def __init__(self, code: str, *, retryable: bool) -> None:
        super().__init__(code)
        self.retryable = retryable


@dataclass(frozen=True)
class Protocol:
    """Of one service: how its calls are named, and the type of their bodies."""

    service: str
    target: str
    content_type: str


DYNAMODB = Protocol("dynamodb", "DynamoDB_20120810", "application/x-amz-json-1.0")
EVENTS = Protocol("events", "AWSEvents", "application/x-amz-json-1.1")
SQS = Protocol("sqs", "AmazonSQS", "application/x-amz-json-1.0")


class JsonCalls:
    """One service at one endpoint. One call at a time."""

    def __init__(
        self,
        protocol: Protocol,
        endpoint: str,
        *,
        region: str,
        credentials: Credentials,
        tls: ssl.SSLContext,
    ) -> None:
        address = urlsplit(endpoint)
        if address.scheme not in ("http", "https") or not address.hostname:
            raise ValueError(f"an endpoint must be http(s)://host[:port], got {endpoint!r}")
        self._protocol = protocol
        self._region = region
        self._credentials = credentials
        self._host, self._name = address.netloc, address.hostname
        self._tls = tls if address.scheme == "https" else None
        self._port = address.port or (443 if self._tls else 80)
        self._socket: socket.socket | None = None
        self._used_at = 0.0

    def call(self, operation: str, request: Mapping[str, Any], *, seconds: float) -> dict[str, Any]:
        """The answer, a JSON object. Raises `CallError`.

        A kept socket that the peer has closed is replaced, once and within the same time, so a call
        may be carried out twice. The look-up of the name is not bounded: no call of the standard
        library can be.
        """
        ends = time.monotonic() + seconds
        message = self.signed(operation, json.dumps(request, separators=(",", ":")).encode())
        if time.time() - self._used_at > KEPT_SECONDS:
            self.close()
        try:
            try:
                response = self._exchange(message, ends)
            except _StaleSocketError:
                response = self._exchange(message, ends)
        except TimeoutError as error:
            raise CallError("timeout", retryable=True) from error
        except (OSError, MalformedResponse) as error:
            raise CallError(type(error).__name__, retryable=True) from error
        return _content(response)

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _exchange(self, message: bytes, ends: float) -> Response:
        """Raises `_StaleSocketError` if a kept socket is closed before a byte of the answer."""
        kept, heard, parser = self._socket is not None, False, ResponseParser()
        try:
            peer = self._socket = self._socket or self._open(ends)
            peer.settimeout(_left(ends))
            peer.sendall(message)
            while True:
                peer.settimeout(_left(ends))
                data = peer.recv(65_536)
                if not data:
                    raise ConnectionResetError("the peer closed the connection")
                heard = True
                if response := parser.feed(data):
                    break
        except Exception as error:
            self.close()
            if kept and not heard and isinstance(error, ConnectionError | ssl.SSLError):
                raise _StaleSocketError from error
            raise
        self._used_at = time.time()
        if not response.reusable:
            self.close()
        return response

    def _open(self, ends: float) -> socket.socket:
        plain = socket.create_connection((self._name, self._port), timeout=_left(ends))
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._tls is None:
            return plain
        plain.settimeout(_left(ends))
        return self._tls.wrap_socket(plain, server_hostname=self._name)

    def signed(self, operation: str, body: bytes) -> bytes:
        """The whole request:
        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html"""
        keys, protocol = self._credentials, self._protocol
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        scope = f"{stamp[:8]}/{self._region}/{protocol.service}/aws4_request"
        headers = {
            "content-type": protocol.content_type,
            "host": self._host,
            "x-amz-date": stamp,
            **({"x-amz-security-token": keys.token} if keys.token else {}),
            "x-amz-target": f"{protocol.target}.{operation}",
        }
        names = ";".join(headers)
        lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
        digest = hashlib.sha256(body).hexdigest()
        canonical = hashlib.sha256(f"POST\n/\n\n{lines}\n{names}\n{digest}".encode()).hexdigest()
        signature = hmac.digest(
            signing_key(keys.secret_key, stamp[:8], self._region, protocol.service),
            f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{canonical}".encode(),
            "sha256",
        ).hex()
        headers["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={keys.access_key}/{scope}, SignedHeaders={names},"
            f" Signature={signature}"
        )
        headers["content-length"] = str(len(body))
        sent = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"POST / HTTP/1.1\r\n{sent}\r\n".encode() + body


class _StaleSocketError(ConnectionError):
    pass


def _left(ends: float) -> float:
    left = ends - time.monotonic()
    if left <= 0:
        raise TimeoutError("the time of the call is over")
    return left


def _content(response: Response) -> dict[str, Any]:
    try:
        content: object = json.loads(response.body)
    except (ValueError, RecursionError):
        content = None
    if response.status == 200 and isinstance(content, dict):
        return cast("dict[str, Any]", content)
    code = str(response.status)
    if isinstance(content, dict):
        # "com.amazonaws.dynamodb.v20120810#ThrottlingException"
        named = str(cast("dict[str, Any]", content).get("__type", code))
        code = named.rpartition("#")[2]
    throttled = "Throttling" in code or "ThroughputExceeded" in code
    raise CallError(code, retryable=response.status >= 500 or throttled)
