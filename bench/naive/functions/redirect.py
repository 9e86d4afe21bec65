"""`GET /{code}`: finds the link, puts the click on the bus, and sends the browser on."""

from __future__ import annotations

import json
import os
import time
from typing import Any

import boto3
from aws_lambda_powertools import Logger

TABLE = os.environ["TABLE"]  # noqa: TID251 - the baseline has no reader of variables
BUS = os.environ["EVENT_BUS"]  # noqa: TID251 - see above
dynamodb = boto3.client("dynamodb")
events = boto3.client("events")
logger = Logger()


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    code = event["pathParameters"]["code"]
    key = {"PK": {"S": f"LINK#{code}"}, "SK": {"S": "META"}}
    item = dynamodb.get_item(TableName=TABLE, Key=key).get("Item")
    if item is None:
        return {"statusCode": 404, "body": ""}
    detail = {"code": code, "at": time.time_ns() // 1_000_000}
    events.put_events(
        Entries=[
            {
                "Source": "shortener",
                "DetailType": "click",
                "Detail": json.dumps(detail),
                "EventBusName": BUS,
            }
        ]
    )
    logger.info("redirected", extra={"code": code})
    return {"statusCode": 302, "headers": {"location": str(item["target"].get("S"))}, "body": ""}
