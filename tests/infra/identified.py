"""A program whose RealtimeApi takes tokens, for what the project's own two stacks do not have."""

from typing import Any

import pulumi

from components import ChannelRule, FunctionDefaults, RealtimeApi, RealtimeApiArgs, TokenArgs
from tests.infra.harness import Deployment, deploy

ISSUER = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_abc"


def realtime_api(**changes: Any) -> RealtimeApi:
    arguments: dict[str, Any] = {
        "stage_name": "dev",
        "channels": [ChannelRule(pattern="user:{sub}", access="owner", delivery="every")],
        "throttling_rate_limit": 10,
        "defaults": FunctionDefaults(
            log_retention_days=7, layer_arn="arn:aws:lambda:eu-west-1:123456789012:layer:none:1"
        ),
        "ticket_api": True,
        **changes,
    }
    if changes.get("tokens", ISSUER) is None:  # an owner's rule needs tokens
        arguments["channels"] = [ChannelRule(pattern="a", access="public", delivery="every")]
    if "tokens" not in changes:  # outputs exist only where a program runs
        arguments["tokens"] = TokenArgs(
            issuer=pulumi.Output.from_input(ISSUER), audiences=[pulumi.Output.from_input("client")]
        )
    return RealtimeApi("realtime", RealtimeApiArgs(**arguments))


def deploy_with_tokens(**changes: Any) -> Deployment:
    def program() -> None:
        realtime_api(**changes).grant_revoke("support", "support-role")

    return deploy(program)
