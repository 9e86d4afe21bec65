"""The function as the delivery queue calls it, on the fakes."""

import dataclasses
import json
from collections.abc import Callable

import pytest

from handlers.realtime.delivery.rate_limit import RateLimitedPosts
from handlers.realtime.delivery.tasks import encode
from handlers.realtime.engine import Limits
from handlers.realtime.functions import fan_out
from handlers.realtime.functions.fan_out import Worker
from handlers.realtime.model import Outcome, Range, Retry, State, Task, Trail
from tests.fakes.delivery import NOW, Fakes, watcher
from tests.fakes.realtime import Cooldown

CHANNEL = "link:a"


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> Fakes:
    fakes = Fakes(limits=Limits(posts_per_second=500))
    fakes.store.states[CHANNEL] = State(CHANNEL, 7, 4, {"clicks": 4}, NOW)
    fakes.store.cooldowns[CHANNEL] = Cooldown(trailing="m1")
    plain = fakes.engine
    posts = RateLimitedPosts(fakes.posts, fakes.store, 500, plain.now_ms, fakes.sleep)
    worker = Worker(plain, dataclasses.replace(plain, posts=posts), posts)
    monkeypatch.setattr(fan_out, "_worker", lambda: worker)
    return fakes


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
    fakes: Fakes, emitted: Callable[[], list[set[str]]]
) -> None:
    for connection_id in ("a", "b", "c", "d"):
        watcher(fakes.store, connection_id, CHANNEL)
    fakes.posts.outcomes["b"] = Outcome.GONE
    assert deliver(Range(CHANNEL, after="b"), Retry(CHANNEL, ("a", "b"))) == []
    assert set(fakes.posts.frames) == {"a", "c", "d"}
    assert (CHANNEL, "b") not in fakes.store.rows
    assert deliver(Trail(CHANNEL, "m1")) == []
    assert {key: len(frames) for key, frames in fakes.posts.frames.items()} == dict.fromkeys(
        "acd", 2
    )
    names = set[str]().union(*emitted())
    assert {"PostsDelivered", "FanOutDuration", "EventAge", "CatchUps"} <= names


def test_a_task_that_fails_fails_alone(fakes: Fakes, caplog: pytest.LogCaptureFixture) -> None:
    for connection_id in ("a", "b"):
        watcher(fakes.store, connection_id, CHANNEL)
    fakes.posts.outcomes["b"] = Outcome.FAILED
    good, last = Retry(CHANNEL, ("a",)), Retry(CHANNEL, ("b",), attempt=5)
    assert deliver(good, '{"secret', last, good) == ["1", "2"]
    assert len(fakes.posts.frames["a"]) == 2
    assert "secret" not in str([vars(record)["message"] for record in caplog.records])


def test_a_task_whose_channel_has_lost_its_rule_is_done(fakes: Fakes) -> None:
    watcher(fakes.store, "a", "gone:a")
    assert deliver(Trail("gone:a", "m1"), Range("gone:a"), Retry("gone:a", ("a",))) == []
    assert not fakes.posts.frames


def test_ranges_and_retries_take_tokens_and_a_trailing_push_takes_none(fakes: Fakes) -> None:
    watcher(fakes.store, "a", CHANNEL)
    deliver(Trail(CHANNEL, "m1"))
    assert not fakes.store.tokens
    deliver(Range(CHANNEL), Retry(CHANNEL, ("a",)))
    assert sum(fakes.store.tokens.values()) == 2


def test_waits_for_tokens_are_counted(fakes: Fakes, emitted: Callable[[], list[set[str]]]) -> None:
    watcher(fakes.store, "a", CHANNEL)
    deliver(Range(CHANNEL))
    assert {"PacingWaits"} not in emitted()
    fakes.store.tokens[fakes.now // 1000] = 500
    deliver(Range(CHANNEL))
    assert {"PacingWaits"} in emitted()
