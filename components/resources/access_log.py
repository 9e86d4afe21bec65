"""The log group of an HTTP API's access log, which API Gateway has delivered by CloudWatch Logs.

CloudWatch Logs writes each group that it delivers to into a resource policy of limited size, except
for groups whose names begin with `/aws/vendedlogs/`: an account with many APIs would run out.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-infrastructure-CWL.html
"""

import pulumi
import pulumi_aws as aws

VENDED_LOGS = "/aws/vendedlogs/"


def access_log_group(
    name: str,
    *,
    retention_in_days: int,
    kms_key_arn: pulumi.Input[str] | None,
    region: str | None,
    parent: pulumi.Resource,
) -> aws.cloudwatch.LogGroup:
    """A WebSocket API needs none of it: it writes with the role of `ApiGatewayAccount`."""
    return aws.cloudwatch.LogGroup(
        name,
        name_prefix=f"{VENDED_LOGS}{name}-",
        retention_in_days=retention_in_days,
        kms_key_id=kms_key_arn,
        region=region,
        opts=pulumi.ResourceOptions(parent=parent),
    )
