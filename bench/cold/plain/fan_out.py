"""A fan-out with boto3 alone: reads the state and the rows, posts in threads."""

# pyright: basic

import json
from concurrent.futures import ThreadPoolExecutor

import boto3

dynamodb = boto3.client("dynamodb")
management = boto3.client("apigatewaymanagementapi", endpoint_url="http://127.0.0.1:9/prod")
sqs = boto3.client("sqs")
threads = ThreadPoolExecutor(32)


def handler(event, context):  # noqa: ARG001 - Lambda's signature
    for record in event["Records"]:
        channel = json.loads(record["body"])["channel"]
        key = {"PK": {"S": f"STATE#{channel}"}, "SK": {"S": "STATE"}}
        state = dynamodb.get_item(TableName="realtime", Key=key, ConsistentRead=True)["Item"]
        rows = dynamodb.query(
            TableName="realtime",
            KeyConditionExpression="PK = :channel",
            ExpressionAttributeValues={":channel": {"S": f"CHANNEL#{channel}"}},
            ConsistentRead=True,
        )["Items"]
        for row in rows:
            threads.submit(post, row["SK"]["S"].removeprefix("CONN#"), state["value"]["S"])
    return {"batchItemFailures": []}


def post(connection_id, value):
    try:
        management.post_to_connection(ConnectionId=connection_id, Data=value)
    except management.exceptions.GoneException:
        sqs.send_message(QueueUrl="delivery", MessageBody=connection_id)
