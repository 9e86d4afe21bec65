"""What a RealtimeApi with tokens has besides: tickets, logging out, and the end of sessions."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from ..resources.function import Function
from .args import RealtimeApiArgs
from .functions import Functions
from .tickets import ticket_api

SWEEP_SCHEDULE = "rate(1 minute)"
LEAST_EVENT_AGE_SECONDS = 60


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
    _each_minute(name, args, functions.sweep(management_endpoint), parent)
    url = ticket_api(name, args, args.tokens, ticket, parent) if args.ticket_api else None
    return Sessions(
        ticket=ticket,
        revoke=functions.revoke(management_endpoint),
        tickets_url=pulumi.Output.from_input(url or ""),
    )


def _each_minute(
    name: str, args: RealtimeApiArgs, sweep: Function, parent: pulumi.Resource
) -> None:
    """A minute that fails is made up for by the next one, so that none is tried again.

    EventBridge retries the delivery to Lambda, and Lambda the run: each is told not to.
    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
    """
    child = pulumi.ResourceOptions(parent=parent)
    aws.lambda_.FunctionEventInvokeConfig(
        f"{name}-sweep-retries",
        function_name=sweep.name,
        maximum_event_age_in_seconds=LEAST_EVENT_AGE_SECONDS,
        maximum_retry_attempts=0,
        region=args.region,
        opts=child,
    )
    rule = aws.cloudwatch.EventRule(
        f"{name}-sweep-rule",
        schedule_expression=SWEEP_SCHEDULE,
        region=args.region,
        opts=child,
    )
    permission = aws.lambda_.Permission(
        f"{name}-sweep-permission",
        action="lambda:InvokeFunction",
        function=sweep.name,
        principal="events.amazonaws.com",
        source_arn=rule.arn,
        region=args.region,
        opts=child,
    )
    aws.cloudwatch.EventTarget(
        f"{name}-sweep-target",
        rule=rule.name,
        arn=sweep.arn,
        retry_policy={
            "maximum_event_age_in_seconds": LEAST_EVENT_AGE_SECONDS,
            "maximum_retry_attempts": 0,
        },
        region=args.region,
        opts=pulumi.ResourceOptions(parent=parent, depends_on=[permission]),
    )
