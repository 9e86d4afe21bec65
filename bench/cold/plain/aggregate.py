"""The aggregator with boto3 alone: a transaction a click, then posts in threads."""

# pyright: basic

import json
import time
from concurrent.futures import ThreadPoolExecutor

import boto3

dynamodb = boto3.client("dynamodb")
management = boto3.client("apigatewaymanagementapi", endpoint_url="http://127.0.0.1:9/prod")
sqs = boto3.client("sqs")
threads = ThreadPoolExecutor(32)


def handler(event, context):  # noqa: ARG001 - Lambda's signature
    for record in event["Records"]:
        click = json.loads(record["body"])
        day = time.strftime("%Y-%m-%d", time.gmtime(click["at"] // 1000))
        seen = {"PK": {"S": f"SEEN#{click['click_id']}"}, "SK": {"S": "SEEN"}}
        put = {
            "TableName": "links",
            "Item": seen,
            "ConditionExpression": "attribute_not_exists(PK)",
        }
        counters = [added(click["code"], "META"), added(click["code"], f"STAT#{day}")]
        dynamodb.transact_write_items(TransactItems=[{"Put": put}, *counters])
        push(click["code"])
    return {"batchItemFailures": []}


def added(code, sort_key):
    return {
        "Update": {
            "TableName": "links",
            "Key": {"PK": {"S": f"LINK#{code}"}, "SK": {"S": sort_key}},
            "UpdateExpression": "ADD clicks :one",
            "ExpressionAttributeValues": {":one": {"N": "1"}},
        }
    }


def push(code):
    rows = dynamodb.query(
        TableName="realtime",
        KeyConditionExpression="PK = :channel",
        ExpressionAttributeValues={":channel": {"S": f"CHANNEL#link:{code}"}},
    )["Items"]
    for row in rows:
        threads.submit(post, row["SK"]["S"].removeprefix("CONN#"), code)


def post(connection_id, value):
    management.post_to_connection(ConnectionId=connection_id, Data=value)
