"""The owners of links: a Cognito user pool and the one client that signs them in."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from ..resources.arguments import check


@dataclass(frozen=True, kw_only=True, slots=True)
class UsersArgs:
    protect_data: bool | None = None
    """Refuse to delete or replace the pool and its client; false by default."""

    region: str | None = None
    """Region that it is made in; by default the provider's."""

    def __post_init__(self) -> None:
        check(self)


class Users(pulumi.ComponentResource):
    """Users that an administrator creates. The client has no secret: no browser could keep it."""

    pool_id: pulumi.Output[str]
    """Id of the user pool."""
    client_id: pulumi.Output[str]
    """Id of the client, which is the audience of its tokens."""
    issuer: pulumi.Output[str]
    """Address that the tokens name as their issuer."""

    def __init__(
        self, name: str, args: UsersArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("realtime:index:Users", name, None, opts)
        child = pulumi.ResourceOptions(parent=self, protect=args.protect_data)
        pool = aws.cognito.UserPool(
            f"{name}-pool",
            username_attributes=["email"],
            admin_create_user_config={"allow_admin_create_user_only": True},
            password_policy={"minimum_length": 12, "temporary_password_validity_days": 7},
            deletion_protection="ACTIVE" if args.protect_data else "INACTIVE",
            region=args.region,
            opts=child,
        )
        client = aws.cognito.UserPoolClient(
            f"{name}-client",
            user_pool_id=pool.id,
            generate_secret=False,
            explicit_auth_flows=[
                "ALLOW_USER_SRP_AUTH",
                "ALLOW_USER_PASSWORD_AUTH",
                "ALLOW_REFRESH_TOKEN_AUTH",
            ],
            prevent_user_existence_errors="ENABLED",
            region=args.region,
            opts=child,
        )
        self.pool_id = pool.id
        self.client_id = client.id
        self.issuer = pulumi.Output.concat("https://", pool.endpoint)
        self.register_outputs(
            {"pool_id": self.pool_id, "client_id": self.client_id, "issuer": self.issuer}
        )
