"""subscribe with boto3 alone: the row, then the state."""

# pyright: basic

import json

import boto3

dynamodb = boto3.client("dynamodb")


def handler(event, context):  # noqa: ARG001 - Lambda's signature
    connection_id = event["requestContext"]["connectionId"]
    channel = json.loads(event["body"])["channel"]
    row = {"PK": {"S": f"CHANNEL#{channel}"}, "SK": {"S": f"CONN#{connection_id}"}}
    dynamodb.put_item(TableName="realtime", Item=row)
    key = {"PK": {"S": f"STATE#{channel}"}, "SK": {"S": "STATE"}}
    state = dynamodb.get_item(TableName="realtime", Key=key, ConsistentRead=True)
    return {"statusCode": 200, "body": json.dumps({"value": state["Item"]["value"]["S"]})}
