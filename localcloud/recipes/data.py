"""Tables and user pools."""

from collections.abc import Mapping
from typing import Any

from .recipe import Accepted, Call, Created, Inputs, Name, Recipe

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
    """Switching it off takes the attribute's name too, which only AWS still has."""
    ttl: Inputs = table.inputs.get("ttl") or {}
    now = client.describe_time_to_live(TableName=table.id)["TimeToLiveDescription"]
    attribute = ttl.get("attributeName") or now.get("AttributeName")
    wanted = bool(ttl) and bool(ttl.get("enabled", True))
    if wanted != (now["TimeToLiveStatus"] == "ENABLED"):
        specification = {"AttributeName": attribute, "Enabled": wanted}
        client.update_time_to_live(TableName=table.id, TimeToLiveSpecification=specification)
    return {}


def _recovery(client: Any, table: Created) -> Mapping[str, Any]:
    recovery: Inputs = table.inputs.get("pointInTimeRecovery") or {}
    specification = {"PointInTimeRecoveryEnabled": bool(recovery.get("enabled"))}
    client.update_continuous_backups(
        TableName=table.id, PointInTimeRecoverySpecification=specification
    )
    return {}


def _indexes(client: Any, table: Created) -> Mapping[str, Any]:
    """DynamoDB takes one index a call. A changed index is deleted and created again."""
    described = client.describe_table(TableName=table.id)["Table"]
    wanted, there = (
        {index["IndexName"]: index for index in of.get("GlobalSecondaryIndexes", [])}
        for of in (table.request, described)
    )
    kept = {name for name in wanted if wanted[name].items() <= there.get(name, {}).items()}
    deletions = [{"Delete": {"IndexName": name}} for name in there.keys() - kept]
    creations = [{"Create": wanted[name]} for name in wanted.keys() - kept]
    for change in deletions + creations:
        client.update_table(
            TableName=table.id,
            AttributeDefinitions=table.request["AttributeDefinitions"],
            GlobalSecondaryIndexUpdates=[change],
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
        name=Name(),
        rename={"name": "TableName"},
        outputs={"arn": "{response[TableDescription][TableArn]}"},
        prepare=_table,
        after={"ttl": _expiry, "pointInTimeRecovery": _recovery},
        replaces=frozenset({"hashKey", "localSecondaryIndexes", "name", "rangeKey"}),
        defaults={
            "billingMode": "PROVISIONED",
            "deletionProtectionEnabled": False,
            "streamEnabled": False,
            "tableClass": "STANDARD",
        },
        kept=frozenset(
            {
                *("pointInTimeRecovery", "readCapacity", "serverSideEncryption"),
                *("serverSideEncryption.kmsKeyArn", "streamViewType", "ttl", "writeCapacity"),
            }
        ),
        key={"TableName": "{id}"},
        read=Call(operation="DescribeTable"),
        found="Table",
        reads={
            "billingMode": "BillingModeSummary.BillingMode",
            "hashKey": "KeySchema[?KeyType=='HASH'].AttributeName | [0]",
            "rangeKey": "KeySchema[?KeyType=='RANGE'].AttributeName | [0]",
        },
        update="UpdateTable",
        changes={"attributes": _indexes, "globalSecondaryIndexes": _indexes},
        delete=Call(operation="DeleteTable"),
    ),
    "aws:cognito/userPool:UserPool": Recipe(
        service="cognito-idp",
        operation="CreateUserPool",
        id="{response[UserPool][Id]}",
        name=Name(),
        rename={"name": "PoolName", "tags": "UserPoolTags", "schemas": "Schema"},
        outputs={
            "arn": "{response[UserPool][Arn]}",
            # The issuer of real tokens, which MiniStack knows as its own.
            "endpoint": "cognito-idp.{region}.amazonaws.com/{response[UserPool][Id]}",
        },
        prepare=_user_pool,
        replaces=frozenset({"aliasAttributes", "usernameAttributes", "usernameConfiguration"}),
        defaults={"deletionProtection": "INACTIVE", "mfaConfiguration": "OFF"},
        kept=frozenset(
            {
                *("accountRecoverySetting", "adminCreateUserConfig", "passwordPolicy"),
                *("userPoolTier", "usernameConfiguration", "verificationMessageTemplate"),
            }
        ),
        key={"UserPoolId": "{id}"},
        read=Call(operation="DescribeUserPool"),
        found="UserPool",
        reads={"name": "Name"},
        update="UpdateUserPool",
        delete=Call(operation="DeleteUserPool"),
        protected="DeletionProtection == 'ACTIVE'",
        refusal="InvalidParameterException: The user pool cannot be deleted because deletion "
        "protection is activated. Deletion protection must be inactivated first.",
    ),
    "aws:cognito/userPoolClient:UserPoolClient": Recipe(
        service="cognito-idp",
        operation="CreateUserPoolClient",
        id="{response[UserPoolClient][ClientId]}",
        name=Name(),
        rename={"name": "ClientName"},
        replaces=frozenset({"generateSecret", "userPoolId"}),
        kept=frozenset(
            {
                *("accessTokenValidity", "authSessionValidity", "explicitAuthFlows"),
                *("idTokenValidity", "preventUserExistenceErrors", "refreshTokenValidity"),
            }
        ),
        key={"UserPoolId": "{state[userPoolId]}", "ClientId": "{id}"},
        read=Call(operation="DescribeUserPoolClient"),
        found="UserPoolClient",
        update="UpdateUserPoolClient",
        delete=Call(operation="DeleteUserPoolClient"),
    ),
}
