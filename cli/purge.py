"""`realtime purge`: empties a stack's tables and its user pool, and leaves the stack itself.

Codes of purged links can be given out again, and subscribers must reconnect.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from localcloud.command.stack import Stack

BATCH = 25
"""BatchWriteItem takes no more."""
BATCH_ATTEMPTS = 10

# What a partition key begins with -> what a person calls such rows.
KINDS = {
    "LINK": "links, their clicks and days",
    "CONN": "connections",
    "CHANNEL": "subscriptions",
    "STATE": "newest values",
    "LOG": "messages of channels",
    "PRINCIPAL": "sessions",
    "EXPIRY": "ends of sessions",
    "TICKET": "tickets",
    "RATE": "tokens of the rate limit",
}


class ProductionStack(Exception):
    """Nothing was deleted: in production it takes more than a yes."""


class PurgeError(Exception):
    """The table kept refusing to delete; a second purge deletes the rest."""


@dataclass(frozen=True)
class Found:
    """All that would be deleted."""

    keys: Mapping[str, list[dict[str, Any]]]
    """Table -> keys."""
    users: list[str]

    def counts(self) -> dict[str, int]:
        kinds = Counter(_kind(key) for keys in self.keys.values() for key in keys)
        return {**kinds, "users": len(self.users)}

    @property
    def total(self) -> int:
        return sum(self.counts().values())


def check(stack: Stack, *, yes_really: bool) -> None:
    """Raises `ProductionStack`."""
    if stack.output("tier") == "production" and not yes_really:
        raise ProductionStack(
            f"{stack.name} is a production stack, and nothing was deleted."
            " Add --yes-really if its links, counts and users are to be gone for good."
        )


def find(stack: Stack) -> Found:
    """Reads every key of the tables, which costs as much as reading the tables."""
    dynamodb = stack.client("dynamodb")
    tables = [stack.output("links_table"), stack.output("realtime_table")]
    return Found(
        keys={table: list(_keys(dynamodb, table)) for table in tables},
        users=list(_users(stack.client("cognito-idp"), stack.output("user_pool_id"))),
    )


def delete(stack: Stack, found: Found, deleted: Callable[[int], None]) -> None:
    """`deleted` gets how many are gone by then. Raises `PurgeError`."""
    done = 0
    dynamodb = stack.client("dynamodb")
    for table, keys in found.keys.items():
        for start in range(0, len(keys), BATCH):
            _delete_rows(dynamodb, table, keys[start : start + BATCH])
            done += len(keys[start : start + BATCH])
            deleted(done)
    cognito = stack.client("cognito-idp")
    for user in found.users:
        cognito.admin_delete_user(UserPoolId=stack.output("user_pool_id"), Username=user)
        done += 1
        deleted(done)


def _keys(dynamodb: Any, table: str) -> Iterator[dict[str, Any]]:
    pages = dynamodb.get_paginator("scan").paginate(
        TableName=table, ProjectionExpression="PK, SK", ConsistentRead=True
    )
    for page in pages:
        for item in page["Items"]:
            yield {"PK": item["PK"], "SK": item["SK"]}


def _users(cognito: Any, pool_id: str) -> Iterator[str]:
    for page in cognito.get_paginator("list_users").paginate(UserPoolId=pool_id):
        for user in page["Users"]:
            yield str(user["Username"])


def _kind(key: Mapping[str, Any]) -> str:
    prefix = key["PK"]["S"].partition("#")[0]
    return KINDS.get(prefix, str(prefix))


def _delete_rows(dynamodb: Any, table: str, keys: list[dict[str, Any]]) -> None:
    requests = {table: [{"DeleteRequest": {"Key": key}} for key in keys]}
    for _ in range(BATCH_ATTEMPTS):
        requests = dynamodb.batch_write_item(RequestItems=requests).get("UnprocessedItems", {})
        if not requests:
            return
    raise PurgeError(
        f"{len(requests[table])} rows of {table} were still there after {BATCH_ATTEMPTS} attempts:"
        " the table is throttled. Wait a minute and purge again."
    )
