from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from botocore.stub import Stubber
from types_boto3_dynamodb.client import DynamoDBClient

from handlers.shortener.link import Link
from handlers.shortener.rows import DayCount, Position
from handlers.shortener.store import LinkStore, UnprocessedError
from tests.doubles.links import LINKS_TABLE

CREATED_AT = 1_763_787_600_123


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
        day=date(2025, 11, 22),
        created_at=CREATED_AT,
        expires_at=4_102_444_800,
    )
    assert store.create(made)
    assert store.find("first") == made
    assert store.with_days("first") == (made, [])


def test_no_link_is_found_where_none_was_made(store: LinkStore) -> None:
    assert store.find("first") is None
    assert store.with_days("first") is None


def test_a_code_is_given_out_once(store: LinkStore) -> None:
    assert store.create(link("first"))
    assert not store.create(link("first", owner="bob"))
    assert store.find("first") == link("first")


def test_a_repetition_of_the_very_same_put_is_no_collision(store: LinkStore) -> None:
    assert store.create(link("first"))
    assert store.create(link("first"))


def test_a_deleted_link_stays_as_a_tombstone_that_keeps_its_code(
    store: LinkStore, dynamodb: DynamoDBClient
) -> None:
    store.create(link("first"))
    assert store.delete("first", owner="ada")

    tombstone = store.find("first")
    assert tombstone is not None
    assert (tombstone.live, tombstone.owner) == (False, None)
    assert not store.create(link("first"))
    assert store.page("ada", limit=10, after=None) == ([], None)
    item = dynamodb.get_item(
        TableName=LINKS_TABLE, Key={"PK": {"S": "LINK#first"}, "SK": {"S": "META"}}
    ).get("Item", {})
    assert item["deletedBy"] == {"S": "ada"}


@pytest.mark.parametrize(("code", "owner"), [("first", "bob"), ("other", "ada")])
def test_only_the_owner_deletes_a_link_and_only_one_there_is(
    store: LinkStore, code: str, owner: str
) -> None:
    store.create(link("first"))
    assert not store.delete(code, owner=owner)
    assert store.find("first") == link("first")


def test_a_link_is_deleted_once(store: LinkStore) -> None:
    store.create(link("first"))
    assert store.delete("first", owner="ada")
    assert not store.delete("first", owner="ada")


def test_pages_hold_the_owners_links_newest_first(store: LinkStore) -> None:
    for number in range(5):
        store.create(link(f"link-{number}", created_at=CREATED_AT + number))
    store.create(link("foreign", owner="bob"))

    first, after = store.page("ada", limit=3, after=None)
    assert first == ["link-4", "link-3", "link-2"]
    assert after == Position(CREATED_AT + 2, "link-2")
    assert store.page("ada", limit=3, after=after) == (["link-1", "link-0"], None)


def test_links_made_in_the_same_millisecond_are_listed_once_each(store: LinkStore) -> None:
    for number in range(5):
        store.create(link(f"link-{number}"))
    listed: list[str] = []
    codes, after = store.page("ada", limit=2, after=None)
    while after is not None:
        listed += codes
        codes, after = store.page("ada", limit=2, after=after)
    assert sorted([*listed, *codes]) == [f"link-{number}" for number in range(5)]


def put_day(dynamodb: DynamoDBClient, day: str, clicks: int) -> None:
    item: Any = {
        "PK": {"S": "LINK#first"},
        "SK": {"S": f"STAT#{day}"},
        "clicks": {"N": str(clicks)},
    }
    dynamodb.put_item(TableName=LINKS_TABLE, Item=item)


def test_days_come_in_their_order_and_with_their_link(
    store: LinkStore, dynamodb: DynamoDBClient
) -> None:
    store.create(link("first"))
    put_day(dynamodb, "2025-11-22", 2)
    put_day(dynamodb, "2025-11-21", 1)
    days = [DayCount(date(2025, 11, 21), 1), DayCount(date(2025, 11, 22), 2)]
    assert store.with_days("first") == (link("first"), days)


@pytest.mark.parametrize(("late", "counted"), [(None, 3), (2, 5)])
def test_the_newest_days_clicks_are_with_the_link_and_late_ones_in_its_row(
    store: LinkStore, dynamodb: DynamoDBClient, late: int | None, counted: int
) -> None:
    made = replace(link("first"), clicks=9, day=date(2025, 11, 22), day_clicks=3)
    store.create(made)
    put_day(dynamodb, "2025-11-23", 1)
    if late is not None:
        put_day(dynamodb, "2025-11-22", late)
    days = [DayCount(date(2025, 11, 22), counted), DayCount(date(2025, 11, 23), 1)]
    assert store.with_days("first") == (made, days)


def test_totals_of_a_hundred_links_are_read_and_of_none_not_asked_for(store: LinkStore) -> None:
    codes = [f"link-{number}" for number in range(100)]
    for code in codes:
        store.create(link(code))
    assert store.totals(codes) == {code: link(code) for code in codes}
    assert store.totals([]) == {}


def unprocessed(*codes: str) -> dict[str, Any]:
    keys = [{"PK": {"S": f"LINK#{code}"}, "SK": {"S": "META"}} for code in codes]
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
    store.create(link("first"))
    item = dynamodb.scan(TableName=LINKS_TABLE)["Items"][0]
    with Stubber(dynamodb) as stubber:
        stubber.add_response("batch_get_item", unprocessed("first"), asked_for("first", "other"))
        done = {"Responses": {LINKS_TABLE: [item]}, "UnprocessedKeys": {}}
        stubber.add_response("batch_get_item", done, asked_for("first"))
        assert store.totals(["first", "other"]) == {"first": link("first")}
    assert len(no_pauses) == 1


@pytest.mark.usefixtures("no_pauses")
def test_keys_that_stay_unprocessed_are_an_error_after_bounded_attempts(
    store: LinkStore, dynamodb: DynamoDBClient
) -> None:
    with Stubber(dynamodb) as stubber:
        for _ in range(5):
            stubber.add_response("batch_get_item", unprocessed("first"))
        with pytest.raises(UnprocessedError, match="1 of 1 links are still unread after 5"):
            store.totals(["first"])
        stubber.assert_no_pending_responses()
