from typing import Any

import boto3
import pytest

from cli import purge
from localcloud.command.stack import Stack

REGION = "eu-central-1"


@pytest.fixture
def stack() -> Stack:
    dynamodb = boto3.client("dynamodb", region_name=REGION)
    for table in ("links", "realtime"):
        dynamodb.create_table(
            TableName=table,
            KeySchema=[
                {"AttributeName": "PK", "KeyType": "HASH"},
                {"AttributeName": "SK", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[
                {"AttributeName": "PK", "AttributeType": "S"},
                {"AttributeName": "SK", "AttributeType": "S"},
            ],
            BillingMode="PAY_PER_REQUEST",
        )
    cognito = boto3.client("cognito-idp", region_name=REGION)
    pool = cognito.create_user_pool(PoolName="users")["UserPool"]
    pool_id = pool.get("Id", "")
    for name in ("ada", "grace"):
        cognito.admin_create_user(UserPoolId=pool_id, Username=name)
    for client in (dynamodb, cognito):
        client.close()
    outputs = {
        "tier": "development",
        "links_table": "links",
        "realtime_table": "realtime",
        "user_pool_id": pool_id,
    }
    return Stack("dev", REGION, outputs)


def put(stack: Stack, table: str, *keys: tuple[str, str]) -> None:
    dynamodb = stack.client("dynamodb")
    for partition, sort in keys:
        item = {"PK": {"S": partition}, "SK": {"S": sort}}
        dynamodb.put_item(TableName=table, Item=item)


def test_what_would_be_deleted_is_named_as_a_person_names_it(stack: Stack) -> None:
    put(stack, "links", ("LINK#a", "META"), ("LINK#a", "COUNT"), ("LINK#a", "DAY#2026-11-22"))
    put(stack, "realtime", ("CONN#1", "META"), ("CHANNEL#link:a", "CONN#1"), ("NEW#x", "x"))
    assert purge.find(stack).counts() == {
        "links, their clicks and days": 3,
        "connections": 1,
        "subscriptions": 1,
        "NEW": 1,
        "users": 2,
    }


def test_everything_is_gone_and_the_tables_are_not(stack: Stack) -> None:
    put(stack, "links", *((f"LINK#{number}", "META") for number in range(60)))
    put(stack, "realtime", ("CONN#1", "META"))
    found = purge.find(stack)
    steps: list[int] = []
    purge.delete(stack, found, steps.append)
    assert steps[-1] == found.total == 63
    assert purge.find(stack).total == 0


def test_finding_deletes_nothing(stack: Stack) -> None:
    put(stack, "links", ("LINK#a", "META"))
    purge.find(stack)
    assert purge.find(stack).total == 3


def test_production_takes_more_than_a_yes(stack: Stack) -> None:
    production = Stack("prod", REGION, {**stack.outputs, "tier": "production"})
    with pytest.raises(purge.ProductionStack, match="--yes-really"):
        purge.check(production, yes_really=False)
    purge.check(production, yes_really=True)
    purge.check(stack, yes_really=False)


class Throttled:
    """A table that takes no deletion."""

    def batch_write_item(self, *, RequestItems: Any) -> dict[str, Any]:  # noqa: N803 - boto3's name
        return {"UnprocessedItems": RequestItems}


def test_rows_that_stay_are_reported(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    put(stack, "links", ("LINK#a", "META"))
    found = purge.find(stack)

    def client(stack: Stack, service: str) -> Throttled:  # noqa: ARG001 - Stack.client's signature
        return Throttled()

    monkeypatch.setattr(Stack, "client", client)
    with pytest.raises(purge.PurgeError, match="1 rows of links were still there"):
        purge.delete(stack, found, lambda _: None)
