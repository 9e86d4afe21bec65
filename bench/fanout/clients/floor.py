"""The floor: requests signed before the clock starts, on blocking-free sockets and a selector.

No program that signs, parses an answer or keeps a deadline can be below it in Python.
"""

import selectors
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from urllib.parse import urlsplit

from handlers.signed_http.signature import Body, Signer

from ..job import Job, main

RECEIVE_BYTES = 65_536


def prepare(job: Job) -> Callable[[Sequence[str]], int]:
    requests = _signed(job)
    selector = selectors.DefaultSelector()
    sockets = [_connected(job) for _ in range(job.concurrency)]
    for sock in sockets:
        selector.register(sock, selectors.EVENT_READ)

    def post_batch(ids: Sequence[str]) -> int:
        waiting = iter([requests[each] for each in ids])
        for sock, request in zip(sockets, waiting, strict=False):
            sock.send(request)
        return _answered(selector, waiting, len(ids))

    return post_batch


def _answered(selector: selectors.BaseSelector, waiting: Iterator[bytes], expected: int) -> int:
    delivered = 0
    while delivered < expected:
        for key, _ in selector.select():
            sock = key.fileobj
            assert isinstance(sock, socket.socket)
            try:
                if not sock.recv(RECEIVE_BYTES).startswith(b"HTTP/1.1 200"):
                    return delivered
            except ssl.SSLWantReadError:  # a record of TLS itself
                continue
            delivered += 1
            request = next(waiting, None)
            if request:
                sock.send(request)
    return delivered


def _signed(job: Job) -> dict[str, bytes]:
    signer = Signer(job.endpoint, job.region)
    signer.prepare(job, time.time())
    body = Body.of(job.data.encode())
    return {each: signer.request(each, body) for each in job.ids()}


def _connected(job: Job) -> socket.socket:
    address = urlsplit(job.endpoint)
    sock = socket.create_connection((address.hostname or "", address.port or 443))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if tls := job.tls():
        sock = tls.wrap_socket(sock, server_hostname=address.hostname)
    sock.settimeout(0)
    return sock


if __name__ == "__main__":
    main(prepare)
