"""The functions, and for each an event that leads to its first call of AWS."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from handlers.shortener.click import new, to_body

RULES = [{"pattern": "link:*", "access": "public", "delivery": "latest", "min_interval_ms": 200,
          "publishers": ["bench"]}]  # fmt: skip
ENDPOINT = "http://127.0.0.1:9"  # nothing is sent: the probe ends where a connection is opened
ENVIRONMENT = {
    "ALLOWED_ORIGINS": "[]",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_ENDPOINT_URL": ENDPOINT,
    "AWS_REGION": "eu-central-1",
    "AWS_SECRET_ACCESS_KEY": "test",
    "CHANNEL_RULES": json.dumps(RULES),
    "CLICK_QUEUE_URL": f"{ENDPOINT}/000000000000/clicks",
    "CONNECT_PARAMETERS": '{"code":"link:{}"}',
    "DELIVERY_QUEUE_URL": f"{ENDPOINT}/000000000000/delivery",
    "EVENT_BUS_NAME": "bench",
    "HISTORY_SECONDS": "86400",
    "PAYLOAD_LIMIT_BYTES": "31744",
    "INLINE_MAXIMUM": "200",
    "LINKS_TABLE": "links",
    "MANAGEMENT_ENDPOINT": f"{ENDPOINT}/prod",
    "MAXIMUM_SUBSCRIPTIONS": "50",
    "TOO_LATE_QUEUE_URL": f"{ENDPOINT}/000000000000/too-late",
    "POSTS_PER_SECOND": "2500",
    "POWERTOOLS_METRICS_NAMESPACE": "bench",
    "POWERTOOLS_SERVICE_NAME": "bench",
    "PUBLIC_URL": "https://bench.invalid",
    "REALTIME_API_ID": "bench",
    "REALTIME_TABLE": "realtime",
    "REQUIRE_ORIGIN": "false",
    "TOKENS": "null",
}


@dataclass(frozen=True)
class Sample:
    """`calls_aws` is checked: a function that fails before its first call would look fast."""

    function: str
    event: Mapping[str, Any]
    calls_aws: bool = True

    @property
    def plain(self) -> str:
        return self.function.rpartition(".")[2]


def _websocket(route: str, kind: str, **more: Any) -> dict[str, Any]:
    request = {
        "routeKey": route,
        "eventType": kind,
        "connectionId": "Zx00000001abcd=",
        "apiId": "bench",
        "connectedAt": 1763787600123,
        "authorizer": {"principal": "anonymous"},
    }
    return {"requestContext": request, **more}


def _message(body: Mapping[str, Any], queue: str) -> dict[str, Any]:
    record = {
        "messageId": "00000000-0000-0000-0000-000000000001",
        "receiptHandle": "bench",
        "body": json.dumps(body),
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": "1763787600123",
            "MessageGroupId": "link:xzvzoih8",
            "MessageDeduplicationId": "1",
        },
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:eu-central-1:000000000000:{queue}",
        "awsRegion": "eu-central-1",
    }
    return {"Records": [record]}


CHANNEL = {"channel": "link:xzvzoih8"}
VALUE = {"code": "xzvzoih8", "clicks": 4}
CLICK = json.loads(to_body(new("xzvzoih8", at=time.time_ns() // 1_000_000)))
LISTING = {
    "version": "2.0",
    "routeKey": "GET /links",
    "rawPath": "/links",
    "rawQueryString": "",
    "headers": {},
    "requestContext": {
        "http": {"method": "GET", "path": "/links"},
        "authorizer": {"jwt": {"claims": {"sub": "00000000-0000-0000-0000-000000000002"}}},
        "stage": "$default",
    },
    "isBase64Encoded": False,
}
TOKEN = {
    "sub": "00000000-0000-0000-0000-000000000002",
    "iat": str(int(time.time())),
    "exp": str(int(time.time()) + 3600),
}
TICKET = {
    "version": "2.0",
    "routeKey": "POST /tickets",
    "requestContext": {"authorizer": {"jwt": {"claims": TOKEN}}},
    "body": "{}",
    "isBase64Encoded": False,
}
SAMPLES = [
    Sample(
        "realtime.functions.authorize",
        _websocket(
            "$connect",
            "CONNECT",
            methodArn="arn:aws:execute-api:eu-central-1:000000000000:bench/prod/$connect",
            queryStringParameters=CHANNEL,
        ),
        calls_aws=False,
    ),
    Sample(
        "realtime.functions.connect",
        _websocket("$connect", "CONNECT", queryStringParameters=CHANNEL),
    ),
    Sample("realtime.functions.disconnect", _websocket("$disconnect", "DISCONNECT")),
    Sample(
        "realtime.functions.messages",
        _websocket("subscribe", "MESSAGE", body=json.dumps({"action": "subscribe", **CHANNEL})),
    ),
    Sample(
        "realtime.functions.fan_out",
        _message({"task": "Range", **CHANNEL, "after": None, "until": None}, "delivery"),
    ),
    Sample(
        "realtime.functions.publish",
        _message({**CHANNEL, "value": VALUE, "version": 4, "source": "bench"}, "publish.fifo"),
    ),
    Sample("realtime.functions.ticket", TICKET),
    Sample("realtime.functions.revoke", {"principal": "00000000-0000-0000-0000-000000000002"}),
    Sample("realtime.functions.expire", {}),
    Sample("clicks.aggregate", _message(CLICK, "clicks")),
    Sample(
        "shortener.redirect",
        {
            "rawPath": "/xzvzoih8",
            "pathParameters": {"code": "xzvzoih8"},
            "routeKey": "$default",
            "headers": {},
            "requestContext": {"http": {"method": "GET"}},
        },
    ),
    Sample("shortener.links_api", LISTING),
]
