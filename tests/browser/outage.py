"""A TCP proxy between the pages and the local cloud, which can be away for a while.

To a page it is a server that restarts: every connection is reset, new ones are refused, and then it
answers again with all that it knew. The emulator itself would come back with nothing.
"""

import socket
import struct
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress

BUFFER = 65_536
RESET = struct.pack("ii", 1, 0)


class Proxy:
    """Listens on a loopback port of its own as soon as it is made."""

    def __init__(self, upstream_port: int) -> None:
        self._upstream = ("127.0.0.1", upstream_port)
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listener = self._listen(0)
        self.port: int = self._listener.getsockname()[1]

    @contextmanager
    def outage(self) -> Generator[None]:
        """While it lasts, every connection is reset and none is accepted."""
        self.close()
        try:
            yield
        finally:
            self._listener = self._listen(self.port)

    def close(self) -> None:
        with suppress(OSError):  # wakes the thread that waits in accept
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            cut, self._open = self._open, set()
        for connection in cut:
            _reset(connection)

    def _listen(self, port: int) -> socket.socket:
        listener = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        return listener

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):  # the listener was closed
            while True:
                client, _ = listener.accept()
                upstream = socket.create_connection(self._upstream)
                with self._lock:
                    self._open |= {client, upstream}
                for source, target in ((client, upstream), (upstream, client)):
                    threading.Thread(target=self._pump, args=(source, target), daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):  # one of the two was cut
            while data := source.recv(BUFFER):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
            return
        with self._lock:
            self._open -= {source, target}
        for connection in (source, target):
            _reset(connection)


def _reset(connection: socket.socket) -> None:
    with suppress(OSError):  # it is closed already
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
