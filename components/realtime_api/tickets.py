"""A small HTTP API for teams that have none: `POST /tickets`, for whoever signed in."""

import json

import pulumi
import pulumi_aws as aws

from ..resources.access_log import access_log_group
from ..resources.function import Function
from .args import RealtimeApiArgs
from .tokens import TokenArgs

ROUTE = "POST /tickets"
PATH = "/tickets"
STAGE_NAME = "$default"
CORS_MAX_AGE_SECONDS = 3_600

# The answer holds the ticket, and no part of it is logged.
ACCESS_LOG = {
    "requestId": "$context.requestId",
    "routeKey": "$context.routeKey",
    "status": "$context.status",
    "responseLatency": "$context.responseLatency",
    "integrationStatus": "$context.integrationStatus",
    "integrationLatency": "$context.integrationLatency",
    "integrationError": "$context.integrationErrorMessage",
    "authorizerError": "$context.authorizer.error",
}


def ticket_api(
    name: str,
    args: RealtimeApiArgs,
    tokens: TokenArgs,
    ticket: Function,
    parent: pulumi.Resource,
) -> pulumi.Output[str]:
    """Returns the address to post to."""
    child = pulumi.ResourceOptions(parent=parent)
    api = aws.apigatewayv2.Api(
        f"{name}-tickets-api",
        protocol_type="HTTP",
        cors_configuration=_cors(args),
        region=args.region,
        opts=pulumi.ResourceOptions(parent=parent, protect=args.protect_data),
    )
    authorizer = aws.apigatewayv2.Authorizer(
        f"{name}-tickets-authorizer",
        api_id=api.id,
        authorizer_type="JWT",
        identity_sources=["$request.header.Authorization"],
        jwt_configuration={"audiences": list(tokens.audiences), "issuer": tokens.issuer},
        region=args.region,
        opts=child,
    )
    _route(name, args, api, authorizer, ticket, child)
    _stage(name, api, args, parent)
    return pulumi.Output.concat(api.api_endpoint, PATH)


def _cors(args: RealtimeApiArgs) -> aws.apigatewayv2.ApiCorsConfigurationArgsDict | None:
    if not args.allowed_origins:
        return None
    return {
        "allow_origins": list(args.allowed_origins),
        "allow_methods": ["POST"],
        "allow_headers": ["authorization", "content-type"],
        "max_age": CORS_MAX_AGE_SECONDS,
    }


def _route(
    name: str,
    args: RealtimeApiArgs,
    api: aws.apigatewayv2.Api,
    authorizer: aws.apigatewayv2.Authorizer,
    ticket: Function,
    child: pulumi.ResourceOptions,
) -> None:
    integration = aws.apigatewayv2.Integration(
        f"{name}-tickets-integration",
        api_id=api.id,
        integration_type="AWS_PROXY",
        integration_uri=ticket.invoke_arn,
        payload_format_version="2.0",
        region=args.region,
        opts=child,
    )
    aws.apigatewayv2.Route(
        f"{name}-tickets-route",
        api_id=api.id,
        route_key=ROUTE,
        target=pulumi.Output.concat("integrations/", integration.id),
        authorization_type="JWT",
        authorizer_id=authorizer.id,
        region=args.region,
        opts=child,
    )
    aws.lambda_.Permission(
        f"{name}-tickets-permission",
        action="lambda:InvokeFunction",
        function=ticket.name,
        principal="apigateway.amazonaws.com",
        source_arn=pulumi.Output.concat(api.execution_arn, f"/{STAGE_NAME}/POST{PATH}"),
        region=args.region,
        opts=child,
    )


def _stage(
    name: str, api: aws.apigatewayv2.Api, args: RealtimeApiArgs, parent: pulumi.Resource
) -> None:
    logs = access_log_group(
        f"{name}-tickets-access-logs",
        retention_in_days=args.log_retention_days,
        kms_key_arn=args.kms_key_arn,
        region=args.region,
        parent=parent,
    )
    aws.apigatewayv2.Stage(
        f"{name}-tickets-stage",
        api_id=api.id,
        name=STAGE_NAME,
        auto_deploy=True,
        access_log_settings={"destination_arn": logs.arn, "format": json.dumps(ACCESS_LOG)},
        default_route_settings={
            "throttling_rate_limit": args.throttling_rate_limit,
            "throttling_burst_limit": args.throttling_burst_limit or args.throttling_rate_limit,
        },
        region=args.region,
        opts=pulumi.ResourceOptions(parent=parent),
    )
