"""Sessions of a RealtimeApi with tokens: tickets, logging out, and expiry."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from ..resources.function import Function
from ..resources.http_api import HttpApi, HttpApiArgs
from .args import RealtimeApiArgs
from .functions import Functions
from .tokens import TokenArgs

EXPIRE_SCHEDULE = "rate(1 minute)"
LEAST_EVENT_AGE_SECONDS = 60
TICKETS_PATH = "/tickets"


@dataclass(frozen=True)
class Sessions:
    ticket: Function
    """`POST /tickets`, for any HTTP API."""
    revoke: Function
    tickets_url: pulumi.Output[str]
    """Empty without `ticket_api`."""


def make_sessions(
    name: str,
    args: RealtimeApiArgs,
    functions: Functions,
    management_endpoint: pulumi.Output[str],
    parent: pulumi.Resource,
) -> Sessions | None:
    if args.tokens is None:
        return None
    ticket = functions.ticket()
    _each_minute(name, args, functions.expire(management_endpoint), parent)
    return Sessions(
        ticket=ticket,
        revoke=functions.revoke(management_endpoint),
        tickets_url=_tickets_url(name, args, args.tokens, ticket, parent),
    )


def _tickets_url(
    name: str, args: RealtimeApiArgs, tokens: TokenArgs, ticket: Function, parent: pulumi.Resource
) -> pulumi.Output[str]:
    if not args.ticket_api:
        return pulumi.Output.from_input("")
    http = HttpApiArgs(
        issuer=tokens.issuer,
        audiences=tokens.audiences,
        throttling_rate_limit=args.throttling_rate_limit,
        throttling_burst_limit=args.throttling_burst_limit,
        allowed_origins=args.allowed_origins,
        allowed_methods=["POST"],
        defaults=args.defaults,
        protect_data=args.protect_data,
        region=args.region,
    )
    api = HttpApi(f"{name}-tickets", http, pulumi.ResourceOptions(parent=parent))
    api.route("ticket", [f"POST {TICKETS_PATH}"], ticket)
    return pulumi.Output.concat(api.url, TICKETS_PATH)


def _each_minute(
    name: str, args: RealtimeApiArgs, expire: Function, parent: pulumi.Resource
) -> None:
    """The next minute makes up for one that fails, so that none is tried again.

    EventBridge retries the delivery to Lambda, and Lambda the run: each is told not to.
    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
    """
    child = pulumi.ResourceOptions(parent=parent)
    aws.lambda_.FunctionEventInvokeConfig(
        f"{name}-expire-retries",
        function_name=expire.name,
        maximum_event_age_in_seconds=LEAST_EVENT_AGE_SECONDS,
        maximum_retry_attempts=0,
        region=args.region,
        opts=child,
    )
    rule = aws.cloudwatch.EventRule(
        f"{name}-expire-rule",
        schedule_expression=EXPIRE_SCHEDULE,
        region=args.region,
        opts=child,
    )
    permission = aws.lambda_.Permission(
        f"{name}-expire-permission",
        action="lambda:InvokeFunction",
        function=expire.name,
        principal="events.amazonaws.com",
        source_arn=rule.arn,
        region=args.region,
        opts=child,
    )
    aws.cloudwatch.EventTarget(
        f"{name}-expire-target",
        rule=rule.name,
        arn=expire.arn,
        retry_policy={
            "maximum_event_age_in_seconds": LEAST_EVENT_AGE_SECONDS,
            "maximum_retry_attempts": 0,
        },
        region=args.region,
        opts=pulumi.ResourceOptions(parent=parent, depends_on=[permission]),
    )
