from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.signed_http.responses import (
    MAXIMUM_BODY_BYTES,
    MAXIMUM_HEAD_BYTES,
    MalformedResponse,
    Response,
    ResponseParser,
)

TYPICAL = (
    b"HTTP/1.1 410 Gone\r\nDate: Sun, 22 Nov 2026 16:00:00 GMT\r\n"
    b"Content-Type: application/json\r\n"
    b"Content-Length: 13\r\nx-amzn-ErrorType: GoneException\r\n\r\n"
    b'{"message":1}'
)


@st.composite
def responses(draw: st.DrawFn) -> tuple[bytes, Response]:
    """A well-formed response in one of the framings, and what must come of it."""
    status = draw(st.sampled_from([200, 202, 400, 403, 410, 413, 429, 500, 503]))
    body = draw(st.binary(max_size=300))
    close = draw(st.booleans())
    interim = draw(st.sampled_from([b"", b"HTTP/1.1 100 Continue\r\n\r\n"]))
    head = b"HTTP/1.1 %d Reason\r\nx-amzn-RequestId: abc\r\n" % status
    if close:
        head += draw(st.sampled_from([b"Connection: close\r\n", b"connection: x, Close\r\n"]))
    if draw(st.booleans()):
        wire = head + b"CONTENT-LENGTH:  %d \r\n\r\n" % len(body) + body
        return interim + wire, Response(status, body, reusable=not close)
    cuts = sorted(draw(st.sets(st.integers(0, len(body)), max_size=4)) | {0, len(body)})
    chunks = b"".join(
        b"%x\r\n%s\r\n" % (end - start, body[start:end]) for start, end in pairwise(cuts)
    )
    wire = head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"
    return interim + wire, Response(status, body, reusable=not close)


def fed(pieces: list[bytes]) -> Response | None:
    parser = ResponseParser()
    found: list[Response] = []
    for piece in pieces:
        response = parser.feed(piece)
        if response:
            found.append(response)
    assert len(found) <= 1
    return found[0] if found else None


@given(responses(), st.data())
def test_any_split_of_the_bytes_parses_the_same(
    case: tuple[bytes, Response], data: st.DataObject
) -> None:
    wire, expected = case
    cuts = sorted(data.draw(st.sets(st.integers(1, len(wire) - 1), max_size=8)))
    edges = [0, *cuts, len(wire)]
    assert fed([wire[a:b] for a, b in pairwise(edges)]) == expected


@given(responses())
def test_a_response_byte_by_byte_is_complete_at_its_last_byte_and_no_sooner(
    case: tuple[bytes, Response],
) -> None:
    wire, expected = case
    parser = ResponseParser()
    for position in range(len(wire) - 1):
        assert parser.feed(wire[position : position + 1]) is None
    assert parser.feed(wire[-1:]) == expected


@given(st.binary(min_size=1, max_size=400).filter(lambda data: not data.startswith(b"H")))
def test_garbage_is_an_error_at_once(garbage: bytes) -> None:
    with pytest.raises(MalformedResponse):
        ResponseParser().feed(garbage)


@given(st.binary(min_size=1, max_size=60), st.integers(0, len(TYPICAL) - 1))
def test_bytes_inserted_anywhere_never_make_two_answers_of_one(noise: bytes, place: int) -> None:
    parser = ResponseParser()
    try:
        answer = parser.feed(TYPICAL[:place] + noise + TYPICAL[place:])
        again = None if answer is None else parser.feed(b"\r\n")
    except MalformedResponse:
        return
    assert again is None


@pytest.mark.parametrize(
    "wire",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"RTSP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"R",
        b"\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 99 Low\r\n\r\n",
        b"HTTP/1.1 200 OK\nContent-Length: 0\n\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\na",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0x1\r\n\r\na",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n",
        b"HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA b: c\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA : c\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA: \x00\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nmore",
        b"HTTP/1.1 200 OK\r\nA: " + b"x" * MAXIMUM_HEAD_BYTES,
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (MAXIMUM_BODY_BYTES + 1),
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n" + b"x" * (MAXIMUM_BODY_BYTES + 1),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\n"
        + b"x" * (MAXIMUM_BODY_BYTES + 1),
    ],
)
def test_an_answer_that_is_not_plainly_well_formed_is_refused(wire: bytes) -> None:
    parser = ResponseParser()
    with pytest.raises(MalformedResponse):
        parser.feed(wire)


@pytest.mark.parametrize(
    "wire", [b"HTTP/1.1 502 Bad Gateway\r\n\r\nsorry", TYPICAL[:-1], TYPICAL[:20]]
)
def test_an_answer_that_only_a_close_would_end_is_never_complete(wire: bytes) -> None:
    assert ResponseParser().feed(wire) is None


def test_http_1_0_closes_unless_the_peer_keeps_it_alive() -> None:
    answer = ResponseParser().feed(b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n")
    assert answer == Response(200, b"", reusable=False)


def test_no_content_has_no_body_and_keeps_the_connection() -> None:
    answer = ResponseParser().feed(b"HTTP/1.1 204 No Content\r\n\r\n")
    assert answer == Response(204, b"", reusable=True)


def test_a_parser_reads_the_next_answer_after_the_one_it_gave() -> None:
    parser = ResponseParser()
    first, second = parser.feed(TYPICAL), parser.feed(TYPICAL)
    assert first == second == Response(410, b'{"message":1}', reusable=True)
