"""The requests of `json_calls` equal those of botocore, for any name, body, token and time."""

import json
import ssl
from datetime import UTC, datetime
from unittest.mock import patch

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials
from botocore.session import Session
from hypothesis import given
from hypothesis import strategies as st

from handlers.environment import Credentials
from handlers.signed_http import json_calls
from handlers.signed_http.json_calls import DYNAMODB, EVENTS, SQS, JsonCalls, Protocol

REGION = "eu-west-1"
OPERATIONS = {DYNAMODB: "GetItem", EVENTS: "PutEvents", SQS: "SendMessage"}
header_text = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1)
times = st.floats(min_value=0, max_value=4_000_000_000, allow_nan=False)


class Clock(datetime):
    """Stands still."""

    at = datetime(2026, 1, 1, tzinfo=UTC)

    @classmethod
    def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
        assert tz is UTC
        return cls.at


@given(
    st.sampled_from(list(OPERATIONS)),
    st.dictionaries(st.text(max_size=9), st.text(max_size=30), max_size=4),
    st.none() | header_text,
    header_text,
    times,
)
def test_the_signature_is_botocores_for_any_body_token_secret_and_time(
    protocol: Protocol, request: dict[str, str], token: str | None, secret: str, now: float
) -> None:
    Clock.at = datetime.fromtimestamp(int(now), UTC)
    endpoint = f"https://{protocol.service}.{REGION}.amazonaws.com"
    calls = JsonCalls(
        protocol,
        endpoint,
        region=REGION,
        credentials=Credentials("AKIDEXAMPLE", secret, token),
        tls=ssl.create_default_context(),
    )
    with patch.object(json_calls, "datetime", Clock):
        sent = calls.signed(OPERATIONS[protocol], json.dumps(request).encode())
    head, _, body = sent.partition(b"\r\n\r\n")
    line, *lines = head.decode().split("\r\n")
    headers = dict(text.split(": ", 1) for text in lines)
    assert (line, json.loads(body)) == ("POST / HTTP/1.1", request)
    assert headers["content-length"] == str(len(body))

    signed = {
        name: headers[name] for name in headers if name not in {"authorization", "content-length"}
    }
    signed.pop("x-amz-date")
    theirs = AWSRequest("POST", f"{endpoint}/", data=body, headers=signed)
    keys = BotocoreCredentials("AKIDEXAMPLE", secret, token)
    with patch("botocore.auth.get_current_datetime", lambda: Clock.at):
        SigV4Auth(keys, protocol.service, REGION).add_auth(theirs)
    assert headers["authorization"] == theirs.headers["Authorization"]


def test_a_service_is_called_as_its_model_says() -> None:
    for protocol in OPERATIONS:
        model = Session().get_service_model(protocol.service)
        assert model.signing_name == protocol.service
        assert model.metadata["targetPrefix"] == protocol.target
        assert f"application/x-amz-json-{model.metadata['jsonVersion']}" == protocol.content_type
