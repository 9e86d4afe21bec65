"""The table of links, their counters and the ids of counted clicks.

Clicks are written to a row beside the link's, so that they never touch the index: otherwise each
would be written twice, and one owner's links would throttle each other.
"""

from dataclasses import dataclass

import pulumi

from ..resources.arguments import check
from ..resources.table import IndexArgs, Table, TableArgs

OWNER_INDEX = "by-owner"


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkTableArgs:
    protect_data: bool | None = None
    """Refuse to delete or replace the table, and back it up continuously; false by default."""

    region: str | None = None
    """Region that it is made in; by default the provider's."""

    kms_key_arn: pulumi.Input[str] | None = None
    """Key of its rows, as of `CustomerKey`; by default DynamoDB's own."""

    def __post_init__(self) -> None:
        check(self)


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
        by_owner = IndexArgs(
            name=OWNER_INDEX,
            hash_key="owner",
            range_key="createdAt",
            attributes=["target", "expiresAt"],
        )
        rows = TableArgs(
            index=by_owner,
            protect_data=args.protect_data,
            kms_key_arn=args.kms_key_arn,
            region=args.region,
        )
        table = Table(f"{name}-rows", rows, pulumi.ResourceOptions(parent=self))
        self.name, self.arn = table.name, table.arn
        self.register_outputs({"name": self.name, "arn": self.arn})
