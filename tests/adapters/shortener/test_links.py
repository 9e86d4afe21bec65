import base64
import json
import re
from datetime import UTC, date, datetime
from typing import Any
from unittest.mock import Mock

import pytest
from types_boto3_dynamodb.client import DynamoDBClient

from handlers.shortener import links_api as links
from handlers.shortener.link import Link
from handlers.shortener.store import BusyError, LinkStore
from tests.fakes.links import LINKS_TABLE, PUBLIC_URL, Context, body_of, error, http_event

TARGET = "https://example.com/a?token=secret"


@pytest.fixture(autouse=True)
def function(dynamodb: DynamoDBClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """The function as a fresh process has it, on the test's own table."""
    environment = links.Environment(links_table=LINKS_TABLE, public_url=PUBLIC_URL)
    monkeypatch.setattr(links, "_environment", lambda: environment)
    monkeypatch.setattr(links, "_links", lambda: LinkStore(dynamodb, LINKS_TABLE))


def call(method: str, path: str, **event: Any) -> dict[str, Any]:
    event.setdefault("owner", "ada")
    return links.handler(http_event(method, path, **event), Context("links"))


def make(alias: str, *, owner: str = "ada") -> None:
    body = json.dumps({"target": TARGET, "alias": alias})
    assert call("POST", "/links", owner=owner, body=body)["statusCode"] == 201


def listed(**event: Any) -> tuple[list[str], str | None]:
    page = body_of(call("GET", "/links", **event))
    return [link["code"] for link in page["links"]], page["cursor"]


def test_a_link_made_under_an_alias_is_answered_and_located() -> None:
    body = json.dumps({"target": TARGET, "alias": "my-link", "expires_at": "2999-01-01T00:00:00Z"})
    answer = call("POST", "/links", body=body)

    link = body_of(answer)
    assert answer["statusCode"] == 201
    assert answer["headers"]["location"] == "https://sho.rt/my-link"
    assert answer["headers"]["Content-Type"] == "application/json"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", link.pop("created_at"))
    assert link == {
        "code": "my-link",
        "target": TARGET,
        "short_url": "https://sho.rt/my-link",
        "clicks": 0,
        "expires_at": "2999-01-01T00:00:00.000Z",
    }


def test_a_link_without_an_alias_gets_a_random_code() -> None:
    made = body_of(call("POST", "/links", body=json.dumps({"target": TARGET})))
    assert re.fullmatch("[a-z0-9]{8}", made["code"])
    assert made["expires_at"] is None


def test_a_random_code_that_is_taken_is_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    make("taken01", owner="bob")
    draws = iter(["taken01", "free001"])
    monkeypatch.setattr(links, "random_code", lambda: next(draws))
    assert body_of(call("POST", "/links", body=json.dumps({"target": TARGET})))["code"] == "free001"


def test_draws_that_are_all_taken_end_in_an_error_without_details(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make("taken01", owner="bob")
    monkeypatch.setattr(links, "random_code", lambda: "taken01")
    answer = call("POST", "/links", body=json.dumps({"target": TARGET}))
    assert error(answer) == (500, "internal")
    assert "random" not in answer["body"]


def test_a_link_is_found_in_any_case_under_one_code() -> None:
    make("Spring-Sale")
    body = json.dumps({"target": TARGET, "alias": "SPRING-sale"})
    assert error(call("POST", "/links", body=body)) == (409, "alias_taken")
    assert body_of(call("GET", "/links/SPRING-SALE"))["code"] == "spring-sale"
    assert call("DELETE", "/links/Spring-Sale")["statusCode"] == 204


@pytest.mark.parametrize(
    "target",
    [
        f"{PUBLIC_URL}/loop",
        "https://api.example.com/loop",
        "https://A1B2C3D4E5.execute-api.eu-central-1.amazonaws.com/loop",
    ],
)
def test_a_link_to_the_shortener_itself_is_refused(target: str) -> None:
    answer = call("POST", "/links", body=json.dumps({"target": target, "alias": "loop"}))
    assert error(answer) == (400, "bad_request")
    assert "address of this shortener" in body_of(answer)["error"]["message"]
    assert call("GET", "/links/loop")["statusCode"] == 404


def test_a_target_is_kept_as_a_browser_sends_it() -> None:
    body = json.dumps({"target": "https://bücher.example/a b"})
    made = body_of(call("POST", "/links", body=body))
    assert made["target"] == "https://xn--bcher-kva.example/a%20b"


def test_an_alias_that_any_link_had_is_taken_for_good() -> None:
    make("my-link", owner="bob")
    body = json.dumps({"target": TARGET, "alias": "my-link"})
    assert error(call("POST", "/links", body=body)) == (409, "alias_taken")
    call("DELETE", "/links/my-link", owner="bob")
    assert error(call("POST", "/links", body=body, owner="bob")) == (409, "alias_taken")


@pytest.mark.parametrize("body", [None, "", "{", "[]", '{"target":"ftp://example.com"}'])
def test_a_body_that_is_no_link_is_refused(body: str | None) -> None:
    assert error(call("POST", "/links", body=body)) == (400, "bad_request")


@pytest.mark.parametrize(("size", "status"), [(8192, 400), (8193, 413)])
@pytest.mark.parametrize("is_base64_encoded", [True, False])
def test_a_body_above_8_kb_is_too_large_as_it_was_sent(
    size: int,
    status: int,
    is_base64_encoded: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    body = "x" * size
    if is_base64_encoded:
        body = base64.b64encode(body.encode()).decode()
    answer = call("POST", "/links", body=body, is_base64_encoded=is_base64_encoded)
    assert answer["statusCode"] == status


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/links"), ("GET", "/links"), ("GET", "/links/abc"), ("DELETE", "/links/abc")],
)
def test_a_request_without_an_owner_is_refused(method: str, path: str) -> None:
    assert error(call(method, path, owner=None)) == (401, "unauthorized")


def test_links_are_listed_newest_first_page_by_page(dynamodb: DynamoDBClient) -> None:
    for alias in ("one", "two", "three"):
        make(alias)
        created_at = {"one": 1, "two": 2, "three": 3}[alias]
        dynamodb.update_item(
            TableName=LINKS_TABLE,
            Key={"PK": {"S": f"LINK#{alias}"}, "SK": {"S": "META"}},
            UpdateExpression="SET createdAt = :at",
            ExpressionAttributeValues={":at": {"N": str(created_at)}},
        )
    make("foreign", owner="bob")

    first, cursor = listed(query={"limit": "2"})
    assert first == ["three", "two"]
    assert cursor is not None
    assert listed(query={"limit": "2", "cursor": cursor}) == (["one"], None)


def test_a_listed_link_carries_its_newest_total(dynamodb: DynamoDBClient) -> None:
    make("my-link")
    dynamodb.update_item(
        TableName=LINKS_TABLE,
        Key={"PK": {"S": "LINK#my-link"}, "SK": {"S": "COUNT"}},
        UpdateExpression="ADD clicks :n",
        ExpressionAttributeValues={":n": {"N": "7"}},
    )
    assert [link["clicks"] for link in body_of(call("GET", "/links"))["links"]] == [7]


def test_a_link_that_the_index_still_names_but_that_is_deleted_is_not_listed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make("my-link")
    make("gone-by")
    call("DELETE", "/links/gone-by")

    def stale(*_: object, **__: object) -> tuple[list[Link], None]:
        codes = ("gone-by", "my-link")
        return [Link(code=code, target=TARGET, owner="ada", created_at=1) for code in codes], None

    monkeypatch.setattr(LinkStore, "page", stale)
    assert listed() == (["my-link"], None)


@pytest.mark.parametrize("limit", ["0", "101", "-1", "1.5", "", "ten", "1,2", "٣", "007"])
def test_a_limit_outside_1_to_100_is_refused(limit: str) -> None:
    assert error(call("GET", "/links", query={"limit": limit})) == (400, "bad_request")


def test_a_cursor_of_another_owner_or_of_none_is_refused() -> None:
    make("one", owner="bob")
    make("two", owner="bob")
    _, cursor = listed(query={"limit": "1"}, owner="bob")
    assert cursor is not None
    for foreign in (cursor, "garbage", ""):
        answer = call("GET", "/links", query={"cursor": foreign})
        assert error(answer) == (400, "bad_cursor")


def test_a_new_link_has_todays_day_and_no_days_to_show(dynamodb: DynamoDBClient) -> None:
    before = datetime.now(UTC).date()
    make("my-link")
    key = {"PK": {"S": "LINK#my-link"}, "SK": {"S": "COUNT"}}
    item = dynamodb.get_item(TableName=LINKS_TABLE, Key=key).get("Item", {})
    made_on = date.fromisoformat(str(item["day"].get("S")))
    assert before <= made_on <= datetime.now(UTC).date()
    assert item["dayClicks"] == {"N": "0"}
    assert body_of(call("GET", "/links/my-link"))["days"] == []


def test_a_link_is_read_with_the_days_of_the_last_30_that_had_a_click(
    dynamodb: DynamoDBClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    make("my-link")
    monkeypatch.setattr("time.time_ns", lambda: 1_763_787_600_000_000_000)
    for day, clicks in (("2025-10-23", 5), ("2025-10-24", 1), ("2025-11-21", 2)):
        row: Any = {
            "PK": {"S": "LINK#my-link"},
            "SK": {"S": f"DAY#{day}"},
            "clicks": {"N": str(clicks)},
        }
        dynamodb.put_item(TableName=LINKS_TABLE, Item=row)
    dynamodb.update_item(
        TableName=LINKS_TABLE,
        Key={"PK": {"S": "LINK#my-link"}, "SK": {"S": "COUNT"}},
        UpdateExpression="SET #day = :day, dayClicks = :n, clicks = :all",
        ExpressionAttributeNames={"#day": "day"},
        ExpressionAttributeValues={
            ":day": {"S": "2025-11-22"},
            ":n": {"N": "3"},
            ":all": {"N": "11"},
        },
    )
    link = body_of(call("GET", "/links/my-link"))
    assert (link["code"], link["target"], link["clicks"]) == ("my-link", TARGET, 11)
    assert link["days"] == [
        {"date": "2025-10-24", "clicks": 1},
        {"date": "2025-11-21", "clicks": 2},
        {"date": "2025-11-22", "clicks": 3},
    ]


def test_the_list_has_no_days() -> None:
    make("my-link")
    [link] = body_of(call("GET", "/links"))["links"]
    assert "days" not in link


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize("code", ["my-link", "nowhere", "no", "a.b"])
def test_a_link_of_another_owner_is_answered_as_a_missing_one(method: str, code: str) -> None:
    make("my-link", owner="bob")
    answer = call(method, f"/links/{code}")
    assert error(answer) == (404, "not_found")
    assert answer["body"] == call(method, "/links/really-nowhere")["body"]
    assert call("GET", "/links/my-link", owner="bob")["statusCode"] == 200


def test_a_deleted_link_is_gone_for_its_owner_and_cannot_be_deleted_again() -> None:
    make("my-link")
    assert call("DELETE", "/links/my-link")["statusCode"] == 204
    assert error(call("DELETE", "/links/my-link")) == (404, "not_found")
    assert error(call("GET", "/links/my-link")) == (404, "not_found")
    assert listed() == ([], None)


def test_a_route_there_is_not_is_answered_in_the_same_form() -> None:
    assert error(call("PUT", "/links")) == (404, "not_found")


def test_a_throttled_table_is_a_503(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LinkStore, "clicks", Mock(side_effect=BusyError("1 link is unread")))
    assert error(call("GET", "/links")) == (503, "unavailable")


def test_an_unexpected_error_is_logged_and_not_leaked(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> LinkStore:
        raise RuntimeError("the password is hunter2")

    monkeypatch.setattr(links, "_links", broken)
    answer = call("GET", "/links")
    assert error(answer) == (500, "internal")
    assert "hunter2" not in str(answer)
    assert "hunter2" in caplog.text


def test_no_log_line_holds_a_target(caplog: pytest.LogCaptureFixture) -> None:
    make("my-link")
    call("GET", "/links/my-link")
    logged = str([vars(record) for record in caplog.records])
    assert "my-link" in logged
    assert "secret" not in logged
