"""The redirect, whatever becomes of bus and queue."""

import json
import logging
import time
from typing import Any

import pytest
from cachetools import TTLCache
from types_boto3_dynamodb.client import DynamoDBClient

from handlers.shortener import redirect
from handlers.shortener.click import from_body
from handlers.shortener.link import Link
from handlers.shortener.store import LinkStore
from tests.adapters.shortener.bus import TAKEN, TARGET, Peer, follow, make, nobody, peer, way
from tests.fakes.links import body_of

pytestmark = pytest.mark.usefixtures("fresh_redirect")

REFUSED_ENTRY = (200, {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "ThrottlingException"}]})
ERROR = (500, {"message": "internal"})
HANGS = None
PATIENCE_SECONDS = 20
"""What hangs does so without an end: a redirect that waits for it is told from a slow machine."""


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
    assert metrics_in(capsys.readouterr().out) == {}


def test_every_click_has_an_id_of_its_own(links: LinkStore, open_way: Peer) -> None:
    make(links)
    for _ in range(3):
        follow()
    bodies = [request["Entries"][0]["Detail"] for request in open_way.bodies]
    assert len({from_body(body).click_id for body in bodies}) == 3


@pytest.mark.parametrize("bus_answer", [REFUSED_ENTRY, ERROR, HANGS])
def test_what_the_bus_does_not_take_goes_to_the_queue_as_the_same_click(
    links: LinkStore,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    bus_answer: tuple[int, dict[str, Any]] | None,
) -> None:
    make(links)
    with peer(bus_answer) as bus, peer(TAKEN) as queue, way(monkeypatch, bus.url, queue.url):
        started = time.monotonic()
        assert followed(follow())
        assert time.monotonic() - started < PATIENCE_SECONDS
    [put], [sent] = bus.bodies, queue.bodies
    assert sent["MessageBody"] == put["Entries"][0]["Detail"]
    assert metrics_in(capsys.readouterr().out) == {"ClicksDiverted": 1}


def test_a_bus_that_is_not_there_is_no_different(
    links: LinkStore, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make(links)
    with peer(TAKEN) as queue, way(monkeypatch, nobody(), queue.url):
        assert followed(follow())
    assert from_body(queue.bodies[0]["MessageBody"]).code == "first"
    assert metrics_in(capsys.readouterr().out) == {"ClicksDiverted": 1}


@pytest.mark.parametrize("queue_answer", [ERROR, HANGS])
def test_the_redirect_answers_even_when_the_click_is_lost(
    links: LinkStore,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    queue_answer: tuple[int, dict[str, Any]] | None,
) -> None:
    make(links)
    with peer(HANGS) as bus, peer(queue_answer) as queue, way(monkeypatch, bus.url, queue.url):
        started = time.monotonic()
        assert followed(follow())
        assert time.monotonic() - started < PATIENCE_SECONDS
    assert (len(bus.bodies), len(queue.bodies)) == (1, 1)  # no attempt is repeated
    assert metrics_in(capsys.readouterr().out) == {"ClicksLost": 1}


@pytest.mark.parametrize("code", ["nowhere", "ab", "a.b", "health", "%00"])
def test_a_code_without_a_link_is_404_and_no_click(open_way: Peer, code: str) -> None:
    answer = follow(code)
    assert answer["statusCode"] == 404
    assert answer["headers"]["cache-control"] == "no-store"
    assert body_of(answer)["error"]["code"] == "not_found"
    assert open_way.bodies == []


def test_a_text_that_can_be_no_code_costs_no_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redirect, "_links", None)
    assert follow("a.b")["statusCode"] == 404


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


def test_a_link_is_read_once_and_a_miss_each_time(
    links: LinkStore, open_way: Peer, dynamodb: DynamoDBClient
) -> None:
    assert follow()["statusCode"] == 404
    make(links)
    assert followed(follow())
    reads: list[str] = []

    def on_read(**_: Any) -> None:
        reads.append("read")

    dynamodb.meta.events.register("before-call.dynamodb.GetItem", on_read)
    assert followed(follow())
    assert reads == []
    follow("nowhere")
    follow("nowhere")
    assert len(reads) == 2
    assert len(open_way.bodies) == 2


def test_clicks_do_not_keep_a_link_in_the_cache_for_longer(
    links: LinkStore, open_way: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [time.time()]
    cache = TTLCache[str, Link](maxsize=9, ttl=10, timer=lambda: now[0])
    monkeypatch.setattr(redirect, "_cache", lambda: cache)
    make(links)
    follow()
    links.delete("first", owner="ada")
    now[0] += 9
    assert followed(follow())
    now[0] += 2
    assert follow()["statusCode"] == 410
    assert len(open_way.bodies) == 2


def test_a_link_that_expires_while_it_is_cached_leads_on_no_longer(
    links: LinkStore, open_way: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = int(time.time())
    make(links, expires_at=now + 60)
    assert followed(follow())
    monkeypatch.setattr("time.time_ns", lambda: (now + 60) * 1_000_000_000)
    assert follow()["statusCode"] == 410
    assert len(open_way.bodies) == 1


def test_an_unexpected_error_is_logged_and_answered_without_details(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> LinkStore:
        raise RuntimeError("the password is hunter2")

    monkeypatch.setattr(redirect, "_links", broken)
    answer = follow()
    assert (answer["statusCode"], body_of(answer)["error"]["code"]) == (500, "internal")
    assert "hunter2" not in str(answer)
    assert "hunter2" in caplog.text


@pytest.mark.usefixtures("open_way")
def test_a_redirect_logs_the_click_and_not_where_it_leads(
    links: LinkStore, caplog: pytest.LogCaptureFixture
) -> None:
    make(links)
    with caplog.at_level(logging.INFO):
        follow()
    logged = str([vars(record) for record in caplog.records])
    assert "click_id" in logged
    assert "secret" not in logged
