"""The redirect, whatever bus and queue answer."""

import json
import time
from typing import Any

import pytest
from botocore.session import Session
from botocore.validate import validate_parameters

from handlers.shortener import emit
from handlers.shortener.click import from_body
from handlers.shortener.store import LinkStore
from tests.adapters.shortener.bus import (
    ERROR,
    TAKEN,
    Answer,
    Peer,
    follow,
    followed,
    make,
    nobody,
    peer,
    way,
)

REFUSED_ENTRY = (200, {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "ThrottlingException"}]})
HANGS = None
ODD: list[Answer] = [
    (200, content) for content in ({}, {"FailedEntryCount": 1}, [1], None, "ok", 7)
]
"""Answers of a proxy, a captive middlebox, or an AWS of another day."""
PATIENCE_SECONDS = 20
"""A peer that hangs does so without an end: a redirect that waits for it never ends."""


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
