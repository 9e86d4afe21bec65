"""The redirect, whatever bus and queue answer."""

import json
import time
from typing import Any

import pytest
from botocore.session import Session
from botocore.validate import validate_parameters

from handlers.shortener import emit, redirect
from handlers.shortener.click import from_body
from handlers.shortener.store import LinkStore
from tests.adapters.shortener.bus import (
    TAKEN,
    TARGET,
    Answer,
    Peer,
    follow,
    make,
    nobody,
    peer,
    way,
)
from tests.fakes.links import body_of

REFUSED_ENTRY = (200, {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "ThrottlingException"}]})
ERROR = (500, {"message": "internal"})
HANGS = None
ODD: list[Answer] = [
    (200, content) for content in ({}, {"FailedEntryCount": 1}, [1], None, "ok", 7)
]
"""Answers of a proxy, a captive middlebox, or an AWS of another day."""
PATIENCE_SECONDS = 20
"""A peer that hangs does so without an end: a redirect that waits for it never ends."""


def followed(answer: dict[str, Any]) -> bool:
    return answer == {
        "statusCode": 302,
        "headers": {"location": TARGET, "cache-control": "no-store"},
        "body": "",
    }


def metrics_in(output: str) -> dict[str, int]:
    """The metrics in CloudWatch's embedded format, by name."""
    found: dict[str, int] = {}
    for line in output.splitlines():
        record = json.loads(line)
        for directive in record.get("_aws", {}).get("CloudWatchMetrics", []):
            assert directive["Namespace"] == "Realtime"
            assert directive["Dimensions"] == [["service"]]
            assert record["service"] == "shortener"
            for metric in directive["Metrics"]:
                found[metric["Name"]] = sum(record[metric["Name"]])
    return found


def test_a_link_leads_on_and_the_click_is_on_the_bus(
    links: LinkStore, open_way: Peer, capsys: pytest.CaptureFixture[str]
) -> None:
    make(links)
    before_ms = time.time_ns() // 1_000_000
    assert followed(follow())

    [request] = open_way.bodies
    [entry] = request["Entries"]
    click = from_body(entry.pop("Detail"))
    assert entry == {"Source": "shortener", "DetailType": "click", "EventBusName": "clicks"}
    assert click.code == "first"
    assert before_ms <= click.at <= time.time_ns() // 1_000_000
    assert capsys.readouterr().out == ""


def test_every_click_has_an_id_of_its_own(links: LinkStore, open_way: Peer) -> None:
    make(links)
    for _ in range(3):
        follow()
    bodies = [request["Entries"][0]["Detail"] for request in open_way.bodies]
    assert len({from_body(body).click_id for body in bodies}) == 3


@pytest.mark.parametrize("bus_answer", [REFUSED_ENTRY, ERROR, HANGS, *ODD])
def test_a_click_that_the_bus_does_not_confirm_goes_to_the_queue_as_the_same_click(
    links: LinkStore,
    table: Peer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    bus_answer: Answer,
) -> None:
    make(links)
    monkeypatch.setattr(emit, "EMIT_SECONDS", PATIENCE_SECONDS)
    if bus_answer is not HANGS:
        monkeypatch.setattr(emit, "BUS_SECONDS", PATIENCE_SECONDS)

    def take(_: dict[str, Any]) -> Answer:
        assert bus.received.wait(PATIENCE_SECONDS)
        return TAKEN

    with (
        peer(bus_answer) as bus,
        peer(take) as queue,
        way(monkeypatch, table.url, bus.url, queue.url),
    ):
        assert followed(follow())
    [put], [sent] = bus.bodies, queue.bodies
    assert sent["MessageBody"] == put["Entries"][0]["Detail"]
    assert metrics_in(capsys.readouterr().out) == {"ClicksDiverted": 1}


def test_a_bus_that_is_not_there_is_no_different(
    links: LinkStore,
    table: Peer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    make(links)
    monkeypatch.setattr(emit, "EMIT_SECONDS", PATIENCE_SECONDS)
    with peer(TAKEN) as queue, way(monkeypatch, table.url, nobody(), queue.url):
        assert followed(follow())
    assert from_body(queue.bodies[0]["MessageBody"]).code == "first"
    assert metrics_in(capsys.readouterr().out) == {"ClicksDiverted": 1}


@pytest.mark.parametrize("queue_answer", [ERROR, HANGS, (200, [])])
def test_the_visitor_is_redirected_when_the_click_is_lost(
    links: LinkStore,
    table: Peer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    queue_answer: Answer,
) -> None:
    make(links)
    with (
        peer(HANGS) as bus,
        peer(queue_answer) as queue,
        way(monkeypatch, table.url, bus.url, queue.url),
    ):
        started = time.monotonic()
        assert followed(follow())
        assert time.monotonic() - started < PATIENCE_SECONDS
    assert len(bus.bodies) <= 1  # no attempt is repeated
    assert len(queue.bodies) <= 1
    logged = capsys.readouterr().out
    assert metrics_in(logged) == {"ClicksLost": 1}
    assert logged.count('"WARNING"') == 2
    assert "secret" not in logged


def test_both_ways_share_one_deadline(
    links: LinkStore, table: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bus that takes all of the time leaves none for the queue."""
    make(links)
    monkeypatch.setattr(emit, "BUS_SECONDS", emit.EMIT_SECONDS)
    with (
        peer(HANGS) as bus,
        peer(TAKEN) as queue,
        way(monkeypatch, table.url, bus.url, queue.url),
    ):
        assert followed(follow())
    assert queue.bodies == []


def test_the_calls_are_those_of_the_services_models(
    links: LinkStore, table: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(links)
    monkeypatch.setattr(emit, "EMIT_SECONDS", PATIENCE_SECONDS)
    with (
        peer(ERROR) as bus,
        peer(TAKEN) as queue,
        way(monkeypatch, table.url, bus.url, queue.url),
    ):
        follow()
    for service, operation, sent in [
        ("dynamodb", "GetItem", table.bodies[0]),
        ("events", "PutEvents", bus.bodies[0]),
        ("sqs", "SendMessage", queue.bodies[0]),
    ]:
        model = Session().get_service_model(service).operation_model(operation)
        assert model.input_shape
        validate_parameters(sent, model.input_shape)
    assert table.bodies[0]["ConsistentRead"] is True


def test_a_head_is_answered_like_a_get_and_not_counted(links: LinkStore, open_way: Peer) -> None:
    make(links)
    assert followed(follow(method="HEAD"))
    assert follow("nowhere", method="HEAD") == {**follow("nowhere"), "body": ""}
    assert open_way.bodies == []


def test_a_page_that_is_loaded_ahead_is_asked_for_again_and_not_counted(
    links: LinkStore, open_way: Peer
) -> None:
    make(links)
    answer = follow(headers={"sec-purpose": "prefetch;prerender"})
    assert (answer["statusCode"], answer["headers"]["cache-control"]) == (403, "no-store")
    assert "location" not in answer["headers"]
    assert open_way.bodies == []
    assert followed(follow())
    assert len(open_way.bodies) == 1


def test_a_preview_leads_on_and_is_counted_apart(
    links: LinkStore, open_way: Peer, capsys: pytest.CaptureFixture[str]
) -> None:
    make(links)
    assert followed(follow(headers={"user-agent": "Twitterbot/1.0"}))
    assert open_way.bodies == []
    assert metrics_in(capsys.readouterr().out) == {"LinkPreviews": 1}


@pytest.mark.parametrize("path", ["first/", "/first", "FIRST", "First//"])
def test_a_link_is_followed_with_a_slash_and_in_any_case(
    links: LinkStore, open_way: Peer, path: str
) -> None:
    make(links)
    assert followed(follow(path))
    assert from_body(open_way.bodies[0]["Entries"][0]["Detail"]).code == "first"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE"])
def test_a_method_other_than_get_and_head_is_refused(
    links: LinkStore, open_way: Peer, method: str
) -> None:
    make(links)
    answer = follow(method=method)
    assert (answer["statusCode"], answer["headers"]["allow"]) == (405, "GET, HEAD, OPTIONS")
    assert open_way.bodies == []


def test_a_preflight_is_answered_without_a_read(table: Peer, open_way: Peer) -> None:
    answer = follow(method="OPTIONS")
    assert (answer["statusCode"], answer["body"]) == (204, "")
    assert (table.bodies, open_way.bodies) == ([], [])


@pytest.mark.parametrize("code", ["nowhere", "ab", "a.b", "health", "%00", "a/b"])
def test_a_code_without_a_link_is_404_and_no_click(open_way: Peer, code: str) -> None:
    answer = follow(code)
    assert answer["statusCode"] == 404
    assert answer["headers"]["cache-control"] == "no-store"
    assert body_of(answer)["error"]["code"] == "not_found"
    assert open_way.bodies == []


@pytest.mark.usefixtures("open_way")
def test_a_text_that_can_be_no_code_costs_no_read(table: Peer) -> None:
    assert follow("a.b")["statusCode"] == 404
    assert table.bodies == []


def test_an_expired_link_and_a_deleted_one_are_410_and_no_click(
    links: LinkStore, open_way: Peer
) -> None:
    make(links, "expired", expires_at=1)
    make(links, "deleted")
    links.delete("deleted", owner="ada")
    for code in ("expired", "deleted"):
        answer = follow(code)
        assert answer["statusCode"] == 410
        assert answer["headers"]["cache-control"] == "no-store"
        assert body_of(answer)["error"]["code"] == "gone"
    assert open_way.bodies == []


@pytest.mark.usefixtures("open_way")
def test_a_person_gets_a_page_where_a_program_gets_json() -> None:
    answer = follow("nowhere", headers={"accept": "text/html,*/*;q=0.8"})
    assert answer["statusCode"] == 404
    assert answer["headers"] == {
        "cache-control": "no-store",
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": "default-src 'none'",
    }
    assert "<h1>There is no such link.</h1>" in answer["body"]


def test_a_link_is_read_once_and_a_miss_each_time(
    links: LinkStore, open_way: Peer, table: Peer
) -> None:
    assert follow()["statusCode"] == 404
    make(links)
    assert followed(follow())
    reads = len(table.bodies)
    assert followed(follow())
    assert len(table.bodies) == reads == 2
    follow("nowhere")
    follow("nowhere")
    assert len(table.bodies) == 4
    assert len(open_way.bodies) == 2


@pytest.mark.usefixtures("unhurried")
def test_the_cache_ends_by_the_wall_clock_however_often_a_link_is_followed(
    links: LinkStore, table: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The monotonic clock stands still while Lambda keeps the process frozen."""
    now = [time.time()]
    monkeypatch.setattr("time.time", lambda: now[0])
    make(links)
    with peer(TAKEN) as bus, way(monkeypatch, table.url, bus.url, nobody()):
        follow()
        links.delete("first", owner="ada")
        now[0] += 9
        assert followed(follow())
        now[0] += 2
        assert follow()["statusCode"] == 410
    assert len(bus.bodies) == 2


def test_a_link_that_expires_while_it_is_cached_leads_on_no_longer(
    links: LinkStore, open_way: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = int(time.time())
    make(links, expires_at=now + 60)
    assert followed(follow())
    monkeypatch.setattr("time.time_ns", lambda: (now + 60) * 1_000_000_000)
    assert follow()["statusCode"] == 410
    assert len(open_way.bodies) == 1


def test_a_read_that_dynamodb_throttles_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, open_way: Peer
) -> None:
    throttled = (400, {"__type": "x#ProvisionedThroughputExceededException"})
    answers: list[Answer] = [throttled, ERROR]
    item = {"target": {"S": TARGET}, "createdAt": {"N": "1"}, "PK": {"S": "LINK#first"}}

    def answer(_: dict[str, Any]) -> Answer:
        return answers.pop(0) if answers else (200, {"Item": item})

    monkeypatch.setattr(redirect, "READ_PAUSE_SECONDS", 0)
    with peer(answer) as table, way(monkeypatch, table.url, open_way.url, nobody()):
        assert followed(follow())
    assert len(table.bodies) == 3


@pytest.mark.parametrize("answer", [ERROR, (400, {"__type": "AccessDeniedException"}), (200, 7)])
def test_a_link_that_cannot_be_read_is_500_logged_and_answered_without_details(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], answer: Answer
) -> None:
    monkeypatch.setattr(redirect, "READ_PAUSE_SECONDS", 0)
    with peer(answer) as table, way(monkeypatch, table.url, nobody(), nobody()):
        answered = follow()
    assert (answered["statusCode"], body_of(answered)["error"]["code"]) == (500, "internal")
    [line] = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (line["level"], line["exception_name"]) == ("ERROR", "CallError")
    assert line["function_request_id"] == "8b9d2f3c-6f4e-4a55-9f0e-3b8d6c2b7a10"
    assert "CallError" not in str(answered)
