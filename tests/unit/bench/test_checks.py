"""The judge of the fan-out measurement: accepts what botocore signs, and nothing else."""

from dataclasses import replace

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from bench.fanout.checks import Check, Expected, Refused, verified_id

EXPECTED = Expected(
    prefix="Zx", posts=3, data='{"clicks":4}', access_key="test", secret_key="secret", token="t" * 9
)
IDS = ["Zx0000000=", "Zx0000001=", "Zx0000002="]


def post(connection_id: str, data: str = EXPECTED.data, secret: str = EXPECTED.secret_key) -> bytes:
    path = f"/prod/@connections/{connection_id.replace('=', '%3D')}"
    request = AWSRequest("POST", f"http://127.0.0.1:80{path}", data=data.encode())
    request.headers["Host"] = "127.0.0.1:80"
    keys = Credentials(EXPECTED.access_key, secret, EXPECTED.token)
    SigV4Auth(keys, "execute-api", "eu-central-1").add_auth(request)
    fields = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
    length = f"Content-Length: {len(data)}\r\n"
    return f"POST {path} HTTP/1.1\r\n{fields}{length}\r\n{data}".encode()


def test_what_botocore_signs_is_accepted() -> None:
    assert verified_id(post(IDS[0]), EXPECTED, {}) == IDS[0]


@pytest.mark.parametrize(
    ("request_bytes", "complaint"),
    [
        (post(IDS[0], secret="another"), "signature"),
        (post(IDS[0]).replace(b"0%3D", b"9%3D"), "signature"),
        (post(IDS[0], data="{}"), "body"),
        (post(IDS[0]).replace(b"ttt", b"", 1), "token"),
        (post(IDS[0]).replace(b"AWS4-HMAC-SHA256 ", b"Basic "), "Signature Version 4"),
        (post(IDS[0]).replace(b";x-amz-security-token", b""), "must be signed"),
        (post(IDS[0]).replace(b"POST ", b"GET ", 1), "request line"),
    ],
    # A request has the time in it, and workers must agree on a test's name.
    ids=["secret", "connection", "data", "token", "scheme", "signed headers", "verb"],
)
def test_anything_else_is_refused(request_bytes: bytes, complaint: str) -> None:
    with pytest.raises(Refused, match=complaint):
        verified_id(request_bytes, EXPECTED, {})


def test_every_post_once_is_no_complaint() -> None:
    assert Check.of([post(each) for each in reversed(IDS)], EXPECTED) == Check(3, "")


def test_a_post_that_did_not_come_is_a_complaint() -> None:
    assert "1 ids were not" in Check.of([post(each) for each in IDS[1:]], EXPECTED).complaint


def test_a_post_that_came_twice_is_a_complaint() -> None:
    received = [post(each) for each in [*IDS, IDS[0]]]
    assert "more than once" in Check.of(received, EXPECTED).complaint


def test_a_post_to_somebody_else_is_a_complaint() -> None:
    fewer = replace(EXPECTED, posts=2)
    assert "not asked for" in Check.of([post(each) for each in IDS], fewer).complaint


def test_one_wrong_signature_spoils_the_run() -> None:
    received = [post(IDS[0]), post(IDS[1], secret="another"), post(IDS[2])]
    assert "signature" in Check.of(received, EXPECTED).complaint
