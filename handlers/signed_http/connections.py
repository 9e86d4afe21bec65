"""Keep-alive connections to one HTTPS or HTTP origin, each carrying one request at a time.

A connection is a non-blocking socket in a selector, and a parser. A request has no stream, task,
future or turn of the event loop of its own, because at thousands of posts a second those would cost
more than the posts. A connection outlives its request and, if the event loop does, the invocation.
"""

import asyncio
import selectors
import socket
import ssl
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from .responses import MalformedResponse, Response, ResponseParser

RECEIVE_BYTES = 65_536

Address = tuple[socket.AddressFamily, socket.SocketKind, int, str, Any]
"""An address of a name, as `getaddrinfo` returns it."""


class Origin:
    """The host to connect to. TLS is verified by the system's trust store, or by `tls`."""

    def __init__(self, endpoint: str, tls: ssl.SSLContext | None = None) -> None:
        address = urlsplit(endpoint)
        if address.scheme not in ("http", "https") or not address.hostname:
            raise ValueError(f"an endpoint must be http(s)://host[:port]/stage, got {endpoint!r}")
        self.host = address.hostname
        self.port = address.port or (443 if address.scheme == "https" else 80)
        self.tls = None
        if address.scheme == "https":
            self.tls = tls or ssl.create_default_context()
        self._look_up: asyncio.Task[list[Address]] | None = None

    def resolve(self) -> None:
        """Makes the next `open` look up the name. Lambda caches no look-up, and a batch opens its
        sockets at once, so one look-up serves all of them."""
        self._look_up = None

    async def open(self) -> socket.socket:
        """A connected non-blocking socket, after the TLS handshake. Raises `OSError`."""
        if self._look_up is None:
            self._look_up = asyncio.ensure_future(self._resolved())
        # A batch that is cancelled must not cancel the look-up that another one waits for.
        addresses = await asyncio.shield(self._look_up)
        for address in addresses[:-1]:
            try:
                return await self._connected(address)
            except OSError:
                continue  # the next address of the name may do
        return await self._connected(addresses[-1])

    async def _resolved(self) -> list[Address]:
        try:
            loop = asyncio.get_running_loop()
            return [*await loop.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)]
        except OSError:
            self._look_up = None
            raise

    async def _connected(self, address: Address) -> socket.socket:
        family, kind, protocol, _, where = address
        plain = socket.socket(family, kind, protocol)
        try:
            plain.settimeout(0)
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await asyncio.get_running_loop().sock_connect(plain, where)
            return await self._secured(plain) if self.tls else plain
        except BaseException:
            plain.close()
            raise

    async def _secured(self, plain: socket.socket) -> ssl.SSLSocket:
        assert self.tls
        secure = self.tls.wrap_socket(
            plain, server_hostname=self.host, do_handshake_on_connect=False
        )
        try:
            while True:
                try:
                    secure.do_handshake()
                    return secure
                except ssl.SSLWantReadError:
                    await _ready(secure, write=False)
                except ssl.SSLWantWriteError:
                    await _ready(secure, write=True)
        except BaseException:
            secure.close()
            raise


async def _ready(sock: socket.socket, *, write: bool) -> None:
    loop = asyncio.get_running_loop()
    ready = loop.create_future()

    def wake() -> None:
        if not ready.done():
            ready.set_result(None)

    add, remove = (
        (loop.add_writer, loop.remove_writer) if write else (loop.add_reader, loop.remove_reader)
    )
    add(sock, wake)
    try:
        await ready
    finally:
        remove(sock)


class Poller:
    """Watches many sockets for the event loop, which sees one: a selector is readable itself.

    The loop turns once for all answers that have come meanwhile, in place of once for each. While
    it watches a socket, a poller belongs to the running loop.
    """

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()

    def watch(self, sock: socket.socket, on_readable: Callable[[], None]) -> None:
        if not self._selector.get_map():
            asyncio.get_running_loop().add_reader(self._selector, self._call_ready)
        self._selector.register(sock, selectors.EVENT_READ, on_readable)

    def unwatch(self, sock: socket.socket, loop: asyncio.AbstractEventLoop) -> None:
        self._selector.unregister(sock)
        if not self._selector.get_map():
            loop.remove_reader(self._selector)

    def _call_ready(self) -> None:
        for key, _ in self._selector.select(0):
            key.data()


class Connection:
    """One open socket. `on_done` gets the response, or the error that ended the connection.

    After an error, and after a response that is not reusable, the connection is closed already.
    """

    def __init__(self, sock: socket.socket, poller: Poller) -> None:
        self._socket = sock
        self._poller = poller
        self._is_tls = isinstance(sock, ssl.SSLSocket)  # TLS may keep decrypted bytes back
        self._loop = asyncio.get_running_loop()
        self._parser = ResponseParser()
        self._on_done: Callable[[Connection, Response | Exception], None] | None = None
        self._unsent = b""
        self.closed = False
        self.heard = False
        """Whether any byte of the current answer has come."""
        poller.watch(sock, self._readable)

    def send(
        self, request: bytes, on_done: Callable[["Connection", Response | Exception], None]
    ) -> None:
        self._on_done, self.heard = on_done, False
        self._write(request)

    def answer_to(self, on_done: Callable[["Connection", Response | Exception], None]) -> None:
        """From now on, `on_done` gets the answer that is awaited."""
        self._on_done = on_done

    def close(self) -> None:
        """Safe at any time and more than once. `on_done` is not called."""
        if not self.closed:
            self.closed = True
            self._on_done = None
            self._poller.unwatch(self._socket, self._loop)
            self._loop.remove_writer(self._socket)
            self._socket.close()

    def _write(self, data: bytes) -> None:
        try:
            sent = self._socket.send(data)
        except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
            sent = 0
        except OSError as error:
            self._finish(error)
            return
        if sent == len(data) and not self._unsent:
            return
        had_unsent, self._unsent = bool(self._unsent), data[sent:]
        if self._unsent and not had_unsent:
            self._loop.add_writer(self._socket, lambda: self._write(self._unsent))
        elif had_unsent and not self._unsent:
            self._loop.remove_writer(self._socket)

    def _readable(self) -> None:
        while not self.closed:
            try:
                data = self._socket.recv(RECEIVE_BYTES)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return
            except OSError as error:
                self._finish(error)
                return
            if self._received(data) or (len(data) < RECEIVE_BYTES and not self._is_tls):
                return

    def _received(self, data: bytes) -> bool:
        """Returns whether reading is over for now: the answer is complete, or the connection is."""
        if self._on_done is None:  # no request waits for these bytes or this close
            self.close()
            return True
        if not data:
            self._finish(ConnectionResetError("the peer closed before it had answered"))
            return True
        self.heard = True
        try:
            response = self._parser.feed(data)
        except MalformedResponse as error:
            self._finish(error)
            return True
        if response is not None:
            self._finish(response)
            return True
        return False

    def _finish(self, result: Response | Exception) -> None:
        on_done, self._on_done = self._on_done, None
        if isinstance(result, Exception) or not result.reusable or self._unsent:
            self.close()
        if on_done:
            on_done(self, result)
