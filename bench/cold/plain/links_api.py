"""The links API with boto3 alone: lists one owner's links."""

# pyright: basic

import json

import boto3

dynamodb = boto3.client("dynamodb")


def handler(event, context):  # noqa: ARG001 - Lambda's signature
    owner = event["requestContext"]["authorizer"]["jwt"]["claims"]["sub"]
    page = dynamodb.query(
        TableName="links",
        IndexName="by-owner",
        KeyConditionExpression="#owner = :owner",
        ExpressionAttributeNames={"#owner": "owner"},
        ExpressionAttributeValues={":owner": {"S": owner}},
    )
    codes = [item["PK"]["S"].removeprefix("LINK#") for item in page["Items"]]
    return {"statusCode": 200, "body": json.dumps({"links": codes})}
