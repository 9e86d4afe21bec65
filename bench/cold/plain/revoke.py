"""Log out everywhere with boto3 alone."""

# pyright: basic

import time

import boto3

dynamodb = boto3.client("dynamodb")
management = boto3.client(
    "apigatewaymanagementapi", endpoint_url="https://bench.invalid/prod", region_name="eu-central-1"
)


def handler(event, context):  # noqa: ARG001 - Lambda's signature
    partition = {"S": f"PRINCIPAL#{event['principal']}"}
    revoked = {"PK": partition, "SK": {"S": "REVOKED"}, "at": {"N": str(int(time.time() * 1000))}}
    dynamodb.put_item(TableName="realtime", Item=revoked)
    found = dynamodb.query(
        TableName="realtime",
        KeyConditionExpression="PK = :principal AND begins_with(SK, :connections)",
        ExpressionAttributeValues={":principal": partition, ":connections": {"S": "CONN#"}},
    )
    for item in found["Items"]:
        connection_id = item["SK"]["S"].removeprefix("CONN#")
        management.delete_connection(ConnectionId=connection_id)
    return {"connections": len(found["Items"])}
