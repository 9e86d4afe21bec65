"""A strict HTTP/1.1 response parser for short answers, fed with whatever a socket hands over.

What is not plainly well-formed is an error and ends the connection: where two readings of a message
are possible (a length twice, a length and chunks), a lenient parser would take part of one answer
for the next.
"""

import functools
import re
from dataclasses import dataclass

MAXIMUM_HEAD_BYTES = 16_384
MAXIMUM_BODY_BYTES = 65_536

_HEAD = re.compile(
    rb"HTTP/1\.([01]) ([1-5][0-9]{2})(?: [\t\x20-\x7e\x80-\xff]*)?\r\n"
    rb"((?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*\r\n)*)\r\n"
)
# It starts with what a search finds fastest: the end of the line before.
_FRAMING = re.compile(
    rb"\n(content-length|transfer-encoding|connection):[ \t]*([^\r\n]*?)[ \t]*\r",
    re.IGNORECASE,
)
_LENGTH = re.compile(rb"[0-9]{1,9}")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})(?:;[\t\x20-\x7e]*)?\r\n")


class MalformedResponse(Exception):
    """The peer did not speak HTTP/1.1 as this parser accepts it."""


@dataclass(frozen=True)
class Response:
    """An answer. `reusable` says whether the connection may carry another request."""

    status: int
    body: bytes
    reusable: bool


class ResponseParser:
    """Parses one response after the other. Feed it, and take what `feed` returns."""

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, data: bytes) -> Response | None:
        """The response once it is complete. Bytes after it are a `MalformedResponse` too."""
        buffer = self._buffer + data if self._buffer else data
        parsed = _parse(buffer, ended=False)
        if parsed is None:
            self._buffer = buffer
            return None
        response, length = parsed
        if length != len(buffer):
            raise MalformedResponse("the peer sent more than the answer to what was asked")
        self._buffer = b""
        return response

    def end(self) -> Response | None:
        """The peer closed: a response whose length only the close tells is complete now."""
        if not self._buffer:
            return None
        parsed = _parse(self._buffer, ended=True)
        if parsed is None:
            raise MalformedResponse("the peer closed in the middle of a response")
        self._buffer = b""
        return parsed[0]


def _parse(buffer: bytes, *, ended: bool) -> tuple[Response, int] | None:
    """The first final response in the buffer and where it ends; None while it is incomplete."""
    start = 0
    while True:
        head = _HEAD.match(buffer, start)
        if head is None:
            if not b"HTTP/1.".startswith(buffer[start : start + 7]):
                raise MalformedResponse("the peer does not speak HTTP/1")
            if buffer.find(b"\r\n\r\n", start) >= 0 or len(buffer) - start > MAXIMUM_HEAD_BYTES:
                raise MalformedResponse("the head of the response is not well-formed HTTP/1.1")
            return None
        if head.end() - start > MAXIMUM_HEAD_BYTES:
            raise MalformedResponse("the head of the response is too long")
        status = int(head[2])
        if status >= 200:
            return _with_body(buffer, head, status, ended=ended)
        if status == 101:
            raise MalformedResponse("the peer switched to another protocol unasked")
        start = head.end()  # an interim answer; the final one follows


def _with_body(
    buffer: bytes, head: re.Match[bytes], status: int, *, ended: bool
) -> tuple[Response, int] | None:
    fields = _FRAMING.findall(buffer, head.start(3) - 1, head.end())
    length, chunked, close = _framing(head[1], tuple(fields))
    if status in (204, 304):
        return Response(status, b"", reusable=not close), head.end()
    if chunked:
        return _chunks(buffer, head.end(), status, close=close)
    if length is None:  # only the close tells where it ends
        if len(buffer) - head.end() > MAXIMUM_BODY_BYTES:
            raise MalformedResponse("the body of the response is too long")
        return (
            (Response(status, buffer[head.end() :], reusable=False), len(buffer)) if ended else None
        )
    end = head.end() + length
    if len(buffer) < end:
        return None
    return Response(status, buffer[head.end() : end], reusable=not close), end


@functools.lru_cache(maxsize=64)  # a server says the same thing in nearly every answer
def _framing(
    minor: bytes, fields: tuple[tuple[bytes, bytes], ...]
) -> tuple[int | None, bool, bool]:
    """Content length, whether the body comes in chunks, whether the connection closes after it."""
    length, chunked, close = None, False, minor == b"0"
    for name, value in fields:
        match name.lower():
            case b"content-length":
                if not _LENGTH.fullmatch(value) or length not in (None, int(value)):
                    raise MalformedResponse("Content-Length must be one number")
                length = int(value)
            case b"transfer-encoding":
                if chunked or value.lower() != b"chunked":
                    raise MalformedResponse("Transfer-Encoding must be chunked, once")
                chunked = True
            case _:
                close = close or b"close" in {t.strip() for t in value.lower().split(b",")}
    if chunked and length is not None:
        raise MalformedResponse("a response has a Content-Length or chunks, not both")
    if length is not None and length > MAXIMUM_BODY_BYTES:
        raise MalformedResponse("the body of the response is too long")
    return length, chunked, close


def _chunks(
    buffer: bytes, position: int, status: int, *, close: bool
) -> tuple[Response, int] | None:
    body: list[bytes] = []
    total = 0
    while True:
        size = _CHUNK.match(buffer, position)
        if size is None:
            if buffer.find(b"\r\n", position) >= 0 or len(buffer) - position > MAXIMUM_HEAD_BYTES:
                raise MalformedResponse("the size of a chunk is not a hexadecimal number")
            return None
        length, position = int(size[1], 16), size.end()
        total += length
        if total > MAXIMUM_BODY_BYTES:
            raise MalformedResponse("the body of the response is too long")
        if length == 0:
            return _trailers(buffer, position, Response(status, b"".join(body), reusable=not close))
        if len(buffer) < position + length + 2:
            return None
        if buffer[position + length : position + length + 2] != b"\r\n":
            raise MalformedResponse("a chunk does not end where its size says")
        body.append(buffer[position : position + length])
        position += length + 2


def _trailers(buffer: bytes, position: int, response: Response) -> tuple[Response, int] | None:
    """Nothing here reads trailers, so the only end accepted is the empty one."""
    if buffer.startswith(b"\r\n", position):
        return response, position + 2
    if len(buffer) - position >= 2 or buffer[position:] not in (b"", b"\r"):
        raise MalformedResponse("trailers are not accepted")
    return None
