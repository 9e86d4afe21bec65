"""Counts each click in a transaction of its own, then posts the new total to all who watch.

One message after the other, as the original does. An error other than 410 is swallowed there, and
is here: that browser misses the number.
"""

from __future__ import annotations

import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger
from botocore.config import Config
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from types_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

POSTS_AT_ONCE = 50
"""How many sockets the JavaScript SDK opens for a `Promise.all`."""

TABLE = os.environ["TABLE"]  # noqa: TID251 - the baseline has no reader of variables
dynamodb = boto3.client("dynamodb")
management = boto3.client(
    "apigatewaymanagementapi",
    endpoint_url=os.environ["MANAGEMENT_ENDPOINT"],  # noqa: TID251 - see above
    config=Config(max_pool_connections=POSTS_AT_ONCE),
)
threads = ThreadPoolExecutor(POSTS_AT_ONCE)
logger = Logger()


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    failed = list[str]()
    for record in event["Records"]:
        try:
            click = json.loads(record["body"])
            if count(click["id"], click["detail"]["code"], click["detail"]["at"]):
                push(click["detail"]["code"])
        except Exception:
            logger.exception("click failed")
            failed.append(record["messageId"])
    logger.info("clicks aggregated", extra={"messages": len(event["Records"])})
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def count(event_id: str, code: str, at: int) -> bool:
    """False if this event was counted before."""
    day = time.strftime("%Y-%m-%d", time.gmtime(at // 1000))
    seen: TransactWriteItemTypeDef = {
        "Put": {
            "TableName": TABLE,
            "Item": {
                "PK": {"S": f"CLICK#{event_id}"},
                "SK": {"S": "SEEN"},
                "ttl": {"N": str(at // 1000 + 86_400)},
            },
            "ConditionExpression": "attribute_not_exists(PK)",
        }
    }
    try:
        dynamodb.transact_write_items(
            TransactItems=[seen, added(code, "META"), added(code, f"STAT#{day}")]
        )
    except dynamodb.exceptions.TransactionCanceledException as error:
        reasons: Any = {**error.response}["CancellationReasons"]
        if reasons[0]["Code"] == "ConditionalCheckFailed":
            return False
        raise
    return True


def added(code: str, sort_key: str) -> TransactWriteItemTypeDef:
    return {
        "Update": {
            "TableName": TABLE,
            "Key": {"PK": {"S": f"LINK#{code}"}, "SK": {"S": sort_key}},
            "UpdateExpression": "ADD clicks :one",
            "ExpressionAttributeValues": {":one": {"N": "1"}},
        }
    }


def push(code: str) -> None:
    key = {"PK": {"S": f"LINK#{code}"}, "SK": {"S": "META"}}
    item = dynamodb.get_item(TableName=TABLE, Key=key).get("Item", {})
    clicks = int(item.get("clicks", {"N": "0"}).get("N", "0"))
    watching = dynamodb.query(
        TableName=TABLE,
        IndexName="GSI1",
        KeyConditionExpression="GSI1PK = :channel",
        ExpressionAttributeValues={":channel": {"S": f"WSCODE#{code}"}},
    )["Items"]
    data = json.dumps({"code": code, "clicks": clicks}).encode()
    ids = [str(row["GSI1SK"].get("S")).removeprefix("CONN#") for row in watching]
    list(threads.map(post, ids, repeat(data)))


def post(connection_id: str, data: bytes) -> None:
    try:
        management.post_to_connection(ConnectionId=connection_id, Data=data)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") == "GoneException":
            key = {"PK": {"S": f"CONN#{connection_id}"}, "SK": {"S": "META"}}
            dynamodb.delete_item(TableName=TABLE, Key=key)
