"""The publish queue's consumer with boto3 alone: writes the state, reads the rows, posts."""

# pyright: basic

import json
from concurrent.futures import ThreadPoolExecutor

import boto3

dynamodb = boto3.client("dynamodb")
management = boto3.client("apigatewaymanagementapi", endpoint_url="http://127.0.0.1:9/prod")
sqs = boto3.client("sqs")
events = boto3.client("events")
threads = ThreadPoolExecutor(32)


def handler(event, context):  # noqa: ARG001 - Lambda's signature
    for record in event["Records"]:
        body = json.loads(record["body"])
        dynamodb.update_item(
            TableName="realtime",
            Key={"PK": {"S": f"STATE#{body['channel']}"}, "SK": {"S": "STATE"}},
            UpdateExpression="SET #value = :value, version = :version",
            ExpressionAttributeNames={"#value": "value"},
            ExpressionAttributeValues={
                ":value": {"S": json.dumps(body["value"])},
                ":version": {"N": str(body["version"])},
            },
        )
        rows = dynamodb.query(
            TableName="realtime",
            KeyConditionExpression="PK = :channel",
            ExpressionAttributeValues={":channel": {"S": f"CHANNEL#{body['channel']}"}},
            ConsistentRead=True,
        )["Items"]
        for row in rows:
            threads.submit(post, row["SK"]["S"].removeprefix("CONN#"), json.dumps(body["value"]))
    return {"batchItemFailures": []}


def post(connection_id, value):
    try:
        management.post_to_connection(ConnectionId=connection_id, Data=value)
    except management.exceptions.GoneException:
        sqs.send_message(QueueUrl="delivery", MessageBody=connection_id)
