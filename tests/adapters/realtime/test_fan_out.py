"""The function as the delivery queue calls it, on the twins."""

import dataclasses
import json
from collections.abc import Callable

import pytest

from handlers.realtime.delivery.engine import Limits
from handlers.realtime.delivery.rate_limit import PacedPosts, Pacer, Rate
from handlers.realtime.delivery.tasks import CatchUp, Flush, Forget, Range, Rest, Task, encode
from handlers.realtime.functions import fan_out
from handlers.realtime.functions.fan_out import Worker
from handlers.realtime.model import Outcome, State
from tests.fakes.delivery import NOW, Twins, watcher
from tests.fakes.realtime import Hold

CHANNEL = "link:a"


@pytest.fixture
def twins(monkeypatch: pytest.MonkeyPatch) -> Twins:
    twins = Twins(limits=Limits(posts_per_second=500))
    twins.store.states[CHANNEL] = State(CHANNEL, 7, 4, {"clicks": 4}, NOW)
    twins.store.holds[CHANNEL] = Hold(armed="m1")
    plain = twins.engine
    pacer = Pacer(twins.store, Rate(500), 10, plain.now_ms, twins.sleep)
    paced = dataclasses.replace(plain, posts=PacedPosts(twins.posts, pacer))
    monkeypatch.setattr(fan_out, "_worker", lambda: Worker(plain, paced, pacer))
    return twins


def deliver(*bodies: str | Task) -> list[str]:
    """The numbers of the messages that failed."""
    records = [
        {"messageId": str(number), "body": body if isinstance(body, str) else encode(body)}
        for number, body in enumerate(bodies)
    ]
    answer = fan_out.handler({"Records": records}, object())
    assert set(answer) == {"batchItemFailures"}
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


@pytest.fixture
def emitted(capsys: pytest.CaptureFixture[str]) -> Callable[[], list[set[str]]]:
    def metrics() -> list[set[str]]:
        lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        return [
            {k for k, v in line.items() if isinstance(v, list)} for line in lines if "_aws" in line
        ]

    return metrics


def test_every_kind_of_task_is_worked_on(
    twins: Twins, emitted: Callable[[], list[set[str]]]
) -> None:
    for connection_id in ("a", "b", "c", "d"):
        watcher(twins.store, connection_id, CHANNEL)
    assert deliver(Range(CHANNEL, after="b"), CatchUp(CHANNEL, "a"), Forget(CHANNEL, ("b",))) == []
    assert set(twins.posts.frames) == {"a", "c", "d"}
    assert (CHANNEL, "b") not in twins.store.rows
    assert deliver(Flush(CHANNEL, "m1")) == []
    assert {key: len(frames) for key, frames in twins.posts.frames.items()} == dict.fromkeys(
        "acd", 2
    )
    names = set[str]().union(*emitted())
    assert {"PostsDelivered", "FanOutDuration", "EventAge", "CatchUps"} <= names


def test_a_task_that_fails_fails_alone(twins: Twins, caplog: pytest.LogCaptureFixture) -> None:
    for connection_id in ("a", "b"):
        watcher(twins.store, connection_id, CHANNEL)
    twins.posts.outcomes["b"] = Outcome.FAILED
    last = CatchUp(CHANNEL, "b", attempt=5)
    assert deliver(CatchUp(CHANNEL, "a"), '{"secret', last, CatchUp(CHANNEL, "a")) == ["1", "2"]
    assert len(twins.posts.frames["a"]) == 2
    assert "secret" not in str([vars(record)["message"] for record in caplog.records])


def test_ranges_take_tokens_and_nothing_else_does(twins: Twins) -> None:
    watcher(twins.store, "a", CHANNEL)
    deliver(Flush(CHANNEL, "m1"), CatchUp(CHANNEL, "a"))
    assert not twins.store.tokens
    deliver(Range(CHANNEL, whole=True))
    assert sum(twins.store.tokens.values()) == 56


def test_those_that_a_publisher_had_no_time_for_are_posted_to_without_tokens(twins: Twins) -> None:
    assert deliver(Rest(CHANNEL, ("a", "b"), NOW // 1000 + 60, 7, 4)) == []
    assert set(twins.posts.frames) == {"a", "b"}
    assert not twins.store.tokens


def test_waits_for_tokens_are_counted(twins: Twins, emitted: Callable[[], list[set[str]]]) -> None:
    watcher(twins.store, "a", CHANNEL)
    deliver(Range(CHANNEL, whole=True))
    assert {"PacingWaits"} not in emitted()
    for part in range(4):
        twins.store.tokens[twins.now // 1000, part] = 100
    deliver(Range(CHANNEL, whole=True), Range(CHANNEL, whole=True))
    assert {"PacingWaits"} in emitted()
