"""The URL shortener's HTTP API: a public redirect, and the links of a signed-in owner.

`GET /links` and `GET /{code}` overlap; API Gateway takes the more specific route, and the functions
never give out a code that is a path of its own.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from ..resources import policies
from ..resources.access_log import access_log_group
from ..resources.function import Function, FunctionArgs
from .table import OWNER_INDEX
from .users import Users, UsersArgs

STAGE_NAME = "$default"
CORS_MAX_AGE_SECONDS = 3_600

# The route's key in place of the path, and no query string: a target may hold anything.
ACCESS_LOG = {
    "requestId": "$context.requestId",
    "routeKey": "$context.routeKey",
    "status": "$context.status",
    "responseLength": "$context.responseLength",
    "responseLatency": "$context.responseLatency",
    "integrationStatus": "$context.integrationStatus",
    "integrationLatency": "$context.integrationLatency",
    "integrationError": "$context.integrationErrorMessage",
    "authorizerError": "$context.authorizer.error",
}


@dataclass(frozen=True, kw_only=True)
class HttpRoute:
    """A path of the API, the function behind it, and whether it wants a signed-in user."""

    name: str
    key: str
    function: str
    authorized: bool


ROUTES = (
    HttpRoute(name="redirect", key="GET /{code}", function="redirect", authorized=False),
    HttpRoute(name="create", key="POST /links", function="links", authorized=True),
    HttpRoute(name="list", key="GET /links", function="links", authorized=True),
    HttpRoute(name="get", key="GET /links/{code}", function="links", authorized=True),
    HttpRoute(name="delete", key="DELETE /links/{code}", function="links", authorized=True),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class ShortenerArgs:
    links_table_name: pulumi.Input[str]
    """`LinkTable.name`."""

    links_table_arn: pulumi.Input[str]
    """`LinkTable.arn`."""

    click_policy: pulumi.Input[str]
    """`ClickPipeline.click_policy`."""

    click_environment: Mapping[str, pulumi.Input[str]]
    """`ClickPipeline.click_environment`."""

    layer_arn: pulumi.Input[str]
    """Layer with the third-party packages."""

    throttling_rate_limit: int
    """Requests a second, over all clients. The account's own limit is shared."""

    log_retention_days: int
    """Days that access logs and the functions' logs are kept."""

    allowed_origins: Sequence[str] | None = None
    """Web origins whose pages may call the API; by default none but its own."""

    throttling_burst_limit: int | None = None
    """How many of them may come at once; by default as many as in a second."""

    protect_data: bool | None = None
    """Refuse to delete or replace the API and the users; false by default."""

    region: str | None = None
    """Region that it is made in; by default the provider's."""

    kms_key_arn: pulumi.Input[str] | None = None
    """Key of logs and variables, as of `CustomerKey`; by default AWS's own."""

    tracing: bool | None = None
    """Send traces of the functions' runs to X-Ray; false by default."""

    public_url: pulumi.Input[str] | None = None
    """Address that short links begin with, where the API has a name; by default its own."""


class Shortener(pulumi.ComponentResource):
    """Short links with owners. Each redirect is a click for the pipeline that it is given."""

    api_url: pulumi.Output[str]
    """`https://` address of the API; a short link is this and its code."""
    user_pool_id: pulumi.Output[str]
    """Pool of the owners."""
    user_pool_client_id: pulumi.Output[str]
    """Client that signs them in."""
    api_id: pulumi.Output[str]
    """Id of the API, for a domain and for alarms."""
    stage_name: pulumi.Output[str]
    """Its stage, which is no part of the address."""
    function_names: pulumi.Output[Mapping[str, str]]
    """Title -> function."""

    def __init__(
        self, name: str, args: ShortenerArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("realtime:index:Shortener", name, None, opts)
        api = self._api(name, args)
        owners = UsersArgs(protect_data=args.protect_data, region=args.region)
        users = Users(f"{name}-users", owners, self._child())
        functions = {
            "redirect": self._redirect(name, args),
            "links": self._links(name, args, api),
        }
        self._routes(name, args, api, functions, self._authorizer(name, args, api, users))
        stage = self._stage(name, api, args)

        self.api_url = api.api_endpoint
        self.user_pool_id = users.pool_id
        self.user_pool_client_id = users.client_id
        self.api_id, self.stage_name = api.id, stage.name
        self.function_names = pulumi.Output.all(
            **{title: function.name for title, function in functions.items()}
        )
        self.register_outputs({key: getattr(self, key) for key in Shortener.__annotations__})

    def _child(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self)

    def _api(self, name: str, args: ShortenerArgs) -> aws.apigatewayv2.Api:
        cors: aws.apigatewayv2.ApiCorsConfigurationArgsDict = {
            "allow_origins": list(args.allowed_origins or ()),
            "allow_methods": ["GET", "POST", "DELETE"],
            "allow_headers": ["authorization", "content-type"],
            "max_age": CORS_MAX_AGE_SECONDS,
        }
        return aws.apigatewayv2.Api(
            f"{name}-api",
            protocol_type="HTTP",
            cors_configuration=cors if args.allowed_origins else None,
            region=args.region,
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect_data),
        )

    def _redirect(self, name: str, args: ShortenerArgs) -> Function:
        resolving = policies.document(policies.allow(["dynamodb:GetItem"], [args.links_table_arn]))
        redirect = FunctionArgs(
            module="shortener.redirect",
            service=name,
            environment={**args.click_environment, "LINKS_TABLE": args.links_table_name},
            policies={"resolving": resolving, "click": args.click_policy},
            layer_arn=args.layer_arn,
            log_retention_days=args.log_retention_days,
            timeout_seconds=10,
            memory_mb=512,
            region=args.region,
            kms_key_arn=args.kms_key_arn,
            tracing=args.tracing,
        )
        return Function(f"{name}-redirect", redirect, self._child())

    def _links(self, name: str, args: ShortenerArgs, api: aws.apigatewayv2.Api) -> Function:
        actions = ("PutItem", "UpdateItem", "Query", "BatchGetItem")
        index = pulumi.Output.concat(args.links_table_arn, f"/index/{OWNER_INDEX}")
        managing = policies.document(
            policies.allow([f"dynamodb:{action}" for action in actions], [args.links_table_arn]),
            policies.allow(["dynamodb:Query"], [index]),
        )
        links = FunctionArgs(
            module="shortener.links",
            service=name,
            environment={
                "LINKS_TABLE": args.links_table_name,
                "PUBLIC_URL": args.public_url or api.api_endpoint,
            },
            policies={"managing": managing},
            layer_arn=args.layer_arn,
            log_retention_days=args.log_retention_days,
            timeout_seconds=10,
            memory_mb=512,
            region=args.region,
            kms_key_arn=args.kms_key_arn,
            tracing=args.tracing,
        )
        return Function(f"{name}-links", links, self._child())

    def _authorizer(
        self, name: str, args: ShortenerArgs, api: aws.apigatewayv2.Api, users: Users
    ) -> aws.apigatewayv2.Authorizer:
        return aws.apigatewayv2.Authorizer(
            f"{name}-authorizer",
            api_id=api.id,
            authorizer_type="JWT",
            identity_sources=["$request.header.Authorization"],
            jwt_configuration={"audiences": [users.client_id], "issuer": users.issuer},
            region=args.region,
            opts=self._child(),
        )

    def _routes(
        self,
        name: str,
        args: ShortenerArgs,
        api: aws.apigatewayv2.Api,
        functions: dict[str, Function],
        authorizer: aws.apigatewayv2.Authorizer,
    ) -> None:
        targets: dict[str, pulumi.Output[str]] = {}
        for key, function in functions.items():
            integration = aws.apigatewayv2.Integration(
                f"{name}-{key}-integration",
                api_id=api.id,
                integration_type="AWS_PROXY",
                integration_uri=function.invoke_arn,
                payload_format_version="2.0",
                region=args.region,
                opts=self._child(),
            )
            targets[key] = pulumi.Output.concat("integrations/", integration.id)
        for route in ROUTES:
            aws.apigatewayv2.Route(
                f"{name}-{route.name}-route",
                api_id=api.id,
                route_key=route.key,
                target=targets[route.function],
                authorization_type="JWT" if route.authorized else "NONE",
                authorizer_id=authorizer.id if route.authorized else None,
                region=args.region,
                opts=self._child(),
            )
            method, path = route.key.split(" ")
            aws.lambda_.Permission(
                f"{name}-{route.name}-permission",
                action="lambda:InvokeFunction",
                function=functions[route.function].name,
                principal="apigateway.amazonaws.com",
                source_arn=pulumi.Output.concat(api.execution_arn, f"/{STAGE_NAME}/{method}{path}"),
                region=args.region,
                opts=self._child(),
            )

    def _stage(
        self, name: str, api: aws.apigatewayv2.Api, args: ShortenerArgs
    ) -> aws.apigatewayv2.Stage:
        logs = access_log_group(
            f"{name}-access-logs",
            retention_in_days=args.log_retention_days,
            kms_key_arn=args.kms_key_arn,
            region=args.region,
            parent=self,
        )
        return aws.apigatewayv2.Stage(
            f"{name}-stage",
            api_id=api.id,
            name=STAGE_NAME,
            auto_deploy=True,
            access_log_settings={"destination_arn": logs.arn, "format": json.dumps(ACCESS_LOG)},
            default_route_settings={
                "throttling_rate_limit": args.throttling_rate_limit,
                "throttling_burst_limit": args.throttling_burst_limit or args.throttling_rate_limit,
            },
            region=args.region,
            opts=self._child(),
        )
