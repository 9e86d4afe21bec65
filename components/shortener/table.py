"""The table of links, their counters and the ids of counted clicks.

Clicks are written to a row beside the link's, so they never touch the index: each would otherwise
be written twice, and one owner's links would throttle each other.
"""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from ..resources.customer_key import table_encryption

OWNER_INDEX = "by-owner"


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkTableArgs:
    protect_data: bool | None = None
    """Refuse to delete or replace the table, and back it up continuously; false by default."""

    region: str | None = None
    """Region that it is made in; by default the provider's."""

    kms_key_arn: pulumi.Input[str] | None = None
    """Key of its rows, as of `CustomerKey`; by default DynamoDB's own."""


class LinkTable(pulumi.ComponentResource):
    """Links by code, and by owner in the order of their creation."""

    name: pulumi.Output[str]
    """Physical name of the table."""
    arn: pulumi.Output[str]
    """ARN of the table."""

    def __init__(
        self, name: str, args: LinkTableArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("realtime:index:LinkTable", name, None, opts)
        protect = bool(args.protect_data)
        table = aws.dynamodb.Table(
            f"{name}-table",
            billing_mode="PAY_PER_REQUEST",
            hash_key="PK",
            range_key="SK",
            attributes=[
                {"name": "PK", "type": "S"},
                {"name": "SK", "type": "S"},
                {"name": "owner", "type": "S"},
                {"name": "createdAt", "type": "N"},
            ],
            global_secondary_indexes=[
                {
                    "name": OWNER_INDEX,
                    "hash_key": "owner",
                    "range_key": "createdAt",
                    "projection_type": "INCLUDE",
                    "non_key_attributes": ["target", "expiresAt"],
                }
            ],
            ttl={"attribute_name": "ttl", "enabled": True},
            server_side_encryption=table_encryption(args.kms_key_arn),
            point_in_time_recovery={"enabled": protect},
            deletion_protection_enabled=protect,
            region=args.region,
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect_data),
        )
        self.name = table.name
        self.arn = table.arn
        self.register_outputs({"name": self.name, "arn": self.arn})
