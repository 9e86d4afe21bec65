"""Short HTTP/1.1 answers, read by llhttp as Node.js reads them: strictly.

A kept socket with one request at a time needs more: one answer and no byte behind it, bounded in
head and body, and complete by itself. An answer that only the close ends is an error.
"""

from dataclasses import dataclass

import httptools

MAXIMUM_HEAD_BYTES = 16_384
MAXIMUM_BODY_BYTES = 65_536


class MalformedResponse(Exception):
    """The peer did not speak HTTP/1.1 as this parser accepts it."""


@dataclass(frozen=True)
class Response:
    """An answer. `reusable` says whether the connection may carry another request."""

    status: int
    body: bytes
    reusable: bool


class ResponseParser:
    """Reads one response after the other. An instance that has raised is of no further use."""

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._head_bytes = 0
        self._in_body = False
        self._body = b""
        self._response: Response | None = None

    def feed(self, data: bytes) -> Response | None:
        """The response once it is complete. Bytes after it are a `MalformedResponse` too."""
        # llhttp would read RTSP's and ICE's responses too, and pass over blank lines.
        if (
            not self._in_body
            and not self._head_bytes
            and not data.startswith(b"HTTP/"[: len(data)])
        ):
            raise MalformedResponse("the peer does not speak HTTP/1.1")
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            if isinstance(error.__context__, MalformedResponse):  # raised below, from within llhttp
                raise error.__context__ from None
            raise MalformedResponse(f"not a plain HTTP/1.1 response: {error}") from error
        response = self._response
        if response is not None:
            self._response, self._body, self._in_body, self._head_bytes = None, b"", False, 0
        elif not self._in_body:
            self._head_bytes += len(data)
            if self._head_bytes > MAXIMUM_HEAD_BYTES:
                raise MalformedResponse("the head of the response is too long")
        return response

    # llhttp calls these while it is fed. An exception of theirs ends the feeding.

    def on_message_begin(self) -> None:
        if self._response is not None:
            raise MalformedResponse("the peer sent more than one answer to one request")

    def on_headers_complete(self) -> None:
        self._in_body = True

    def on_body(self, data: bytes) -> None:
        self._body += data
        if len(self._body) > MAXIMUM_BODY_BYTES:
            raise MalformedResponse("the body of the response is too long")

    def on_message_complete(self) -> None:
        status = self._parser.get_status_code()
        if status >= 200:  # before it, interim answers may come
            self._response = Response(status, self._body, self._parser.should_keep_alive())
