"""The links table on moto, and what API Gateway and Lambda hand to the shortener's functions."""

import json
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.typing import LambdaContext

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient

LINKS_TABLE = "links"
PUBLIC_URL = "https://sho.rt"


def create_links_table(client: "DynamoDBClient") -> None:
    client.create_table(
        TableName=LINKS_TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": "PK", "AttributeType": "S"},
            {"AttributeName": "SK", "AttributeType": "S"},
            {"AttributeName": "owner", "AttributeType": "S"},
            {"AttributeName": "createdAt", "AttributeType": "N"},
        ],
        KeySchema=[
            {"AttributeName": "PK", "KeyType": "HASH"},
            {"AttributeName": "SK", "KeyType": "RANGE"},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-owner",
                "KeySchema": [
                    {"AttributeName": "owner", "KeyType": "HASH"},
                    {"AttributeName": "createdAt", "KeyType": "RANGE"},
                ],
                "Projection": {
                    "ProjectionType": "INCLUDE",
                    "NonKeyAttributes": ["target", "expiresAt"],
                },
            }
        ],
    )


class Context(LambdaContext):
    """What Powertools reads of it."""

    def __init__(self, function_name: str) -> None:
        self._function_name = function_name
        self._memory_limit_in_mb = 512
        self._invoked_function_arn = (
            f"arn:aws:lambda:eu-central-1:123456789012:function:{function_name}"
        )
        self._aws_request_id = "8b9d2f3c-6f4e-4a55-9f0e-3b8d6c2b7a10"


def http_event(
    method: str,
    path: str,
    *,
    owner: str | None = None,
    body: str | None = None,
    query: dict[str, str] | None = None,
    is_base64_encoded: bool = False,
) -> dict[str, Any]:
    """An HTTP API's event, payload 2.0: absent parts are absent, and the path is decoded."""
    segments = path.strip("/").split("/")
    template = {"links": "/links" if len(segments) == 1 else "/links/{code}"}
    authorizer = {"authorizer": {"jwt": {"claims": {"sub": owner}, "scopes": None}}}
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": f"{method} {template.get(segments[0], '/{code}')}",
        "rawPath": path,
        "rawQueryString": "&".join(f"{key}={value}" for key, value in (query or {}).items()),
        "headers": {"host": "api.example.com", "content-type": "application/json"},
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "a1b2c3d4e5",
            **(authorizer if owner is not None else {}),
            "domainName": "api.example.com",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1",
                "userAgent": "test",
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "stage": "$default",
            "timeEpoch": 1763800000000,
        },
        "isBase64Encoded": is_base64_encoded,
    }
    if query:
        event["queryStringParameters"] = query
    if body is not None:
        event["body"] = body
    if len(segments) == 2 or template.get(segments[0]) is None:
        event["pathParameters"] = {"code": segments[-1]}
    return event


def body_of(answer: dict[str, Any]) -> Any:
    return json.loads(answer["body"])


def error(answer: dict[str, Any]) -> tuple[int, str]:
    assert set(body_of(answer)["error"]) == {"code", "message"}
    return answer["statusCode"], body_of(answer)["error"]["code"]
