import io
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials as BotocoreCredentials
from hypothesis import given
from hypothesis import strategies as st
from urllib3 import HTTPResponse

from handlers.signed_http.signature import Body, Signer

REGION = "eu-west-1"
ENDPOINT = "https://abc123.execute-api.eu-west-1.amazonaws.com/dev"


@dataclass(frozen=True)
class Keys:
    access_key: str = "AKIDEXAMPLE"
    secret_key: str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
    token: str | None = None


def signed(
    connection_id: str, data: bytes, keys: Keys, now: float, endpoint: str = ENDPOINT
) -> tuple[str, dict[str, str], bytes]:
    """What goes over the wire: path, headers, body."""
    signer = Signer(endpoint, REGION)
    signer.prepare(keys, now)
    head, _, body = signer.request(connection_id, Body.of(data)).partition(b"\r\n\r\n")
    request_line, *lines = head.decode().split("\r\n")
    method, path, version = request_line.split(" ")
    assert (method, version) == ("POST", "HTTP/1.1")
    return path, dict(line.split(": ", 1) for line in lines), body


def signature_of_botocore(
    path: str, headers: dict[str, str], data: bytes, keys: Keys, now: float
) -> str:
    request = AWSRequest("POST", f"https://{headers['Host']}{path}", data=data)
    credentials = BotocoreCredentials(keys.access_key, keys.secret_key, keys.token)
    with patch("botocore.auth.get_current_datetime", lambda: datetime.fromtimestamp(int(now), UTC)):
        SigV4Auth(credentials, "execute-api", REGION).add_auth(request)
    return request.headers["Authorization"]


anything = st.text(min_size=1, max_size=40)
like_api_gateways = st.text("AZaz09-_.~=", min_size=1, max_size=40)
connection_ids = (anything | like_api_gateways).filter(lambda text: text.strip(".") != "")
header_text = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1)
times = st.floats(min_value=0, max_value=4_000_000_000, allow_nan=False)


@given(connection_ids, st.binary(max_size=200), st.none() | header_text, header_text, times)
def test_the_signature_is_botocores_for_any_id_body_token_secret_and_time(
    connection_id: str, data: bytes, token: str | None, secret: str, now: float
) -> None:
    keys = Keys(secret_key=secret, token=token)
    path, headers, body = signed(connection_id, data, keys, now)
    assert headers["Authorization"] == signature_of_botocore(path, headers, data, keys, now)
    assert headers.get("X-Amz-Security-Token") == token
    assert body == data
    assert headers["Content-Length"] == str(len(data))


@given(connection_ids)
def test_the_path_on_the_wire_is_the_one_boto3_sends(connection_id: str) -> None:
    sent: list[str] = []

    def answer(request: Any, **_: Any) -> AWSResponse:
        sent.append(request.url)
        return AWSResponse(request.url, 200, HTTPHeaders(), HTTPResponse(body=io.BytesIO()))

    client = management_api()
    client.meta.events.register_first("before-send", answer, unique_id="capture")
    client.post_to_connection(ConnectionId=connection_id, Data=b"x")
    client.meta.events.unregister("before-send", answer, unique_id="capture")
    path, _, _ = signed(connection_id, b"x", Keys(), 0)
    assert sent[0].removeprefix("https://abc123.execute-api.eu-west-1.amazonaws.com") == path


_clients: list[Any] = []


def management_api() -> Any:
    if not _clients:
        _clients.append(
            boto3.client(
                "apigatewaymanagementapi",
                endpoint_url=ENDPOINT,
                region_name=REGION,
                aws_access_key_id="AKIDEXAMPLE",
                aws_secret_access_key="secret",
            )
        )
    return _clients[0]


@given(st.lists(st.tuples(times, st.sampled_from(["a", "b"]), st.sampled_from([None, "t"]))))
def test_the_kept_parts_of_a_request_never_reach_another_second_key_or_token(
    moments: list[tuple[float, str, str | None]],
) -> None:
    signer = Signer(ENDPOINT, REGION)
    for now, secret, token in moments:
        keys = Keys(secret_key=secret, token=token)
        signer.prepare(keys, now)
        fresh = Signer(ENDPOINT, REGION)
        fresh.prepare(keys, now)
        body = Body.of(b"{}")
        assert signer.request("Zx=", body) == fresh.request("Zx=", body)


def test_an_equals_sign_is_encoded_once_on_the_wire() -> None:
    path, _, _ = signed("Zx12=", b"", Keys(), 0)
    assert path == "/dev/@connections/Zx12%3D"


def test_an_endpoint_with_a_port_and_no_stage_signs_its_port() -> None:
    path, headers, _ = signed("a", b"", Keys(), 0, endpoint="http://127.0.0.1:8099")
    assert (path, headers["Host"]) == ("/@connections/a", "127.0.0.1:8099")
