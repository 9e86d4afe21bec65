"""The look-ups that a program may ask of AWS."""

from collections.abc import Mapping
from typing import Any

from .recipes.recipe import ACCOUNT


def look_up(token: str, args: Mapping[str, Any], region: str) -> dict[str, Any]:
    """`region` is that of the provider asked; raises LookupError for an unknown one."""
    match token:
        case "aws:index/getRegion:getRegion":
            region = args.get("region") or region
            return {"id": region, "name": region, "region": region}
        case "aws:index/getCallerIdentity:getCallerIdentity":
            root = f"arn:aws:iam::{ACCOUNT}:root"
            return {"id": ACCOUNT, "accountId": ACCOUNT, "arn": root, "userId": ACCOUNT}
        case "aws:index/getPartition:getPartition":
            return {"id": "aws", "partition": "aws", "dnsSuffix": "amazonaws.com"}
        case _:
            raise LookupError(
                f"the local cloud has no look-up {token}; "
                "it has getCallerIdentity, getPartition and getRegion"
            )
