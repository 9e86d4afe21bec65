"""The address of a RealtimeApi: a stage that serves one deployment of its routes."""

import json
from collections.abc import Sequence, Set
from typing import Any

import pulumi
import pulumi_aws as aws

from .args import RealtimeApiArgs
from .definition import Definition, fingerprint

# No query string: it can hold credentials. Execution logs contain it too, hence no logging level.
ACCESS_LOG = {
    "requestId": "$context.requestId",
    "connectionId": "$context.connectionId",
    "eventType": "$context.eventType",
    "routeKey": "$context.routeKey",
    "status": "$context.status",
    "error": "$context.error.message",
    "authorizerStatus": "$context.authorizer.status",
    "authorizerLatency": "$context.authorizer.latency",
    "integrationStatus": "$context.integration.status",
    "integrationLatency": "$context.integration.latency",
    "integrationError": "$context.integration.error",
}


def deployed_stage(
    name: str,
    api: aws.apigatewayv2.Api,
    args: RealtimeApiArgs,
    definition: Definition,
    resources: Sequence[pulumi.Resource],
    parent: pulumi.Resource,
) -> aws.apigatewayv2.Stage:
    """Deploys explicitly: a deployment made before its routes exist would serve none of them."""
    logs = aws.cloudwatch.LogGroup(
        f"{name}-access-logs",
        retention_in_days=args.defaults.log_retention_days,
        kms_key_id=args.defaults.kms_key_arn,
        region=args.region,
        opts=pulumi.ResourceOptions(parent=parent),
    )
    after_routes = pulumi.ResourceOptions(parent=parent, depends_on=list(resources))
    mocks = {f"{name}-{key}-integration" for key in definition.mocks}
    deployment = aws.apigatewayv2.Deployment(
        f"{name}-deployment",
        api_id=api.id,
        triggers={"definition": fingerprint(definition), "targets": _targets(resources, mocks)},
        region=args.region,
        opts=after_routes,
    )
    return aws.apigatewayv2.Stage(
        f"{name}-stage",
        api_id=api.id,
        name=args.stage_name,
        deployment_id=deployment.id,
        auto_deploy=False,
        access_log_settings={"destination_arn": logs.arn, "format": json.dumps(ACCESS_LOG)},
        default_route_settings={
            "throttling_rate_limit": args.throttling_rate_limit,
            "throttling_burst_limit": args.throttling_burst_limit or args.throttling_rate_limit,
            "logging_level": "OFF",
            "data_trace_enabled": False,
        },
        route_settings=_connect_throttle(args),
        region=args.region,
        opts=after_routes,
    )


def _targets(resources: Sequence[pulumi.Resource], mocks: Set[str]) -> pulumi.Output[str]:
    """Addresses of the routes' integrations: a replaced function has another one.

    Without it the live stage would go on calling the function that was deleted. An update of the
    function's code changes none of it.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-set-up-websocket-deployment.html

    A mock has no address: in a preview an output that is missing counts as unknown, and each
    preview would announce a deployment.
    """
    targets: dict[str, list[pulumi.Output[Any]]] = {}
    for resource in resources:
        name = resource.pulumi_resource_name
        match resource:
            case aws.apigatewayv2.Authorizer(id=id_, authorizer_uri=uri):
                targets[name] = [id_, uri]
            case aws.apigatewayv2.Integration(id=id_, integration_uri=uri):
                targets[name] = [id_] if name in mocks else [id_, uri]
            case aws.apigatewayv2.Route(id=id_):
                targets[name] = [id_]
            case _:  # belongs to one of these
                pass
    return pulumi.Output.json_dumps(targets, sort_keys=True)


def _connect_throttle(
    args: RealtimeApiArgs,
) -> list[aws.apigatewayv2.StageRouteSettingArgsDict] | None:
    if args.connects_per_second is None:
        return None
    return [
        {
            "route_key": "$connect",
            "throttling_rate_limit": args.connects_per_second,
            "throttling_burst_limit": args.connects_per_second,
            "logging_level": "OFF",
            "data_trace_enabled": False,
        }
    ]
