"""$disconnect with boto3 alone."""

# pyright: basic

import boto3

dynamodb = boto3.client("dynamodb")


def handler(event, context):  # noqa: ARG001 - Lambda's signature
    connection_id = event["requestContext"]["connectionId"]
    key = {"PK": {"S": f"CONN#{connection_id}"}, "SK": {"S": "META"}}
    found = dynamodb.delete_item(TableName="realtime", Key=key, ReturnValues="ALL_OLD")
    for channel in found["Attributes"]["channels"]["SS"]:
        row = {"PK": {"S": f"CHANNEL#{channel}"}, "SK": {"S": f"CONN#{connection_id}"}}
        dynamodb.delete_item(TableName="realtime", Key=row)
    return {"statusCode": 200}
