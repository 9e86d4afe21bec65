"""The check of boto3's calls finds what AWS refuses, on requests that boto3 itself lets pass."""

from collections.abc import Mapping, Sequence
from typing import Any

import boto3
import pytest
from botocore.session import Session
from moto import mock_aws
from moto.dynamodb.parsing.reserved_keywords import ReservedKeywords

from tests.calls import dynamodb, held, service_model

TABLE = {"TableName": "links"}
KEYS = {"links": ("PK", "SK")}


def broken(service: str, operation: str, **params: Any) -> list[str]:
    shape = Session().get_service_model(service).operation_model(operation).input_shape
    assert shape
    return [*service_model.violations(shape, params)]


@pytest.mark.parametrize(
    ("service", "operation", "params", "sentence"),
    [
        (
            "dynamodb",
            "CreateTable",
            {"BillingMode": "PER_REQUEST"},
            ".BillingMode: must be one of BillingMode, got 'PER_REQUEST'",
        ),
        (
            "lambda",
            "CreateFunction",
            {"MemorySize": 32},
            ".MemorySize: the number must be 128 at least, got 32",
        ),
        (
            "events",
            "PutTargets",
            {"Targets": [{"Id": "one two", "Arn": "arn"}]},
            r".Targets[0].Id: must match [\.\-_A-Za-z0-9]+, got 'one two'",
        ),
        (
            "iam",
            "CreateRole",
            {"RoleName": "r" * 65},
            ".RoleName: the length must be 64 at most, got 65",
        ),
        (
            "apigatewaymanagementapi",
            "PostToConnection",
            {"Data": b"x" * 131_073},
            ".Data: the length must be 131072 at most, got 131073",
        ),
        (
            "dynamodb",
            "TransactWriteItems",
            {"TransactItems": [{"Get": "one"}] * 101},
            ".TransactItems: the length must be 100 at most, got 101",
        ),
        (
            "dynamodb",
            "BatchWriteItem",
            {"RequestItems": {"": ["one"]}},
            ".RequestItems (key): the length must be 1 at least, got 0",
        ),
    ],
)
def test_a_request_is_held_to_the_service_model(
    service: str, operation: str, params: Mapping[str, Any], sentence: str
) -> None:
    assert sentence in broken(service, operation, **params)


def test_a_request_of_every_kind_of_value_may_keep_to_the_service_model() -> None:
    target = {"Id": "one", "Arn": "arn:aws:sqs:eu-west-1:1:q", "InputPath": "$.detail"}
    assert broken("events", "PutTargets", Rule="clicks", Targets=[target]) == []
    assert broken("lambda", "CreateFunction", Environment={"Variables": {"AB": "ü"}}) == []
    assert broken("stepfunctions", "SendTaskSuccess", taskToken="t", output="🎉") == []


def refused(operation: str = "UpdateItem", **params: Any) -> list[str]:
    return [*dynamodb.violations(operation, {**TABLE, **params}, KEYS)]


@pytest.mark.parametrize(
    ("expressions", "sentence"),
    [
        ({"ProjectionExpression": "day"}, "'day' is a reserved word"),
        ({"UpdateExpression": "SET a = :v", "ConditionExpression": "size > :v"}, "'size' is"),
        ({"ConditionExpression": "((a = :v))"}, "redundant parentheses"),
        ({"ConditionExpression": "b = :v AND ((a = :v OR b = :v))"}, "redundant parentheses"),
        ({"UpdateExpression": "SET a.b = :v REMOVE a"}, "a.b and a overlap"),
        ({"UpdateExpression": "SET a = :v, b = if_not_exists(a, :v), a = b"}, "a and a overlap"),
        ({"UpdateExpression": "ADD a :v SET b = :v DELETE a :v"}, "a and a overlap"),
        ({"ProjectionExpression": "a[1].b, c, a[1]"}, "a.1.b and a.1 overlap"),
        ({"ConditionExpression": "a = :v AND " * 400 + "a = :v"}, "4096 bytes at most"),
    ],
)
def test_an_expression_is_held_to_dynamodbs_syntax(
    expressions: Mapping[str, str], sentence: str
) -> None:
    values = {":v": {"N": "1"}} if ":v" in str(expressions) else {}
    (found,) = refused(**expressions, ExpressionAttributeValues=values)
    assert sentence in found


@pytest.mark.parametrize(
    "expressions",
    [
        {"ConditionExpression": "a = :v OR (a = :v AND b = :v)"},
        {"ConditionExpression": "((a = :v AND b = :v) AND contains(a, :v)) OR size(b) > :v"},
        {"UpdateExpression": "SET a.b = :v, a.c = (a.b + :v) REMOVE b[0], b[1] ADD d :v"},
    ],
)
def test_an_expression_that_dynamodb_takes_is_left_alone(expressions: Mapping[str, str]) -> None:
    assert refused(**expressions, ExpressionAttributeValues={":v": {"N": "1"}}) == []


def test_an_alias_is_defined_where_it_is_used_and_nowhere_else() -> None:
    found = refused(
        UpdateExpression="SET #a = :b",
        ExpressionAttributeNames={"#c": "c"},
        ExpressionAttributeValues={":b": {"N": "1"}, ":d": {"N": "1"}},
    )
    assert found == [
        "ExpressionAttributeNames: unused ['#c'], undefined ['#a']",
        "ExpressionAttributeValues: unused [':d'], undefined []",
    ]


def test_each_part_of_a_transaction_has_aliases_of_its_own() -> None:
    put = {**TABLE, "Item": {"PK": {"S": "1"}, "SK": {"S": "1"}}}
    check = {**TABLE, "Key": {"PK": {"S": "2"}, "SK": {"S": "1"}}, "ConditionExpression": "#a = #b"}
    found = refused("TransactWriteItems", TransactItems=[{"Put": put}, {"ConditionCheck": check}])
    assert found == ["ExpressionAttributeNames: unused [], undefined ['#a', '#b']"]


@pytest.mark.parametrize("members", [[], ["a", "b", "a"]], ids=["empty", "repeated"])
def test_a_set_has_members_each_of_them_once(members: Sequence[str]) -> None:
    item = {"PK": {"S": "1"}, "list": {"L": [{"M": {"ids": {"SS": members}}}]}}
    (found,) = refused("PutItem", Item=item)
    assert found.startswith("SS: a set must have members")


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        (
            "TransactWriteItems",
            {
                "TransactItems": [
                    {"Put": {**TABLE, "Item": {"PK": {"S": "1"}, "SK": {"S": "1"}, "a": {}}}},
                    {"Update": {**TABLE, "Key": {"SK": {"S": "1"}, "PK": {"S": "1"}}}},
                ]
            },
        ),
        (
            "BatchWriteItem",
            {
                "RequestItems": {
                    "links": [
                        {"PutRequest": {"Item": {"PK": {"S": "1"}, "SK": {"S": "1"}, "a": {}}}},
                        {"DeleteRequest": {"Key": {"PK": {"S": "1"}, "SK": {"S": "1"}}}},
                    ]
                }
            },
        ),
        ("BatchGetItem", {"RequestItems": {"unknown": {"Keys": [{"id": {"S": "1"}}] * 2}}}),
    ],
)
def test_a_transaction_or_a_batch_names_an_item_once(
    operation: str, params: Mapping[str, Any]
) -> None:
    (found,) = refused(operation, **params)
    assert "more than once" in found


def test_a_query_does_not_filter_by_its_key() -> None:
    query = {
        "KeyConditionExpression": "PK = :a",
        "FilterExpression": "#s = :a",
        "ExpressionAttributeNames": {"#s": "SK"},
        "ExpressionAttributeValues": {":a": {"S": "1"}},
    }
    assert "'SK' is of the table's key" in refused("Query", **query)[0]
    assert refused("Query", **query, IndexName="by-owner") == []


def test_the_reserved_words_are_those_that_another_copy_of_the_page_has() -> None:
    assert frozenset(ReservedKeywords.get_reserved_keywords()) == dynamodb.RESERVED


def test_a_client_that_anybody_makes_is_held_to_the_rules() -> None:
    with mock_aws():
        client = boto3.client("dynamodb", region_name="eu-west-1")
        client.create_table(
            **TABLE,
            KeySchema=[{"AttributeName": "PK", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "PK", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        held.broken_rules()
        client.scan(**TABLE, Segment=0, TotalSegments=1_000_001)
        client.close()
    sentence = "dynamodb Scan .TotalSegments: the number must be 1000000 at most, got 1000001"
    assert held.broken_rules() == [sentence]
    assert held.broken_rules() == []
