"""POST /tickets with boto3 alone."""

# pyright: basic

import json
import secrets
import time

import boto3

dynamodb = boto3.client("dynamodb")


def handler(event, context):  # noqa: ARG001 - Lambda's signature
    claims = event["requestContext"]["authorizer"]["jwt"]["claims"]
    ticket = secrets.token_urlsafe(32)
    expires = int(time.time()) + 60
    item = {
        "PK": {"S": f"TICKET#{ticket}"},
        "SK": {"S": "TICKET"},
        "principal": {"S": claims["sub"]},
        "ttl": {"N": str(expires)},
    }
    dynamodb.put_item(TableName="realtime", Item=item)
    body = json.dumps({"ticket": ticket, "expiresAt": expires * 1000})
    return {"statusCode": 201, "body": body}
