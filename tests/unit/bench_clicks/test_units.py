from typing import Any

import pytest

from bench.clicks import units
from bench.clicks.units import Item, Stored, Unaccounted, consumed, size

KEY = {"PK": {"S": "a"}, "SK": {"S": "b"}}


def nothing(table: str, key: Any) -> Item | None:  # noqa: ARG001 - the port's signature
    return None


def holding(size_bytes: int) -> Stored:
    def stored(table: str, key: Any) -> Item | None:  # noqa: ARG001 - the port's signature
        return of_bytes(size_bytes)

    return stored


def of_bytes(count: int) -> Item:
    return {"x": {"S": "." * (count - 1)}}


def test_an_item_is_as_large_as_its_names_and_values() -> None:
    item = {"name": {"S": "é"}, "ids": {"SS": ["ab", "c"]}, "live": {"BOOL": True}}
    assert size(item) == (4 + 2) + (3 + 3) + (4 + 1)


def test_bytes_are_counted_as_what_they_are_and_not_as_their_text() -> None:
    assert size({"ids": {"BS": ["AAAAAAAAAAAAAAAAAAAAAA==", "AAE="]}}) == 3 + 16 + 2


@pytest.mark.parametrize(("number", "expected"), [("0", 1), ("7", 2), ("1763787600123", 8)])
def test_a_number_takes_a_byte_for_two_digits_and_one_more(number: str, expected: int) -> None:
    assert size({"": {"N": number}}) == expected


@pytest.mark.parametrize(
    ("size_bytes", "consistent", "expected"),
    [(1, True, 1), (4096, True, 1), (4097, True, 2), (4097, False, 1), (1, False, 0.5)],
)
def test_a_query_is_charged_by_all_that_it_read_together(
    *, size_bytes: int, consistent: bool, expected: float
) -> None:
    answer = {"Items": [of_bytes(size_bytes)]}
    request = {"TableName": "t", "ConsistentRead": consistent}
    assert consumed("Query", request, answer, nothing) == (0, expected)


def test_a_query_that_finds_nothing_still_costs() -> None:
    assert consumed("Query", {"TableName": "t"}, {"Items": []}, nothing) == (0, 0.5)


def test_a_projection_is_charged_as_the_whole_item() -> None:
    request = {"TableName": "t", "ConsistentRead": True, "ProjectionExpression": "PK"}
    answer = {"Items": [KEY]}
    assert consumed("Query", request, answer, holding(5000)) == (0, 2)


def test_a_filter_is_not_guessed_at() -> None:
    request = {"TableName": "t", "FilterExpression": "a = :b"}
    with pytest.raises(Unaccounted):
        consumed("Query", request, {"Items": []}, nothing)


def test_a_write_costs_what_the_answer_says() -> None:
    answer = {"ConsumedCapacity": [{"CapacityUnits": 4.0}, {"CapacityUnits": 2.0}]}
    assert consumed("TransactWriteItems", {}, answer, nothing) == (6, 0)


def test_a_refused_write_costs_as_much_as_what_is_there() -> None:
    answer = {"__type": "com.amazonaws.dynamodb#ConditionalCheckFailedException"}
    request = {"TableName": "t", "Key": KEY}
    assert consumed("UpdateItem", request, answer, nothing) == (1, 0)
    assert consumed("UpdateItem", request, answer, holding(1025)) == (2, 0)


def test_a_cancelled_transaction_costs_two_units_an_item() -> None:
    answer = {"__type": "TransactionCanceledException"}
    action = {"TableName": "t", "Key": KEY}
    put = {"TableName": "t", "Item": KEY}
    request = {"TransactItems": [{"Update": action}, {"Put": put}, {"Update": action}]}
    assert consumed("TransactWriteItems", request, answer, nothing) == (6, 0)


def test_a_throttled_call_costs_nothing() -> None:
    answer = {"__type": "ThrottlingException"}
    for operation in units.OPERATIONS:
        assert consumed(operation, {"TableName": "t"}, answer, nothing) == (0, 0)
