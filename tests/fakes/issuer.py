"""An OpenID issuer on a loopback port: real keys, real signatures, and a count of who asked."""

import json
import threading
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from handlers.realtime.identity.issuer_keys import IssuerKeys
from handlers.realtime.identity.tokens import TokenRules

AUDIENCE = "client-1"
CONFIGURATION = "/.well-known/openid-configuration"


@cache
def rsa_key(name: str, bits: int = 2048) -> rsa.RSAPrivateKey:  # noqa: ARG001 - one for each name
    return rsa.generate_private_key(65537, bits)


@cache
def ec_key(name: str) -> ec.EllipticCurvePrivateKey:  # noqa: ARG001 - one for each name
    return ec.generate_private_key(ec.SECP256R1())


def public_jwk(key: Any, key_id: str, **members: Any) -> dict[str, Any]:
    algorithm: Any = RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else ECAlgorithm
    jwk: dict[str, Any] = json.loads(algorithm.to_jwk(key.public_key()))
    return {**jwk, "kid": key_id, "use": "sig", **members}


@dataclass
class Issuer:
    """What it answers can be changed while it runs."""

    url: str = ""
    keys: list[dict[str, Any]] = field(
        default_factory=lambda: [public_jwk(rsa_key("first"), "first")]
    )
    configuration: dict[str, Any] = field(default_factory=dict[str, Any])
    """What of the discovered document is not as it should be."""
    raw: bytes | None = None
    """The key set, if it is to be none."""
    status: int = 200
    asked: list[str] = field(default_factory=list[str])

    def answer(self, path: str) -> tuple[int, bytes]:
        self.asked.append(path)
        if path.endswith(CONFIGURATION):
            right = {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}
            return self.status, json.dumps({**right, **self.configuration}).encode()
        return self.status, self.raw or json.dumps({"keys": self.keys}).encode()

    def rules(self, **changes: Any) -> TokenRules:
        fields: dict[str, Any] = {
            "issuer": self.url,
            "audiences": (AUDIENCE,),
            "algorithms": ("RS256",),
            "token_use": None,
            "clock_skew_seconds": 30,
            **changes,
        }
        return TokenRules(**fields)

    def find_keys(self) -> IssuerKeys:
        return IssuerKeys(self.url, self.url)

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Those of a good token; a change to None leaves the claim out."""
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": self.url,
            "sub": "alice",
            "aud": AUDIENCE,
            "iat": now,
            "exp": now + 3600,
            **changes,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def token(
        self,
        changes: Mapping[str, Any] | None = None,
        *,
        key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | None = None,
        key_id: str | None = "first",
        algorithm: str = "RS256",
        **claims: Any,
    ) -> str:
        headers = {} if key_id is None else {"kid": key_id}
        signer: Any = key or rsa_key("first")
        return jwt.encode(
            self.claims(**{**claims, **(changes or {})}),
            signer,
            algorithm=algorithm,
            headers=headers,
        )


@contextmanager
def issuer() -> Generator[Issuer]:
    state = Issuer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = state.answer(self.path)
            self.send_response(status)
            self.send_header("Location", f"{state.url}/elsewhere")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False  # so that closing it waits for their sockets
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
