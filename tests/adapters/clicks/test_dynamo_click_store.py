"""What DynamoDB says and moto never does, in its own words and through boto3's parsing."""

import json
from collections import Counter
from datetime import date
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handlers.clicks.counting import Aggregator, Busy, Counted, Eviction, Message, Rejected, Written
from handlers.shortener.click import Click
from handlers.shortener.link import Counters, Link
from handlers.shortener.store import LinkStore
from tests.adapters.clicks.conftest import Cloud
from tests.fakes.clicks import DAY, EPOCH, MemoryClicks, click, run
from tests.fakes.links import LINKS_TABLE, create_links_table

CODE = "first"
AT = 1_763_769_600_000
ID = click(1, at=AT).key
NEW = Counters(epoch=EPOCH, day=DAY)

NONE = {"Code": "None"}
CONFLICT = {"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"}
CONDITION = {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}
ROW = {**CONDITION, "Item": {"ids": {"BS": [bytes.fromhex(ID)]}, "ttl": {"N": "1766361600"}}}


def late_when_cancelled(cloud: Cloud, *reasons: dict[str, Any]) -> Written:
    with Stubber(cloud.dynamodb) as stubber:
        stubber.add_client_error(
            "transact_write_items",
            "TransactionCanceledException",
            modeled_fields={"CancellationReasons": list(reasons)},
        )
        return run(cloud.store().count_late(CODE, DAY, ID, ID))


def count(cloud: Cloud, *ids: str) -> Counted | Rejected | Busy:
    return run(cloud.store().count(CODE, DAY, set(ids or {ID})))


@pytest.mark.parametrize(
    "code", ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"]
)
@pytest.mark.parametrize("place", range(3))
def test_a_conflict_or_a_throttle_at_any_item_has_the_click_counted_anew(
    cloud: Cloud, code: str, place: int
) -> None:
    reasons = [NONE] * 3
    reasons[place] = {"Code": code, "Message": "busy"}
    assert late_when_cancelled(cloud, *reasons) is Written.REJECTED


def test_an_id_in_its_row_is_a_duplicate_though_another_condition_failed_too(cloud: Cloud) -> None:
    assert late_when_cancelled(cloud, ROW, CONFLICT, NONE) is Written.DUPLICATE
    assert late_when_cancelled(cloud, ROW, CONDITION, NONE) is Written.DUPLICATE


def test_a_row_that_is_gone_makes_no_duplicate(cloud: Cloud) -> None:
    assert late_when_cancelled(cloud, CONDITION, NONE, NONE) is Written.REJECTED


def test_a_reason_that_no_attempt_would_heal_is_raised(cloud: Cloud) -> None:
    invalid = {"Code": "ValidationError", "Message": "The item is too large"}
    with pytest.raises(ClientError, match="TransactionCanceledException"):
        late_when_cancelled(cloud, NONE, invalid, NONE)


BUSY = [
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ThrottlingException",
    "TransactionInProgressException",
]


@pytest.mark.parametrize("code", [*BUSY, "TransactionConflictException"])
def test_a_count_beside_a_transaction_or_a_throttle_is_tried_again(cloud: Cloud, code: str) -> None:
    with Stubber(cloud.dynamodb) as stubber:
        stubber.add_client_error("update_item", code)
        assert count(cloud) == Busy()


@pytest.mark.parametrize("code", BUSY)
def test_a_throttled_transaction_has_the_click_counted_anew(cloud: Cloud, code: str) -> None:
    with Stubber(cloud.dynamodb) as stubber:
        stubber.add_client_error("transact_write_items", code)
        assert run(cloud.store().count_for_past_day(CODE, DAY, {ID})) is Written.REJECTED


@pytest.mark.parametrize("operation", ["update_item", "transact_write_items"])
def test_a_call_that_is_denied_is_raised(cloud: Cloud, operation: str) -> None:
    with Stubber(cloud.dynamodb) as stubber:
        stubber.add_client_error(operation, "AccessDeniedException")
        with pytest.raises(ClientError, match="AccessDenied"):
            run(
                cloud.store().count(CODE, DAY, {ID})
                if operation == "update_item"
                else cloud.store().count_for_past_day(CODE, DAY, {ID})
            )


def test_evicted_ids_are_kept_for_30_days_from_the_newest_clicks_own_time(cloud: Cloud) -> None:
    make(cloud, CODE)
    outcome = count(cloud)
    assert isinstance(outcome, Counted)
    assert run(cloud.store().evict(CODE, {ID}, outcome.counters)) is Written.DONE
    key = {"PK": {"S": f"LINK#{CODE}"}, "SK": {"S": f"SEEN#{ID}"}}
    item = cloud.dynamodb.get_item(TableName=LINKS_TABLE, Key=key).get("Item", {})
    assert item["ttl"] == {"N": str(AT // 1000 + 30 * 86_400)}
    assert item["ids"] == {"BS": [bytes.fromhex(ID)]}


def test_the_counters_of_45_remembered_clicks_are_one_write_unit(cloud: Cloud) -> None:
    code = "a" * 32
    make(cloud, code)
    for start in range(0, 45, 9):
        ids = {click(n, at=AT + n).key for n in range(start, start + 9)}
        assert isinstance(run(cloud.store().count(code, DAY, ids)), Counted)
    key = {"PK": {"S": f"LINK#{code}"}, "SK": {"S": "COUNT"}}
    item = cloud.dynamodb.get_item(TableName=LINKS_TABLE, Key=key).get("Item", {})
    assert len(item["ids"].get("BS", [])) == 45
    assert size(item) <= 1024


def size(item: dict[str, Any]) -> int:
    """As DynamoDB counts: names and values, a number as half of its digits and two bytes."""
    total = 0
    for name, typed in item.items():
        total += len(name)
        match typed:
            case {"S": text}:
                total += len(text.encode())
            case {"N": digits}:
                total += len(digits) // 2 + 2
            case {"BS": ids}:
                total += sum(len(bytes(id_)) for id_ in ids)
            case _:
                total += 1
    return total


def test_each_transaction_has_a_token_of_its_own(cloud: Cloud) -> None:
    tokens: list[str] = []

    def note(params: dict[str, Any], **_: Any) -> None:
        tokens.append(json.loads(params["body"])["ClientRequestToken"])

    cloud.dynamodb.meta.events.register("before-call.dynamodb.TransactWriteItems", note)
    for _ in range(2):
        run(cloud.store().count_for_past_day(CODE, date(2025, 11, 20), {ID}))
    assert len(set(tokens)) == 2


def make(cloud: Cloud, code: str) -> None:
    link = Link(code=code, target="https://example.com/", owner="ada", created_at=EPOCH)
    assert LinkStore(cloud.dynamodb, LINKS_TABLE).create(link, NEW)


batches = st.lists(
    st.lists(st.integers(0, 7), min_size=1, max_size=10),
    min_size=1,
    max_size=4,
)


@given(batches)
@settings(
    max_examples=40,
    # The table is made anew for each example: moto copies all of it in every transaction.
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_overlapping_batches_end_with_the_true_counts(
    cloud: Cloud, drawn: list[list[int]]
) -> None:
    cloud.dynamodb.delete_table(TableName=LINKS_TABLE)
    create_links_table(cloud.dynamodb)
    make(cloud, CODE)
    publisher = MemoryClicks()
    soon = Eviction(at=3, least=2, young_ms=0, most=5)
    aggregator = Aggregator(cloud.store(), publisher.publish, publisher.pause, soon)
    clicks: set[Click] = set()
    for batch in drawn:
        messages = [
            Message(str(place), click(n, at=AT + n * 500 - 2000)) for place, n in enumerate(batch)
        ]
        clicks |= {message.click for message in messages}
        assert run(aggregator.aggregate(messages, now_ms=AT + 5000)).failed == []

    found = LinkStore(cloud.dynamodb, LINKS_TABLE).with_days(CODE)
    assert found is not None
    _, total, days = found
    assert total == len(clicks) == publisher.published[-1].version
    by_day = Counter(click.day for click in clicks)
    assert {day.date: day.clicks for day in days} == by_day
