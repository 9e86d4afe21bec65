import asyncio
import dataclasses
from typing import Any

import pytest

from handlers.realtime.engine import Limits
from handlers.realtime.every.mode import (
    ATTEMPTS,
    FIRST_PAUSE_SECONDS,
    LONGEST_PAUSE_SECONDS,
    Contended,
    Every,
)
from handlers.realtime.model import Outcome, Position, Range, Retry, Update
from handlers.realtime.ports import Appended, Duplicate, Moved
from tests.fakes.delivery import NOW, Fakes, watcher
from tests.fakes.log import MemoryLog

CHANNEL = "order:1"
HISTORY_SECONDS = 3_600


def an_event(message_id: str) -> Update:
    return Update(CHANNEL, {"status": message_id}, 0, NOW - 7, id=message_id)


@pytest.fixture
def fakes() -> Fakes:
    fakes = Fakes(limits=Limits(history_seconds=HISTORY_SECONDS))
    watcher(fakes.store, "c", CHANNEL)
    return fakes


def publish(fakes: Fakes, event: Update) -> Any:
    return asyncio.run(Every().publish(fakes.engine, event, ["m"]))


def pushed(fakes: Fakes) -> list[tuple[int, int, str]]:
    return [
        (frame["realtime"]["epoch"], frame["realtime"]["version"], frame["status"])
        for frame in fakes.posts.frames["c"]
    ]


def test_events_are_numbered_from_1_within_the_epoch_of_the_first(fakes: Fakes) -> None:
    for message_id in ("charged", "packed", "sent"):
        published = publish(fakes, an_event(message_id))
        assert (published.stale, published.outcomes) == (False, {Outcome.DELIVERED: 1})
        fakes.now += 1
    assert pushed(fakes) == [(NOW, 1, "charged"), (NOW, 2, "packed"), (NOW, 3, "sent")]
    assert fakes.log.of(CHANNEL).end == Position(NOW, 3)


def test_a_frame_says_when_the_thing_happened(fakes: Fakes) -> None:
    publish(fakes, an_event("sent"))
    (frame,) = fakes.posts.frames["c"]
    assert frame["realtime"] == {"channel": CHANNEL, "epoch": NOW, "version": 1, "at": NOW - 7}


def test_a_message_is_kept_for_the_history_that_is_configured(fakes: Fakes) -> None:
    publish(fakes, an_event("sent"))
    (message,) = fakes.log.of(CHANNEL).messages.values()
    assert message.expires_at == NOW // 1000 + HISTORY_SECONDS


def test_a_duplicate_is_pushed_again_as_it_was_first(fakes: Fakes) -> None:
    publish(fakes, an_event("charged"))
    publish(fakes, an_event("packed"))
    fakes.now += 1
    publish(fakes, dataclasses.replace(an_event("charged"), value={"status": "changed"}))
    assert pushed(fakes) == [(NOW, 1, "charged"), (NOW, 2, "packed"), (NOW, 1, "charged")]
    assert len(fakes.log.of(CHANNEL).messages) == 2


def test_a_duplicate_whose_message_is_gone_is_pushed_no_more(fakes: Fakes) -> None:
    publish(fakes, an_event("charged"))
    fakes.log.of(CHANNEL).messages.clear()
    assert publish(fakes, an_event("charged")).stale
    assert len(pushed(fakes)) == 1


def test_a_number_that_belongs_to_another_id_by_now_is_not_pushed_for_it(fakes: Fakes) -> None:
    log = fakes.log.of(CHANNEL)
    publish(fakes, an_event("charged"))
    log.ids["forgotten"] = Duplicate(Position(NOW - 1, 1))
    assert publish(fakes, an_event("forgotten")).stale
    assert pushed(fakes) == [(NOW, 1, "charged")]


class MovingLog(MemoryLog):
    """Another publisher is faster, so many times."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times

    async def append(
        self, end: Position, update: Update, expires_at: int
    ) -> Appended | Duplicate | Moved:
        if self.times:
            self.times -= 1
            return Moved()
        return await super().append(end, update, expires_at)


async def publish_pausing(log: MovingLog) -> list[float]:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    engine = dataclasses.replace(Fakes(log=log).engine, sleep=sleep)
    await Every().publish(engine, an_event("sent"), ["m"])
    return pauses


def test_a_publisher_that_meets_another_one_tries_again_after_a_random_pause() -> None:
    log = MovingLog(ATTEMPTS - 1)
    pauses = asyncio.run(publish_pausing(log))
    assert log.of(CHANNEL).end == Position(NOW, 1)
    assert len(pauses) == ATTEMPTS - 1
    for attempt, pause in enumerate(pauses, start=1):
        assert 0 <= pause <= min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2**attempt)


def test_a_publisher_that_meets_others_again_and_again_gives_the_message_back() -> None:
    with pytest.raises(Contended, match="moved in each of 10 attempts"):
        asyncio.run(publish_pausing(MovingLog(ATTEMPTS)))


def test_a_large_channel_is_left_to_workers_with_the_position_of_the_message(fakes: Fakes) -> None:
    fakes.limits = Limits(inline_maximum=1)
    watcher(fakes.store, "d", CHANNEL)
    publish(fakes, an_event("charged"))
    publish(fakes, an_event("packed"))
    assert [task for task, _ in fakes.queue.sent] == [
        Range(CHANNEL, position=Position(NOW, number), counted=0) for number in (1, 2)
    ]


def test_a_slow_connection_gets_a_retry_of_the_message(fakes: Fakes) -> None:
    publish(fakes, an_event("charged"))
    fakes.posts.outcomes["c"] = Outcome.SLOW
    publish(fakes, an_event("packed"))
    assert fakes.queue.sent == [(Retry(CHANNEL, ("c",), Position(NOW, 2)), 1)]
