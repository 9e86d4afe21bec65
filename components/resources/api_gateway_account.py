"""Lets API Gateway write access logs of WebSocket stages.

The setting exists once per account and region, for every API in it: only one stack may own it, and
it stays when that stack goes. Without it a WebSocket stage that logs cannot be created.
"""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from . import policies
from .arguments import check
from .names import ROLE_NAME, check_name

PUSH_TO_CLOUDWATCH = "arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiGatewayAccountArgs:
    region: str | None = None
    """Region whose setting it is; by default the provider's."""

    def __post_init__(self) -> None:
        check(self)


HERE = ApiGatewayAccountArgs()


class ApiGatewayAccount(pulumi.ComponentResource):
    """The region's log setting of API Gateway. Other stacks need it too: it is never deleted."""

    role_arn: pulumi.Output[str]
    """Role that API Gateway assumes to write logs."""

    def __init__(
        self,
        name: str,
        args: ApiGatewayAccountArgs = HERE,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        check_name("ApiGatewayAccount", name, {"-role": ROLE_NAME})
        super().__init__("realtime:index:ApiGatewayAccount", name, None, opts)
        kept = pulumi.ResourceOptions(parent=self, retain_on_delete=True)
        role = aws.iam.Role(
            f"{name}-role", assume_role_policy=policies.trust("apigateway.amazonaws.com"), opts=kept
        )
        granted = aws.iam.RolePolicyAttachment(
            f"{name}-logs-policy", role=role.name, policy_arn=PUSH_TO_CLOUDWATCH, opts=kept
        )
        aws.apigateway.Account(
            f"{name}-account",
            cloudwatch_role_arn=role.arn,
            region=args.region,
            opts=pulumi.ResourceOptions(parent=self, retain_on_delete=True, depends_on=[granted]),
        )
        self.role_arn = role.arn
        self.register_outputs({"role_arn": self.role_arn})
