"""Tables and user pools."""

from collections.abc import Mapping
from typing import Any

from .recipe import Accepted, Created, Inputs, Recipe

KEYS = (("hashKey", "HASH"), ("rangeKey", "RANGE"))


def _table(inputs: Inputs) -> Inputs:
    """Keys, indexes, encryption and the stream have another form in the request."""
    attributes = inputs.pop("attributes")
    inputs["attributeDefinitions"] = [
        {"attributeName": attribute["name"], "attributeType": attribute["type"]}
        for attribute in attributes
    ]
    inputs["keySchema"] = _key_schema(inputs)
    if indexes := inputs.pop("globalSecondaryIndexes", None):
        inputs["globalSecondaryIndexes"] = [_index(dict(index)) for index in indexes]
    if encryption := inputs.pop("serverSideEncryption", None):
        inputs["sseSpecification"] = {
            "enabled": encryption["enabled"],
            "kmsMasterKeyId": encryption.get("kmsKeyArn"),
        }
    if inputs.pop("streamEnabled", False):
        stream = {"streamEnabled": True, "streamViewType": inputs.pop("streamViewType")}
        inputs["streamSpecification"] = stream
    return inputs


def _index(index: Inputs) -> Inputs:
    projection = {
        "projectionType": index.pop("projectionType"),
        "nonKeyAttributes": index.pop("nonKeyAttributes", None),
    }
    index["indexName"] = index.pop("name")
    return index | {"keySchema": _key_schema(index), "projection": projection}


def _key_schema(holder: Inputs) -> list[dict[str, str]]:
    """Takes the keys out of the inputs that hold them."""
    present = [(name, kind) for name, kind in KEYS if name in holder]
    return [{"attributeName": holder.pop(name), "keyType": kind} for name, kind in present]


def _expiry(client: Any, table: Created) -> Mapping[str, Any]:
    ttl: Inputs | None = table.inputs.get("ttl")
    if ttl and ttl.get("enabled", True):
        specification = {"AttributeName": ttl["attributeName"], "Enabled": True}
        client.update_time_to_live(TableName=table.id, TimeToLiveSpecification=specification)
    return {}


def _recovery(client: Any, table: Created) -> Mapping[str, Any]:
    recovery: Inputs | None = table.inputs.get("pointInTimeRecovery")
    if recovery and recovery.get("enabled"):
        specification = {"PointInTimeRecoveryEnabled": True}
        client.update_continuous_backups(
            TableName=table.id, PointInTimeRecoverySpecification=specification
        )
    return {}


def _user_pool(inputs: Inputs) -> Inputs:
    if policy := inputs.pop("passwordPolicy", None):
        inputs["policies"] = {"passwordPolicy": policy}
    return inputs


RECIPES: Mapping[str, Recipe | Accepted] = {
    "aws:dynamodb/table:Table": Recipe(
        service="dynamodb",
        operation="CreateTable",
        id="{request[TableName]}",
        name="name",
        rename={"name": "TableName"},
        outputs={"arn": "{response[TableDescription][TableArn]}"},
        ignore=frozenset({"ttl", "pointInTimeRecovery"}),
        prepare=_table,
        after=(_expiry, _recovery),
    ),
    "aws:cognito/userPool:UserPool": Recipe(
        service="cognito-idp",
        operation="CreateUserPool",
        id="{response[UserPool][Id]}",
        name="name",
        rename={"name": "PoolName", "tags": "UserPoolTags", "schemas": "Schema"},
        outputs={
            "arn": "{response[UserPool][Arn]}",
            # The issuer of real tokens, which MiniStack knows as its own.
            "endpoint": "cognito-idp.{region}.amazonaws.com/{response[UserPool][Id]}",
        },
        prepare=_user_pool,
    ),
    "aws:cognito/userPoolClient:UserPoolClient": Recipe(
        service="cognito-idp",
        operation="CreateUserPoolClient",
        id="{response[UserPoolClient][ClientId]}",
        name="name",
        rename={"name": "ClientName"},
    ),
}
