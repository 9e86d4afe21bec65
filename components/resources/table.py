"""A DynamoDB table, paid by the request, whose rows expire at their `ttl`."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from .arguments import check
from .customer_key import table_encryption


@dataclass(frozen=True, kw_only=True, slots=True)
class IndexArgs:
    """A global secondary index. Rows without its two keys are not in it."""

    name: str
    """Name of the index."""

    hash_key: str
    """Text that its rows are found by."""

    range_key: str
    """Number that they are ordered by."""

    attributes: Sequence[str]
    """Attributes that it holds besides the keys: a write to another one costs it nothing."""

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True, kw_only=True, slots=True)
class TableArgs:
    sort_key: bool | None = None
    """Whether a row's key has a second part, `SK`; true by default."""

    index: IndexArgs | None = None
    """Second way to find rows; none by default."""

    protect_data: bool | None = None
    """Refuse to delete or replace the table, and back it up continuously; false by default."""

    kms_key_arn: pulumi.Input[str] | None = None
    """Key of its rows, as of `CustomerKey`; by default DynamoDB's own."""

    region: str | None = None
    """Region that it is made in; by default the provider's."""

    def __post_init__(self) -> None:
        check(self)


class Table(pulumi.ComponentResource):
    """Rows under the texts `PK` and `SK`. The number `ttl`, in seconds, ends a row's life."""

    name: pulumi.Output[str]
    """Physical name of the table."""
    arn: pulumi.Output[str]
    """ARN of the table."""

    def __init__(
        self, name: str, args: TableArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("realtime:index:Table", name, None, opts)
        sorted_rows = args.sort_key is not False
        keys = {"PK": "S", "SK": "S"} if sorted_rows else {"PK": "S"}
        indexes: list[aws.dynamodb.TableGlobalSecondaryIndexArgsDict] = []
        if args.index is not None:
            indexes.append(
                {
                    "name": args.index.name,
                    "hash_key": args.index.hash_key,
                    "range_key": args.index.range_key,
                    "projection_type": "INCLUDE",
                    "non_key_attributes": list(args.index.attributes),
                }
            )
            keys |= {args.index.hash_key: "S", args.index.range_key: "N"}
        protect = bool(args.protect_data)
        table = aws.dynamodb.Table(
            f"{name}-table",
            billing_mode="PAY_PER_REQUEST",
            hash_key="PK",
            range_key="SK" if sorted_rows else None,
            attributes=[{"name": key, "type": kind} for key, kind in keys.items()],
            global_secondary_indexes=indexes or None,
            ttl={"attribute_name": "ttl", "enabled": True},
            server_side_encryption=table_encryption(args.kms_key_arn),
            point_in_time_recovery={"enabled": protect},
            deletion_protection_enabled=protect,
            region=args.region,
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect_data),
        )
        self.name, self.arn = table.name, table.arn
        self.register_outputs({"name": self.name, "arn": self.arn})
