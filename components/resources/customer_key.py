"""A KMS key of the customer's own, whose policy names every service that has to use it.

A service without permission fails silently: EventBridge drops the event, an alarm turns red and
notifies no address. The default keys of AWS need none of this, hence nothing here by default.
Events on a bus, a function's code and the dashboard's public files stay under keys of AWS.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from . import policies
from .arguments import check

DELETION_WINDOW_DAYS = 30
USE = ["kms:Decrypt", "kms:GenerateDataKey"]
# With DynamoDB, SQS and SNS the key is used in the name of the role that calls them.
# https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
VIA_SERVICES = ("dynamodb", "sqs", "sns", "lambda")
EVENTBRIDGE = "events.amazonaws.com"
ON_THEIR_OWN: Mapping[str, str] = {
    # https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html#compatibility-with-aws-services
    "cloudwatch.amazonaws.com": "cloudwatch:{region}:{account}:alarm:*",
    "sns.amazonaws.com": "sns:{region}:{account}:*",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class CustomerKeyArgs:
    account_id: str
    """Account of the stack; its administrators keep the key."""

    region: str
    """Region whose services may use it."""

    partition: str | None = None
    """`aws` by default; `aws-cn` and `aws-us-gov` are the others."""

    def __post_init__(self) -> None:
        check(self)


class CustomerKey(pulumi.ComponentResource):
    """Encrypts tables, queues, topics, logs and variables of a region; rotated each year."""

    arn: pulumi.Output[str]
    """ARN, for the arguments called `kms_key_arn`."""

    def __init__(
        self, name: str, args: CustomerKeyArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("realtime:index:CustomerKey", name, None, opts)
        key = aws.kms.Key(
            f"{name}-key",
            description=f"Data of {pulumi.get_project()}, stack {pulumi.get_stack()}",
            enable_key_rotation=True,
            deletion_window_in_days=DELETION_WINDOW_DAYS,
            policy=policies.document(*_statements(args)),
            region=args.region,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.arn = key.arn
        self.register_outputs({"arn": self.arn})


def table_encryption(
    kms_key_arn: pulumi.Input[str] | None,
) -> aws.dynamodb.TableServerSideEncryptionArgsDict:
    """Without a key of the customer's, DynamoDB's owned key, which is free.

    `enabled` without an ARN would be AWS's managed key, whose requests KMS charges for; leaving the
    block out would keep the customer's key on a table that had it.
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.howitworks.html
    """
    if kms_key_arn is None:
        return {"enabled": False}
    return {"enabled": True, "kms_key_arn": kms_key_arn}


def _statements(args: CustomerKeyArgs) -> Sequence[policies.Statement]:
    partition, account, region = args.partition or "aws", args.account_id, args.region
    administrators: policies.Statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:{partition}:iam::{account}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    roles: policies.Statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": [*USE, "kms:Encrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:DescribeKey"],
        "Resource": "*",
        "Condition": {"StringEquals": _through(account, region)},
    }
    services = [
        policies.allow(
            USE,
            ["*"],
            service=service,
            conditions={
                "ArnLike": {
                    "aws:SourceArn": f"arn:{partition}:"
                    + source.format(region=region, account=account)
                },
                "StringEquals": {"aws:SourceAccount": account},
            },
        )
        for service, source in ON_THEIR_OWN.items()
    ]
    return [
        *(administrators, roles, _grants(account, region)),
        # Without conditions: No page says that EventBridge names its source to KMS, and would drop
        # every event. Each queue's own policy admits one rule alone.
        # https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
        policies.allow(USE, ["*"], service=EVENTBRIDGE),
        *(*services, _logs(partition, region, account)),
    ]


def _through(account: str, region: str) -> dict[str, object]:
    return {
        "kms:CallerAccount": account,
        "kms:ViaService": [f"{name}.{region}.amazonaws.com" for name in VIA_SERVICES],
    }


def _grants(account: str, region: str) -> policies.Statement:
    """DynamoDB and Lambda work by grants, which the deploying role makes through them."""
    return {
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": ["kms:CreateGrant"],
        "Resource": "*",
        "Condition": {
            "StringEquals": _through(account, region),
            "Bool": {"kms:GrantIsForAWSResource": "true"},
        },
    }


def _logs(partition: str, region: str, account: str) -> policies.Statement:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html"""
    actions = [*USE, "kms:Encrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:DescribeKey"]
    context = f"arn:{partition}:logs:{region}:{account}:log-group:*"
    return policies.allow(
        actions,
        ["*"],
        service=f"logs.{region}.amazonaws.com",
        conditions={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": context}},
    )
