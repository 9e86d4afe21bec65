"""awscrt: AWS's own C runtime for signing and HTTP, driven from Python.

pyright: its package is in the benchmark's own environment, not in the one that is checked.
"""

# pyright: basic, reportMissingImports=false

import io
import threading
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from awscrt.auth import (
    AwsCredentialsProvider,
    AwsSignatureType,
    AwsSigningAlgorithm,
    AwsSigningConfig,
    aws_sign_request,
)
from awscrt.http import HttpClientConnection, HttpHeaders, HttpRequest
from awscrt.io import (
    ClientBootstrap,
    ClientTlsContext,
    DefaultHostResolver,
    EventLoopGroup,
    TlsContextOptions,
)

from ..job import Job, main


def prepare(job: Job) -> Callable[[Sequence[str]], int]:
    connections = _connections(job)
    credentials = AwsCredentialsProvider.new_static(job.access_key, job.secret_key, job.token)
    return lambda ids: _Batch(job, credentials, ids).run(connections)


def _connections(job: Job) -> list:
    group = EventLoopGroup(1)
    bootstrap = ClientBootstrap(group, DefaultHostResolver(group))
    address, tls = urlsplit(job.endpoint), None
    if job.certificate:
        options = TlsContextOptions()
        options.override_default_trust_store_from_path(None, job.certificate)
        tls = ClientTlsContext(options).new_connection_options()
        tls.set_server_name(address.hostname)
    opening = [
        HttpClientConnection.new(
            host_name=address.hostname,
            port=address.port,
            bootstrap=bootstrap,
            tls_connection_options=tls,
        )
        for _ in range(job.concurrency)
    ]
    return [each.result(10) for each in opening]


class _Batch:
    """Each connection takes the next id when its answer is complete, in the runtime's thread."""

    def __init__(self, job: Job, credentials: AwsCredentialsProvider, ids: Sequence[str]) -> None:
        self._job, self._credentials = job, credentials
        self._waiting, self._left = iter(ids), len(ids)
        self._address = urlsplit(job.endpoint)
        self._data = job.data.encode()
        self._delivered = 0
        self._done = threading.Event()

    def run(self, connections: Sequence[HttpClientConnection]) -> int:
        for connection in connections:
            self._start(connection)
        self._done.wait(60)
        return self._delivered

    def _start(self, connection: HttpClientConnection) -> None:
        connection_id = next(self._waiting, None)
        if connection_id is None:
            return
        headers = HttpHeaders(
            [("host", self._address.netloc), ("content-length", str(len(self._data)))]
        )
        path = f"{self._address.path}/@connections/{connection_id.replace('=', '%3D')}"
        request = HttpRequest("POST", path, headers, io.BytesIO(self._data))
        config = AwsSigningConfig(
            algorithm=AwsSigningAlgorithm.V4,
            signature_type=AwsSignatureType.HTTP_REQUEST_HEADERS,
            credentials_provider=self._credentials,
            region=self._job.region,
            service="execute-api",
        )
        signing = aws_sign_request(request, config)
        signing.add_done_callback(lambda signed: self._send(connection, signed.result()))

    def _send(self, connection: HttpClientConnection, request: HttpRequest) -> None:
        stream = connection.request(request, self._answered, lambda **_: None)
        stream.completion_future.add_done_callback(lambda _: self._complete(connection))
        stream.activate()

    def _answered(self, status_code: int, **_: object) -> None:
        self._delivered += status_code == 200

    def _complete(self, connection: HttpClientConnection) -> None:
        self._left -= 1
        if not self._left:
            self._done.set()
        self._start(connection)


if __name__ == "__main__":
    main(prepare)
