"""$connect: remembers the connection and the link it watches, found again through the index."""

from __future__ import annotations

import os
import time
from typing import Any

import boto3
from aws_lambda_powertools import Logger

CONNECTION_SECONDS = 7200

TABLE = os.environ["TABLE"]  # noqa: TID251 - the baseline has no reader of variables
dynamodb = boto3.client("dynamodb")
logger = Logger()


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    connection_id = event["requestContext"]["connectionId"]
    query: dict[str, str] = event.get("queryStringParameters") or {}
    code = query.get("code")
    if not code:
        return {"statusCode": 400, "body": "code is missing"}
    dynamodb.put_item(
        TableName=TABLE,
        Item={
            "PK": {"S": f"CONN#{connection_id}"},
            "SK": {"S": "META"},
            "code": {"S": code},
            "GSI1PK": {"S": f"WSCODE#{code}"},
            "GSI1SK": {"S": f"CONN#{connection_id}"},
            "ttl": {"N": str(int(time.time()) + CONNECTION_SECONDS)},
        },
    )
    logger.info("connect", extra={"connection_id": connection_id})
    return {"statusCode": 200}
