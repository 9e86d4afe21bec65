"""The authorizer without a package: allows every request that names a channel."""

# pyright: basic


def handler(event, context):  # noqa: ARG001 - Lambda's signature
    effect = "Allow" if event["queryStringParameters"].get("channel") else "Deny"
    statement = {
        "Action": "execute-api:Invoke",
        "Effect": effect,
        "Resource": event["methodArn"],
    }
    return {
        "principalId": "anonymous",
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
    }
