"""Names of components whose children's physical names would be too long for AWS.

Pulumi makes a physical name of the logical one, a hyphen and seven random digits. AWS would refuse
it by the name of a child that the caller never wrote.
"""

from collections.abc import Mapping

import pulumi

RANDOM = len("-0123456")
# https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
FUNCTION_NAME = 64
# https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
ROLE_NAME = 64
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html
QUEUE_NAME = 80
FIFO_QUEUE_NAME = QUEUE_NAME - len(".fifo")
# https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html
RULE_NAME = 64
# https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateFunction.html
CLOUDFRONT_NAME = 64
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
BUCKET_NAME = 63


class NameTooLong(pulumi.RunError):
    """A component's name leaves no room for those of its children."""


def check_name(kind: str, name: str, children: Mapping[str, int]) -> None:
    """`children`: end of a child's name, after the component's -> characters that AWS takes."""
    suffix, most = min(
        ((suffix, most - len(suffix) - RANDOM) for suffix, most in children.items()),
        key=lambda child: child[1],
    )
    if len(name) > most:
        raise NameTooLong(
            f"The name of a {kind} must be {most} characters at most, got {len(name)} of {name!r}:"
            f" AWS takes no longer one for its part {name}{suffix}."
        )
