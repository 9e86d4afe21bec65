"""The redirect with boto3 alone: finds the link and puts the click on the bus."""

# pyright: basic

import json
import time
import uuid

import boto3

dynamodb = boto3.client("dynamodb")
events = boto3.client("events")
sqs = boto3.client("sqs")


def handler(event, context):  # noqa: ARG001 - Lambda's signature
    code = event["pathParameters"]["code"]
    key = {"PK": {"S": f"LINK#{code}"}, "SK": {"S": "META"}}
    item = dynamodb.get_item(TableName="links", Key=key)["Item"]
    click = {"click_id": str(uuid.uuid4()), "code": code, "at": time.time_ns() // 1_000_000}
    entry = {"Source": "shortener", "DetailType": "click", "Detail": json.dumps(click)}
    try:
        events.put_events(Entries=[entry])
    except events.exceptions.ClientError:
        sqs.send_message(QueueUrl="clicks", MessageBody=json.dumps(click))
    return {"statusCode": 302, "headers": {"location": item["target"]["S"]}}
