"""The functions as API Gateway calls them, on a table in moto."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from handlers import aws
from handlers.realtime.functions import authorize, connect, disconnect, messages
from tests.adapters.realtime.conftest import TABLE, keys
from tests.fakes.protocol import valid

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient

LATEST: dict[str, Any] = {"delivery": "latest", "min_interval_ms": 200, "publishers": []}
RULES = [
    {"pattern": "user:{sub}", "access": "owner", **LATEST},
    {"pattern": "*:*", "access": "public", **LATEST},
]
METHOD_ARN = "arn:aws:execute-api:eu-central-1:123456789012:abcdef1234/dev/$connect"
CONNECTION_ID = "L0SM9cOFvHcCIhw="
ORIGIN = "https://app.example.com"
CONTEXT = object()
HOST = "abcdef1234.execute-api.eu-central-1.amazonaws.com"


@pytest.fixture(autouse=True)
def variables(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in {
        "REALTIME_TABLE": TABLE,
        "CHANNEL_RULES": json.dumps(RULES),
        "CONNECT_PARAMETERS": '{"code":"link:{}"}',
        "ALLOWED_ORIGINS": f'["{ORIGIN}", "http://localhost:*"]',
        "REQUIRE_ORIGIN": "false",
        "TOKENS": "null",
        "MAXIMUM_SUBSCRIPTIONS": "2",
        "DELIVERY_QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/123456789012/delivery",
    }.items():
        monkeypatch.setenv(name, value)
    forget()
    yield
    forget()


def forget() -> None:
    kept = (authorize.policy, connect.settings, disconnect.environment, messages.service)
    for factory in kept:
        factory.cache_clear()


def event(kind: str, route: str, **fields: Any) -> dict[str, Any]:
    return {
        "requestContext": {
            "routeKey": route,
            "authorizer": {"principalId": "anonymous", "principal": "anonymous"},
            "eventType": kind,
            "connectedAt": 4_102_444_800_123,  # 2100: no test's connection is over
            "domainName": HOST,
            "connectionId": CONNECTION_ID,
            "apiId": "abcdef1234",
        },
        **fields,
    }


def handshake(
    query: dict[str, list[str]] | None, headers: dict[str, list[str]] | None = None
) -> dict[str, Any]:
    headers = {"Host": [HOST], **(headers or {})}
    return event(
        "CONNECT",
        "$connect",
        headers={name: values[-1] for name, values in headers.items()},
        multiValueHeaders=headers,
        queryStringParameters={n: values[-1] for n, values in query.items()} if query else None,
        multiValueQueryStringParameters=query,
    )


def authorized(
    query: dict[str, list[str]] | None, headers: dict[str, list[str]] | None = None
) -> bool:
    request = {**handshake(query, headers), "type": "REQUEST", "methodArn": METHOD_ARN}
    answer = authorize.handler(request, CONTEXT)
    (statement,) = answer["policyDocument"]["Statement"]
    assert statement["Resource"] == METHOD_ARN
    assert answer["context"] == {"principal": "anonymous"}
    return statement["Effect"] == "Allow"


def say(body: Any, route: str = "subscribe", **fields: Any) -> dict[str, Any]:
    text = body if isinstance(body, str) else json.dumps(body)
    answer = messages.handler(event("MESSAGE", route, body=text, **fields), CONTEXT)
    assert answer["statusCode"] == 200
    return valid("control", answer["body"])["realtime"]


META = (f"CONN#{CONNECTION_ID}", "META")


def row(channel: str) -> tuple[str, str]:
    return f"CHANNEL#{channel}", f"CONN#{CONNECTION_ID}"


@pytest.mark.parametrize("name", ["Origin", "origin", "ORIGIN"])
@pytest.mark.parametrize(
    ("origins", "allowed"),
    [
        ([ORIGIN], True),
        (["HTTPS://App.Example.COM"], True),
        (["https://app.example.com:443"], False),
        (["https://app.example.com/"], False),
        (["https://app.example.com.evil.example"], False),
        (["http://app.example.com"], False),
        (["null"], False),
        ([""], False),
        (["http://localhost:5173"], True),
        (["https://localhost:5173"], False),
        (["http://localhost.evil.example:5173"], False),
        ([ORIGIN, "https://evil.example"], False),
        (["https://evil.example", ORIGIN], False),
    ],
)
def test_only_an_origin_on_the_list_may_connect(
    name: str, origins: list[str], *, allowed: bool
) -> None:
    assert authorized({"code": ["XzVZoih"]}, {name: origins}) == allowed


def test_an_absent_origin_passes_unless_one_is_required(monkeypatch: pytest.MonkeyPatch) -> None:
    assert authorized({"code": ["XzVZoih"]})
    authorize.policy.cache_clear()
    monkeypatch.setenv("REQUIRE_ORIGIN", "true")
    assert not authorized({"code": ["XzVZoih"]})
    assert authorized({"code": ["XzVZoih"]}, {"Origin": [ORIGIN]})


def test_without_a_list_any_origin_may_connect(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOWED_ORIGINS", "[]")
    assert authorized({"code": ["XzVZoih"]}, {"Origin": ["https://anybody.example"]})


@pytest.mark.parametrize(
    ("query", "allowed"),
    [
        (None, True),
        ({"channel": ["link:XzVZoih"]}, True),
        ({"channel": ["user:42"]}, False),
        ({"channel": ["unknown"]}, False),
        ({"channel": ["link:a", "link:b"]}, False),
        ({"code": ["a"], "channel": ["link:b"]}, False),
        ({"code": ["a#b"]}, False),
        ({"code": ["a"], "padding": ["x" * 2048]}, False),
    ],
)
def test_only_a_channel_that_may_be_watched_passes_the_authorizer(
    query: dict[str, list[str]] | None, *, allowed: bool
) -> None:
    assert authorized(query) == allowed


def test_the_log_holds_no_query_and_no_origin(caplog: pytest.LogCaptureFixture) -> None:
    authorized({"channel": ["user:42"], "ticket": ["hunter2"]}, {"Origin": [ORIGIN]})
    (record,) = caplog.records
    logged = vars(record)
    assert logged["reason"] == "credentials_not_taken"
    assert not any(text in str(logged) for text in ("hunter2", "user:42", "example.com"))


def test_a_life_of_a_connection_leaves_nothing_behind(dynamodb: "DynamoDBClient") -> None:
    assert connect.handler(handshake({"code": ["XzVZoih"]}), CONTEXT) == {"statusCode": 200}
    assert keys(dynamodb) == {META, row("link:XzVZoih")}

    reply = say({"action": "subscribe", "channel": "link:b", "id": "7"})
    assert reply == {"event": "subscribed", "channel": "link:b", "id": "7", "recovered": False}
    assert keys(dynamodb) == {META, row("link:XzVZoih"), row("link:b")}

    refused = say({"action": "subscribe", "channel": "link:c", "id": "8"})
    assert (refused["code"], refused["id"]) == ("too_many_subscriptions", "8")

    reply = say({"action": "unsubscribe", "channel": "link:XzVZoih"}, "unsubscribe")
    assert reply == {"event": "unsubscribed", "channel": "link:XzVZoih"}
    assert keys(dynamodb) == {META, row("link:b")}

    closed = event("DISCONNECT", "$disconnect", disconnectStatusCode=1001)
    assert disconnect.handler(closed, CONTEXT) == {"statusCode": 200}
    assert keys(dynamodb) == set()
    assert say({"action": "subscribe", "channel": "link:b"})["code"] == "connection_expired"


@pytest.mark.parametrize(
    ("query", "status"),
    [
        (None, 400),
        ({"code": [""]}, 400),
        ({"channel": ["link:a", "link:b"]}, 400),
        ({"channel": ["user:42"]}, 403),
        ({"channel": ["unknown"]}, 403),
    ],
)
def test_connect_refuses_without_any_call(query: dict[str, list[str]] | None, status: int) -> None:
    assert connect.handler(handshake(query), CONTEXT) == {"statusCode": status}
    assert aws.session.cache_info().currsize == 0


def test_connect_refuses_a_subprotocol_without_any_call() -> None:
    offered = handshake({"code": ["a"]}, {"Sec-WebSocket-Protocol": ["graphql-ws"]})
    assert connect.handler(offered, CONTEXT) == {"statusCode": 400}
    assert aws.session.cache_info().currsize == 0


def test_a_message_cannot_reach_the_rules_of_connect_or_disconnect(
    dynamodb: "DynamoDBClient",
) -> None:
    connect.handler(handshake({"code": ["a"]}), CONTEXT)
    before = keys(dynamodb)
    forged = event("MESSAGE", "$connect", body="{}", queryStringParameters={"code": "b"})
    assert connect.handler(forged, CONTEXT) == {"statusCode": 400}
    forged = event("MESSAGE", "$disconnect", body='{"action":"$disconnect"}')
    assert disconnect.handler(forged, CONTEXT) == {"statusCode": 200}
    assert keys(dynamodb) == before


def test_only_messages_are_answered() -> None:
    assert messages.handler(event("CONNECT", "$connect"), CONTEXT) == {"statusCode": 200}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("hello", "bad_request"),
        ({"action": "$connect"}, "unknown_action"),
        ({"action": "publish", "channel": "link:a"}, "unknown_action"),
        ({"action": "subscribe", "channel": "unknown"}, "unknown_channel"),
        ({"action": "ping", "padding": "x" * 4096}, "payload_too_large"),
    ],
)
def test_a_message_that_cannot_be_followed_gets_a_stable_code(body: Any, code: str) -> None:
    assert say(body, "$default")["code"] == code


def test_a_binary_message_is_refused() -> None:
    assert say("eyJ9", "$default", isBase64Encoded=True)["code"] == "bad_request"


def test_a_ping_is_answered_without_any_call() -> None:
    assert say({"action": "ping"}, "$default") == {"event": "pong"}


def test_a_subscription_returns_the_state_and_what_is_newer_than_since(
    dynamodb: "DynamoDBClient",
) -> None:
    connect.handler(handshake({"code": ["a"]}), CONTEXT)
    dynamodb.put_item(
        TableName=TABLE,
        Item={
            "PK": {"S": "STATE#link:a"},
            "SK": {"S": "STATE"},
            "epoch": {"N": "5"},
            "version": {"N": "4"},
            "value": {"S": '{"clicks":4}'},
            "at": {"N": "100"},
        },
    )
    known = {"event": "subscribed", "channel": "link:a", "epoch": 5, "version": 4, "at": 100}
    request = {"action": "subscribe", "channel": "link:a"}
    assert say(request) == {**known, "recovered": False, "value": {"clicks": 4}}
    since = {"epoch": 5, "version": 3}
    assert say({**request, "since": since}) == {**known, "recovered": True, "value": {"clicks": 4}}
    assert say({**request, "since": {"epoch": 5, "version": 4}}) == {**known, "recovered": True}


def test_a_failure_tells_the_client_nothing_but_that_it_failed(
    dynamodb: "DynamoDBClient", caplog: pytest.LogCaptureFixture
) -> None:
    dynamodb.delete_table(TableName=TABLE)
    assert connect.handler(handshake({"code": ["a"]}), CONTEXT) == {"statusCode": 500}
    reply = say({"action": "subscribe", "channel": "link:a", "id": "7"})
    assert reply == {
        "event": "error",
        "id": "7",
        "code": "internal",
        "message": "the request failed; try again",
    }
    assert disconnect.handler(event("DISCONNECT", "$disconnect"), CONTEXT) == {"statusCode": 200}
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == [
        "connect failed",
        "message failed",
        "disconnect failed",
    ]


def test_a_handshake_without_an_authorizer_is_refused(dynamodb: "DynamoDBClient") -> None:
    request = handshake({"code": ["a"]})
    del request["requestContext"]["authorizer"]
    assert connect.handler(request, CONTEXT) == {"statusCode": 500}
    assert keys(dynamodb) == set()
