"""The loopback server: answers 200 to every complete request and keeps it, to be judged later.

It does as little as it can while a client's clock runs: one thread, no framework, no parsing past
the length. What it kept is checked when the client is done, request by request.
"""

import json
import re
import resource
import selectors
import socket
import ssl
import sys
import threading
from typing import TextIO

from .checks import Check, Expected

RECEIVE_BYTES = 262_144
# What API Gateway answers, with its headers: parsing them is part of the work.
ANSWER = (
    b"HTTP/1.1 200 OK\r\n"
    b"Date: Sat, 22 Nov 2025 17:00:00 GMT\r\n"
    b"Content-Type: application/json\r\n"
    b"Content-Length: 0\r\n"
    b"Connection: keep-alive\r\n"
    b"x-amzn-RequestId: 6f1d9a3e-7e0c-4b68-9d6d-2b6f5b0c9c11\r\n"
    b"x-amz-apigw-id: UfTq3H3zDoEEPdw=\r\n\r\n"
)
_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)\r\n", re.IGNORECASE)


def whole_request(received: bytes) -> bool:
    """Whether these bytes are one request from first to last. More than one is an error."""
    end = received.find(b"\r\n\r\n") + 4
    if end == 3:
        return False
    length = _LENGTH.search(received, 0, end)
    if length is None:
        raise ValueError("a post must have a Content-Length")
    missing = end + int(length[1]) - len(received)
    if missing < 0:
        raise ValueError("a client must wait for the answer before it sends the next request")
    return missing == 0


class Server:
    """Serves in the calling thread, until the process ends."""

    def __init__(self, tls: ssl.SSLContext | None) -> None:
        self._tls = tls
        self._selector = selectors.DefaultSelector()
        self._unfinished: dict[socket.socket, bytes] = {}
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self._listener.settimeout(0)
        self._selector.register(self._listener, selectors.EVENT_READ)
        self.port: int = self._listener.getsockname()[1]
        self.received: list[bytes] = []

    def serve(self) -> None:
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is self._listener:
                    self._accept()
                else:
                    assert isinstance(key.fileobj, socket.socket)
                    self._read(key.fileobj)

    def _accept(self) -> None:
        sock, _ = self._listener.accept()
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._tls:  # the handshake blocks this thread: connections are opened before the clock
            sock = self._tls.wrap_socket(sock, server_side=True)
        sock.settimeout(0)
        self._selector.register(sock, selectors.EVENT_READ)

    def _read(self, sock: socket.socket) -> None:
        try:
            data = sock.recv(RECEIVE_BYTES)
        except (ssl.SSLWantReadError, BlockingIOError):
            return
        except OSError:
            data = b""
        if not data:
            self._selector.unregister(sock)
            sock.close()
            return
        if self._unfinished:
            data = self._unfinished.pop(sock, b"") + data
        if whole_request(data):
            self.received.append(data)
            sock.send(ANSWER)
        else:
            self._unfinished[sock] = data
            if isinstance(sock, ssl.SSLSocket) and sock.pending():
                self._read(sock)  # decrypted already, so no event will tell of it


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _answer_orders(server: Server, orders: TextIO, reports: TextIO) -> None:
    """One line in, what is expected; one line out, what was received since the last one."""
    cpu = _cpu_seconds()
    for line in orders:
        used = _cpu_seconds() - cpu
        received, server.received = server.received, []
        check = Check.of(received, Expected(**json.loads(line)))
        report = {"cpu_seconds": used, "complaint": check.complaint, "posts": check.posts}
        reports.write(json.dumps(report) + "\n")
        reports.flush()
        cpu = _cpu_seconds()


def main() -> None:
    tls = None
    if len(sys.argv) > 1:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(sys.argv[1], sys.argv[2])
    server = Server(tls)
    threading.Thread(target=server.serve, daemon=True).start()
    sys.stdout.write(json.dumps({"port": server.port}) + "\n")
    sys.stdout.flush()
    _answer_orders(server, sys.stdin, sys.stdout)


if __name__ == "__main__":
    main()
