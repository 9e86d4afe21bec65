from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from types_boto3_dynamodb.client import DynamoDBClient

from handlers.shortener import table
from handlers.shortener.link import Counters, Link
from handlers.shortener.store import BusyError, LinkStore
from handlers.shortener.table import DayCount, Position
from tests.fakes.links import LINKS_TABLE

CREATED_AT = 1_763_787_600_123


NEW = Counters(epoch=CREATED_AT, day=date(2025, 11, 22))


def link(code: str, *, owner: str = "ada", created_at: int = CREATED_AT) -> Link:
    return Link(code=code, target="https://example.com/", owner=owner, created_at=created_at)


@pytest.fixture
def store(dynamodb: DynamoDBClient) -> LinkStore:
    return LinkStore(dynamodb, LINKS_TABLE)


def test_a_link_is_found_as_it_was_made(store: LinkStore) -> None:
    made = Link(
        code="first",
        target="https://example.com/",
        owner="ada",
        created_at=CREATED_AT,
        expires_at=4_102_444_800,
    )
    assert store.create(made, NEW)
    assert store.find("first") == made
    assert store.with_days("first") == (made, 0, [])
    assert store.clicks(["first"]) == {"first": 0}


def test_no_link_is_found_where_none_was_made(store: LinkStore) -> None:
    assert store.find("first") is None
    assert store.with_days("first") is None


def test_a_code_is_given_out_once(store: LinkStore) -> None:
    assert store.create(link("first"), NEW)
    assert not store.create(link("first", owner="bob"), NEW)
    assert store.find("first") == link("first")


def test_a_code_is_taken_with_its_counters_or_not_at_all(
    store: LinkStore, dynamodb: DynamoDBClient
) -> None:
    store.create(link("first"), NEW)
    store.create(link("first", owner="bob"), replace(NEW, epoch=CREATED_AT + 1))
    assert dynamodb.scan(TableName=LINKS_TABLE)["Count"] == 2
    assert table.counters_of(counters_row(dynamodb)) == NEW


def counters_row(dynamodb: DynamoDBClient) -> Any:
    key = {"PK": {"S": "LINK#first"}, "SK": {"S": "COUNT"}}
    return dynamodb.get_item(TableName=LINKS_TABLE, Key=key).get("Item")


def test_a_deleted_link_stays_as_a_tombstone_that_keeps_its_code(
    store: LinkStore, dynamodb: DynamoDBClient
) -> None:
    store.create(link("first"), NEW)
    assert store.delete("first", owner="ada")

    tombstone = store.find("first")
    assert tombstone is not None
    assert (tombstone.live, tombstone.owner) == (False, None)
    assert not store.create(link("first"), NEW)
    assert store.page("ada", limit=10, after=None) == ([], None)
    item = dynamodb.get_item(
        TableName=LINKS_TABLE, Key={"PK": {"S": "LINK#first"}, "SK": {"S": "META"}}
    ).get("Item", {})
    assert item["deletedBy"] == {"S": "ada"}
    assert not table.counters_of(counters_row(dynamodb)).live
    assert store.clicks(["first"]) == {}


@pytest.mark.parametrize(("code", "owner"), [("first", "bob"), ("other", "ada")])
def test_only_the_owner_deletes_a_link_and_only_one_there_is(
    store: LinkStore, code: str, owner: str
) -> None:
    store.create(link("first"), NEW)
    assert not store.delete(code, owner=owner)
    assert store.find("first") == link("first")


def test_a_link_is_deleted_once(store: LinkStore) -> None:
    store.create(link("first"), NEW)
    assert store.delete("first", owner="ada")
    assert not store.delete("first", owner="ada")


def test_pages_hold_the_owners_links_newest_first(store: LinkStore) -> None:
    for number in range(5):
        store.create(link(f"link-{number}", created_at=CREATED_AT + number), NEW)
    store.create(link("foreign", owner="bob"), NEW)

    first, after = store.page("ada", limit=3, after=None)
    assert first == [link(f"link-{n}", created_at=CREATED_AT + n) for n in (4, 3, 2)]
    assert after == Position(CREATED_AT + 2, "link-2")
    second, after = store.page("ada", limit=3, after=after)
    assert [found.code for found in second] == ["link-1", "link-0"]
    assert after is None


def test_a_page_shows_a_links_expiry(store: LinkStore) -> None:
    made = replace(link("first"), expires_at=4_102_444_800)
    store.create(made, NEW)
    assert store.page("ada", limit=3, after=None) == ([made], None)


def test_links_made_in_the_same_millisecond_are_listed_once_each(store: LinkStore) -> None:
    for number in range(5):
        store.create(link(f"link-{number}"), NEW)
    listed: list[Link] = []
    page, after = store.page("ada", limit=2, after=None)
    while after is not None:
        listed += page
        page, after = store.page("ada", limit=2, after=after)
    codes = sorted(found.code for found in [*listed, *page])
    assert codes == [f"link-{number}" for number in range(5)]


def put_day(dynamodb: DynamoDBClient, day: str, clicks: int) -> None:
    item: Any = {
        "PK": {"S": "LINK#first"},
        "SK": {"S": f"DAY#{day}"},
        "clicks": {"N": str(clicks)},
    }
    dynamodb.put_item(TableName=LINKS_TABLE, Item=item)


def test_days_come_in_their_order_and_with_their_link(
    store: LinkStore, dynamodb: DynamoDBClient
) -> None:
    store.create(link("first"), NEW)
    put_day(dynamodb, "2025-11-22", 2)
    put_day(dynamodb, "2025-11-21", 1)
    days = [DayCount(date(2025, 11, 21), 1), DayCount(date(2025, 11, 22), 2)]
    assert store.with_days("first") == (link("first"), 0, days)


@pytest.mark.parametrize(("late", "counted"), [(None, 3), (2, 5)])
def test_the_newest_days_clicks_are_with_the_link_and_late_ones_in_its_row(
    store: LinkStore, dynamodb: DynamoDBClient, late: int | None, counted: int
) -> None:
    made = link("first")
    store.create(made, replace(NEW, clicks=9, day_clicks=3))
    put_day(dynamodb, "2025-11-23", 1)
    if late is not None:
        put_day(dynamodb, "2025-11-22", late)
    days = [DayCount(date(2025, 11, 22), counted), DayCount(date(2025, 11, 23), 1)]
    assert store.with_days("first") == (made, 9, days)


def test_ids_of_clicks_are_not_read_with_a_link(store: LinkStore, dynamodb: DynamoDBClient) -> None:
    store.create(link("first"), NEW)
    item: Any = {"PK": {"S": "LINK#first"}, "SK": {"S": "SEEN#0"}, "ids": {"BS": [b"0"]}}
    dynamodb.put_item(TableName=LINKS_TABLE, Item=item)
    assert store.with_days("first") == (link("first"), 0, [])


def test_the_clicks_of_a_hundred_links_are_read_and_of_none_not_asked_for(store: LinkStore) -> None:
    codes = [f"link-{number}" for number in range(100)]
    for code in codes:
        store.create(link(code), NEW)
    assert store.clicks(codes) == dict.fromkeys(codes, 0)
    assert store.clicks([]) == {}


def unprocessed(*codes: str) -> dict[str, Any]:
    keys = [{"PK": {"S": f"LINK#{code}"}, "SK": {"S": "COUNT"}} for code in codes]
    return {"Responses": {LINKS_TABLE: []}, "UnprocessedKeys": {LINKS_TABLE: {"Keys": keys}}}


def asked_for(*codes: str) -> dict[str, Any]:
    keys = unprocessed(*codes)["UnprocessedKeys"][LINKS_TABLE]["Keys"]
    return {"RequestItems": {LINKS_TABLE: {"Keys": keys, "ConsistentRead": True}}}


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    pauses: list[float] = []
    monkeypatch.setattr("time.sleep", pauses.append)
    return pauses


def test_only_the_unprocessed_keys_are_asked_for_again(
    store: LinkStore, dynamodb: DynamoDBClient, no_pauses: list[float]
) -> None:
    store.create(link("first"), NEW)
    item = counters_row(dynamodb)
    with Stubber(dynamodb) as stubber:
        stubber.add_response("batch_get_item", unprocessed("first"), asked_for("first", "other"))
        done = {"Responses": {LINKS_TABLE: [item]}, "UnprocessedKeys": {}}
        stubber.add_response("batch_get_item", done, asked_for("first"))
        assert store.clicks(["first", "other"]) == {"first": 0}
    assert len(no_pauses) == 1


@pytest.mark.usefixtures("no_pauses")
def test_keys_that_stay_unprocessed_are_an_error_after_bounded_attempts(
    store: LinkStore, dynamodb: DynamoDBClient
) -> None:
    with Stubber(dynamodb) as stubber:
        for _ in range(5):
            stubber.add_response("batch_get_item", unprocessed("first"))
        with pytest.raises(BusyError, match="1 of 1 links are still unread after 5"):
            store.clicks(["first"])
        stubber.assert_no_pending_responses()


def cancelled(*codes: str) -> dict[str, Any]:
    return {"CancellationReasons": [{"Code": code} for code in codes]}


def test_a_transaction_on_a_row_that_a_click_is_writing_is_repeated(
    store: LinkStore, dynamodb: DynamoDBClient, no_pauses: list[float]
) -> None:
    with Stubber(dynamodb) as stubber:
        stubber.add_client_error(
            "transact_write_items",
            "TransactionCanceledException",
            modeled_fields=cancelled("None", "TransactionConflict"),
        )
        stubber.add_response("transact_write_items", {})
        assert store.delete("first", owner="ada")
    assert len(no_pauses) == 1


@pytest.mark.usefixtures("no_pauses")
def test_a_row_that_is_always_being_written_is_an_error_after_bounded_attempts(
    store: LinkStore, dynamodb: DynamoDBClient
) -> None:
    with Stubber(dynamodb) as stubber:
        for _ in range(5):
            stubber.add_client_error(
                "transact_write_items",
                "TransactionCanceledException",
                modeled_fields=cancelled("None", "TransactionConflict"),
            )
        with pytest.raises(BusyError, match="in each of 5 attempts"):
            store.delete("first", owner="ada")


def test_a_transaction_that_no_attempt_would_heal_is_raised(
    store: LinkStore, dynamodb: DynamoDBClient
) -> None:
    with Stubber(dynamodb) as stubber:
        stubber.add_client_error(
            "transact_write_items",
            "TransactionCanceledException",
            modeled_fields=cancelled("None", "ValidationError"),
        )
        with pytest.raises(ClientError, match="TransactionCanceled"):
            store.create(link("first"), NEW)
