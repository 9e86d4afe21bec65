"""The URL shortener's HTTP API: a public redirect, and the links of a signed-in owner.

The redirect has the default route: an HTTP API serves no HEAD by GET, and takes no route for a path
with a trailing slash. The functions never give out a code that is a path of the API.
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from ..resources import policies
from ..resources.addresses import check_origins
from ..resources.arguments import check
from ..resources.function import Function, FunctionArgs, FunctionDefaults
from ..resources.http_api import HttpApi, HttpApiArgs
from ..resources.names import FUNCTION_NAME, check_name
from .table import OWNER_INDEX
from .users import Users, UsersArgs

REDIRECT_ROUTES = ("$default",)
LINKS_ROUTES = ("POST /links", "GET /links", "GET /links/{code}", "DELETE /links/{code}")


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

    defaults: FunctionDefaults
    """Layer, logs, key and tracing."""

    throttling_rate_limit: int
    """Requests a second, over all clients. The account's own limit is shared."""

    throttling_burst_limit: int | None = None
    """Requests that may come at once; by default as many as in a second."""

    allowed_origins: Sequence[str] | None = None
    """Web origins whose pages may call the API; by default none but its own."""

    protect_data: bool | None = None
    """Refuse to delete or replace the API and the users; false by default."""

    region: str | None = None
    """Region that it is made in; by default the provider's."""

    public_url: pulumi.Input[str] | None = None
    """Address that short links begin with, where the API has a name; by default its own."""

    def __post_init__(self) -> None:
        check(self)
        check_origins("allowed_origins", self.allowed_origins)


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
        check_name("Shortener", name, {"-redirect-function": FUNCTION_NAME})
        super().__init__("realtime:index:Shortener", name, None, opts)
        owners = UsersArgs(protect_data=args.protect_data, region=args.region)
        users = Users(f"{name}-users", owners, pulumi.ResourceOptions(parent=self))
        api = self._api(name, args, users)
        redirect = self._function(
            name,
            args,
            title="redirect",
            module="shortener.redirect",
            environment=args.click_environment,
            policies={
                "resolving": policies.document(
                    policies.allow(["dynamodb:GetItem"], [args.links_table_arn])
                ),
                "click": args.click_policy,
            },
        )
        links = self._function(
            name,
            args,
            title="links",
            module="shortener.links_api",
            environment={"PUBLIC_URL": api.url if args.public_url is None else args.public_url},
            policies={"managing": _managing(args)},
        )
        api.route("redirect", REDIRECT_ROUTES, redirect, public=True)
        api.route("links", LINKS_ROUTES, links)

        self.api_url, self.api_id, self.stage_name = api.url, api.api_id, api.stage_name
        self.user_pool_id, self.user_pool_client_id = users.pool_id, users.client_id
        self.function_names = pulumi.Output.all(redirect=redirect.name, links=links.name)
        self.register_outputs({key: getattr(self, key) for key in Shortener.__annotations__})

    def _api(self, name: str, args: ShortenerArgs, users: Users) -> HttpApi:
        api = HttpApiArgs(
            issuer=users.issuer,
            audiences=[users.client_id],
            throttling_rate_limit=args.throttling_rate_limit,
            throttling_burst_limit=args.throttling_burst_limit,
            allowed_origins=args.allowed_origins,
            allowed_methods=["GET", "POST", "DELETE"],
            defaults=args.defaults,
            protect_data=args.protect_data,
            region=args.region,
        )
        return HttpApi(f"{name}-http", api, pulumi.ResourceOptions(parent=self))

    def _function(
        self,
        name: str,
        args: ShortenerArgs,
        *,
        title: str,
        module: str,
        environment: Mapping[str, pulumi.Input[str]],
        policies: Mapping[str, pulumi.Input[str]],
    ) -> Function:
        function = FunctionArgs(
            module=module,
            service=name,
            environment={**environment, "LINKS_TABLE": args.links_table_name},
            policies=policies,
            defaults=args.defaults,
            timeout_seconds=10,
            memory_mb=512,
            region=args.region,
        )
        return Function(f"{name}-{title}", function, pulumi.ResourceOptions(parent=self))


def _managing(args: ShortenerArgs) -> pulumi.Output[str]:
    actions = ("PutItem", "UpdateItem", "Query", "BatchGetItem")
    index = pulumi.Output.concat(args.links_table_arn, f"/index/{OWNER_INDEX}")
    return policies.document(
        policies.allow([f"dynamodb:{action}" for action in actions], [args.links_table_arn]),
        policies.allow(["dynamodb:Query"], [index]),
    )
