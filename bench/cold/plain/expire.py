"""Ends the connections whose token has ended, with boto3 alone."""

# pyright: basic

import time

import boto3

dynamodb = boto3.client("dynamodb")
management = boto3.client(
    "apigatewaymanagementapi", endpoint_url="https://bench.invalid/prod", region_name="eu-central-1"
)


def handler(event, context):  # noqa: ARG001 - Lambda's signature
    minute = int(time.time()) // 60
    ended = 0
    for part in range(8):
        found = dynamodb.query(
            TableName="realtime",
            KeyConditionExpression="PK = :minute",
            ExpressionAttributeValues={":minute": {"S": f"EXPIRY#{minute}#{part}"}},
        )
        for item in found["Items"]:
            management.delete_connection(ConnectionId=item["SK"]["S"])
            ended += 1
    return {"connections": ended}
