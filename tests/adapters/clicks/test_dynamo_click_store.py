"""What DynamoDB says and moto never does, in its own words and through boto3's parsing."""

import json
import uuid
from collections import Counter
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handlers.clicks.counting import Aggregator, Message
from handlers.clicks.ports import AlreadyCounted, Contended, DayMoved, LinkGone, Outcome
from handlers.shortener.click import Click
from handlers.shortener.link import Link
from handlers.shortener.store import LinkStore
from handlers.shortener.tally import Tally
from tests.adapters.clicks.conftest import Cloud
from tests.doubles.clicks import EPOCH, MemoryClicks, run
from tests.doubles.links import LINKS_TABLE, create_links_table

CODE = "first"
AT = 1_763_769_600_000
PRESENT = Tally(clicks=0, epoch=EPOCH, day=date(2025, 11, 22))
CLICK = Click(click_id="0b3f1a52-7d1c-4d6e-9a63-51a8f0c2b7de", code=CODE, at=AT)


def count_when_cancelled(cloud: Cloud, *reasons: dict[str, Any]) -> Outcome:
    with Stubber(cloud.dynamodb) as stubber:
        stubber.add_client_error(
            "transact_write_items",
            "TransactionCanceledException",
            modeled_fields={"CancellationReasons": list(reasons)},
        )
        return count(cloud)


def count(cloud: Cloud) -> Outcome:
    return run(cloud.store().count(CODE, [CLICK], PRESENT))


NONE = {"Code": "None"}
CONFLICT = {"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"}
CONDITION = {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}
LINK: dict[str, Any] = {
    **CONDITION,
    "Item": {
        "state": {"S": "live"},
        "clicks": {"N": "0"},
        "epoch": {"N": str(EPOCH)},
        "day": {"S": "2025-11-22"},
        "dayClicks": {"N": "0"},
    },
}
TOMBSTONE = {**CONDITION, "Item": {**LINK["Item"], "state": {"S": "deleted"}}}
ANOTHER = "0b3f1a52-7d1c-4d6e-9a63-51a8f0c2b7df"
SEEN = {
    **CONDITION,
    "Item": {"ids": {"BS": [uuid.UUID(CLICK.click_id).bytes, uuid.UUID(ANOTHER).bytes]}},
}


@pytest.mark.parametrize(
    "code", ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"]
)
@pytest.mark.parametrize("place", range(3))
def test_a_conflict_or_a_throttle_at_any_item_is_contention(
    cloud: Cloud, code: str, place: int
) -> None:
    reasons = [NONE] * 3
    reasons[place] = {"Code": code, "Message": "busy"}
    assert count_when_cancelled(cloud, *reasons) == Contended()


@pytest.mark.parametrize("gone", [CONDITION, TOMBSTONE])
def test_a_link_that_is_gone_outweighs_all_other_reasons(
    cloud: Cloud, gone: dict[str, Any]
) -> None:
    assert count_when_cancelled(cloud, gone, SEEN, CONFLICT) == LinkGone()


def test_another_day_outweighs_contention_alone(cloud: Cloud) -> None:
    assert count_when_cancelled(cloud, LINK, NONE, CONFLICT) == DayMoved(PRESENT)


@pytest.mark.parametrize("link", [CONFLICT, LINK])
def test_a_known_click_outweighs_contention_and_another_day(
    cloud: Cloud, link: dict[str, Any]
) -> None:
    known = AlreadyCounted(frozenset({CLICK.click_id, ANOTHER}))
    assert count_when_cancelled(cloud, link, SEEN, NONE) == known


def test_a_reason_that_no_attempt_would_heal_is_raised(cloud: Cloud) -> None:
    invalid = {"Code": "ValidationError", "Message": "The item is too large"}
    with pytest.raises(ClientError, match="TransactionCanceledException"):
        count_when_cancelled(cloud, NONE, invalid, NONE)


@pytest.mark.parametrize(
    "code",
    [
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottlingException",
        "TransactionInProgressException",
    ],
)
def test_a_throttled_call_is_contention(cloud: Cloud, code: str) -> None:
    with Stubber(cloud.dynamodb) as stubber:
        stubber.add_client_error("transact_write_items", code)
        assert count(cloud) == Contended()


def test_a_call_that_is_denied_is_raised(cloud: Cloud) -> None:
    with Stubber(cloud.dynamodb) as stubber:
        stubber.add_client_error("transact_write_items", "AccessDeniedException")
        with pytest.raises(ClientError, match="AccessDenied"):
            count(cloud)


def test_a_click_is_remembered_for_30_days_from_its_own_time(cloud: Cloud) -> None:
    make(cloud, CODE)
    count(cloud)
    key = {"PK": {"S": f"SEEN#{CODE}#{AT // 1000}"}, "SK": {"S": "SEEN"}}
    item = cloud.dynamodb.get_item(TableName=LINKS_TABLE, Key=key).get("Item", {})
    assert item["ttl"] == {"N": str(AT // 1000 + 30 * 86_400)}
    assert item["ids"] == {"BS": [uuid.UUID(CLICK.click_id).bytes]}


def test_each_attempt_has_a_token_of_its_own(cloud: Cloud) -> None:
    tokens: list[str] = []

    def note(params: dict[str, Any], **_: Any) -> None:
        tokens.append(json.loads(params["body"])["ClientRequestToken"])

    cloud.dynamodb.meta.events.register("before-call.dynamodb.TransactWriteItems", note)
    for _ in range(2):
        count(cloud)
    assert len(set(tokens)) == 2


def make(cloud: Cloud, code: str) -> None:
    target = "https://example.com/"
    link = Link(code=code, target=target, owner="ada", day=PRESENT.day, created_at=EPOCH)
    assert LinkStore(cloud.dynamodb, LINKS_TABLE).create(link)


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
    aggregator = Aggregator(cloud.store(), publisher.publish, publisher.pause)
    clicks: set[Click] = set()
    for batch in drawn:
        messages = [
            Message(str(place), replace(CLICK, click_id=str(uuid.UUID(int=n)), at=at))
            for place, n in enumerate(batch)
            for at in [AT + n * 500 - 2000]
        ]
        clicks |= {message.click for message in messages}
        assert run(aggregator.aggregate(messages, now_ms=AT)).failed == []

    found = LinkStore(cloud.dynamodb, LINKS_TABLE).with_days(CODE)
    assert found is not None
    link, days = found
    assert link.clicks == len(clicks) == publisher.published[-1].version
    by_day = Counter(click.day for click in clicks)
    assert {day.date: day.clicks for day in days} == by_day
