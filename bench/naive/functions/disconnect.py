"""$disconnect: forgets the connection."""

from __future__ import annotations

import os
from typing import Any

import boto3
from aws_lambda_powertools import Logger

TABLE = os.environ["TABLE"]  # noqa: TID251 - the baseline has no reader of variables
dynamodb = boto3.client("dynamodb")
logger = Logger()


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    connection_id = event["requestContext"]["connectionId"]
    key = {"PK": {"S": f"CONN#{connection_id}"}, "SK": {"S": "META"}}
    dynamodb.delete_item(TableName=TABLE, Key=key)
    logger.info("disconnect", extra={"connection_id": connection_id})
    return {"statusCode": 200}
