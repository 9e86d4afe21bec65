"""An HTTP API whose routes ask for a JSON Web Token, with its stage, throttle and access log."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from .addresses import WEB_ORIGIN, check_origins
from .arguments import check
from .function import Function, FunctionDefaults

STAGE_NAME = "$default"
CORS_MAX_AGE_SECONDS = 3_600
# CloudWatch Logs writes each group that it delivers to into a resource policy of limited size, but
# for groups of this prefix: an account with many APIs would run out.
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-infrastructure-CWL.html
VENDED_LOGS = "/aws/vendedlogs/"

# The route's key in place of the path, and no query string: both can hold credentials.
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


@dataclass(frozen=True, kw_only=True, slots=True)
class InvokedFunction:
    """A function that is another component's, such as a RealtimeApi's of `POST /tickets`."""

    name: pulumi.Input[str]
    """Physical name."""

    invoke_arn: pulumi.Input[str]
    """ARN by which API Gateway invokes it."""

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True, kw_only=True, slots=True)
class HttpApiArgs:
    issuer: pulumi.Input[str]
    """Issuer of the tokens, which the API verifies by itself."""

    audiences: Sequence[pulumi.Input[str]]
    """Values of `aud` that it takes. For Cognito, ids of the pool's clients."""

    throttling_rate_limit: int
    """Requests a second, over all clients. The account's own limit is shared."""

    defaults: FunctionDefaults
    """Days that access logs are kept, and their key."""

    throttling_burst_limit: int | None = None
    """Requests that may come at once; by default as many as in a second."""

    allowed_origins: Sequence[str] | None = None
    """Origins whose pages may call the API; by default none. Only http and https ones matter."""

    allowed_methods: Sequence[str] | None = None
    """Methods that those pages may use; by default `GET` and `POST`."""

    protect_data: bool | None = None
    """Refuse to delete or replace the API, whose address its clients know; false by default."""

    region: str | None = None
    """Region that it is made in; by default the provider's."""

    def __post_init__(self) -> None:
        check(self)
        check_origins("allowed_origins", self.allowed_origins)


class HttpApi(pulumi.ComponentResource):
    """An API of functions. Python programs add its routes with `route`."""

    url: pulumi.Output[str]
    """`https://` address of the API."""
    api_id: pulumi.Output[str]
    """Id of the API, for a domain and for alarms."""
    stage_name: pulumi.Output[str]
    """Its stage, which is no part of the address."""

    def __init__(
        self, name: str, args: HttpApiArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("realtime:index:HttpApi", name, None, opts)
        self._region = args.region
        self._api = aws.apigatewayv2.Api(
            f"{name}-api",
            protocol_type="HTTP",
            cors_configuration=_cors(args),
            region=args.region,
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect_data),
        )
        self._authorizer = aws.apigatewayv2.Authorizer(
            f"{name}-authorizer",
            api_id=self._api.id,
            authorizer_type="JWT",
            identity_sources=["$request.header.Authorization"],
            jwt_configuration={"audiences": list(args.audiences), "issuer": args.issuer},
            region=args.region,
            opts=pulumi.ResourceOptions(parent=self),
        )
        stage = self._stage(name, args)

        self.url = self._api.api_endpoint
        self.api_id, self.stage_name = self._api.id, stage.name
        self.register_outputs({key: getattr(self, key) for key in HttpApi.__annotations__})

    def route(
        self,
        title: str,
        keys: Sequence[str],
        function: Function | InvokedFunction,
        *,
        public: bool = False,
    ) -> None:
        """Lets the function answer `keys`, as `GET /links/{code}` or `$default`, and no other path.

        `public` routes ask for no token. A `Function` does for `function`, and so does an
        `InvokedFunction` with the outputs of a RealtimeApi.
        """
        name, child = self.pulumi_resource_name, pulumi.ResourceOptions(parent=self)
        integration = aws.apigatewayv2.Integration(
            f"{name}-{title}-integration",
            api_id=self._api.id,
            integration_type="AWS_PROXY",
            integration_uri=function.invoke_arn,
            payload_format_version="2.0",
            region=self._region,
            opts=child,
        )
        for key in keys:
            slug = "-".join(re.findall("[a-z0-9]+", key.lower()))
            aws.apigatewayv2.Route(
                f"{name}-{slug}-route",
                api_id=self._api.id,
                route_key=key,
                target=pulumi.Output.concat("integrations/", integration.id),
                authorization_type="NONE" if public else "JWT",
                authorizer_id=None if public else self._authorizer.id,
                region=self._region,
                opts=child,
            )
            aws.lambda_.Permission(
                f"{name}-{slug}-permission",
                action="lambda:InvokeFunction",
                function=function.name,
                principal="apigateway.amazonaws.com",
                source_arn=pulumi.Output.concat(
                    self._api.execution_arn, f"/{STAGE_NAME}/", key.replace(" ", "")
                ),
                region=self._region,
                opts=child,
            )

    def _stage(self, name: str, args: HttpApiArgs) -> aws.apigatewayv2.Stage:
        logs = aws.cloudwatch.LogGroup(
            f"{name}-access-logs",
            name_prefix=f"{VENDED_LOGS}{name}-access-logs-",
            retention_in_days=args.defaults.log_retention_days,
            kms_key_id=args.defaults.kms_key_arn,
            region=args.region,
            opts=pulumi.ResourceOptions(parent=self),
        )
        return aws.apigatewayv2.Stage(
            f"{name}-stage",
            api_id=self._api.id,
            name=STAGE_NAME,
            auto_deploy=True,
            access_log_settings={"destination_arn": logs.arn, "format": json.dumps(ACCESS_LOG)},
            default_route_settings={
                "throttling_rate_limit": args.throttling_rate_limit,
                "throttling_burst_limit": args.throttling_burst_limit or args.throttling_rate_limit,
            },
            region=args.region,
            opts=pulumi.ResourceOptions(parent=self),
        )


def _cors(args: HttpApiArgs) -> aws.apigatewayv2.ApiCorsConfigurationArgsDict | None:
    # API Gateway documents origins of http and https alone.
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
    origins = [one for one in args.allowed_origins or () if WEB_ORIGIN.fullmatch(one)]
    if not origins:
        return None
    return {
        "allow_origins": origins,
        "allow_methods": list(args.allowed_methods or ("GET", "POST")),
        "allow_headers": ["authorization", "content-type"],
        "max_age": CORS_MAX_AGE_SECONDS,
    }
