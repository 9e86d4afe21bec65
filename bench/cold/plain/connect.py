"""$connect with boto3 alone: the same writes and reads, no rules and no log."""

# pyright: basic

import boto3

dynamodb = boto3.client("dynamodb")
sqs = boto3.client("sqs")


def handler(event, context):  # noqa: ARG001 - Lambda's signature
    connection_id = event["requestContext"]["connectionId"]
    channel = event["queryStringParameters"]["channel"]
    state = {"PK": {"S": f"STATE#{channel}"}, "SK": {"S": "STATE"}}
    before = dynamodb.get_item(TableName="realtime", Key=state, ConsistentRead=True)
    for key in (f"CONN#{connection_id}", "META"), (f"CHANNEL#{channel}", f"CONN#{connection_id}"):
        item = {"PK": {"S": key[0]}, "SK": {"S": key[1]}}
        dynamodb.put_item(TableName="realtime", Item=item)
    after = dynamodb.get_item(TableName="realtime", Key=state, ConsistentRead=True)
    if after != before:
        sqs.send_message(QueueUrl="delivery", MessageBody=connection_id, DelaySeconds=1)
    return {"statusCode": 200}
