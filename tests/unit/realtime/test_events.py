import asyncio
import dataclasses
from typing import Any

import pytest

from handlers.realtime import protocol
from handlers.realtime.delivery.engine import Limits
from handlers.realtime.delivery.tasks import CatchUp, Range
from handlers.realtime.every.log import ACCEPTED_SECONDS, Appended, Event, Known, Moved, Sequence
from handlers.realtime.every.publish import (
    ATTEMPTS,
    FIRST_PAUSE_SECONDS,
    LONGEST_PAUSE_SECONDS,
    Contended,
    publish_event,
)
from handlers.realtime.model import Outcome
from tests.fakes.delivery import NOW, Twins, watcher
from tests.fakes.log import MemoryLog

CHANNEL = "order:1"
HISTORY_SECONDS = 3_600


def an_event(message_id: str, **fields: Any) -> Event:
    return Event(CHANNEL, message_id, {"status": message_id}, **{"at": NOW - 7, **fields})


@pytest.fixture
def twins() -> Twins:
    twins = Twins()
    watcher(twins.store, "c", CHANNEL)
    return twins


def publish(twins: Twins, event: Event) -> Any:
    return asyncio.run(publish_event(twins.engine, event, history_seconds=HISTORY_SECONDS))


def pushed(twins: Twins) -> list[tuple[int, int, str]]:
    return [
        (frame["realtime"]["epoch"], frame["realtime"]["version"], frame["status"])
        for frame in twins.posts.frames["c"]
    ]


def test_events_are_numbered_from_1_within_the_epoch_of_the_first(twins: Twins) -> None:
    for message_id in ("charged", "packed", "sent"):
        published = publish(twins, an_event(message_id))
        assert (published.stale, published.delivered) == (False, 1)
        twins.now += 1
    assert pushed(twins) == [(NOW, 1, "charged"), (NOW, 2, "packed"), (NOW, 3, "sent")]
    assert twins.log.of(CHANNEL).sequence == Sequence(NOW, 3)


def test_a_frame_says_when_the_thing_happened(twins: Twins) -> None:
    publish(twins, an_event("sent"))
    (frame,) = twins.posts.frames["c"]
    assert frame["realtime"] == {"channel": CHANNEL, "epoch": NOW, "version": 1, "at": NOW - 7}


def test_a_message_is_kept_for_the_history_that_is_configured(twins: Twins) -> None:
    publish(twins, an_event("sent"))
    (message,) = twins.log.of(CHANNEL).messages.values()
    assert message.expires_at == NOW // 1000 + HISTORY_SECONDS


def test_a_known_id_is_pushed_again_as_it_was_first(twins: Twins) -> None:
    publish(twins, an_event("charged"))
    publish(twins, an_event("packed"))
    twins.now += 1
    publish(twins, dataclasses.replace(an_event("charged"), value={"status": "changed"}))
    assert pushed(twins) == [(NOW, 1, "charged"), (NOW, 2, "packed"), (NOW, 1, "charged")]
    assert len(twins.log.of(CHANNEL).messages) == 2


def test_a_known_id_whose_message_is_gone_is_pushed_no_more(twins: Twins) -> None:
    publish(twins, an_event("charged"))
    twins.log.of(CHANNEL).messages.clear()
    assert publish(twins, an_event("charged")).stale
    assert len(pushed(twins)) == 1


def test_a_number_that_belongs_to_another_id_by_now_is_not_pushed_for_it(twins: Twins) -> None:
    log = twins.log.of(CHANNEL)
    publish(twins, an_event("charged"))
    log.ids["forgotten"] = Known(NOW - 1, 1)
    assert publish(twins, an_event("forgotten")).stale
    assert pushed(twins) == [(NOW, 1, "charged")]


class MovingLog(MemoryLog):
    """Somebody else is always faster, so many times."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times

    async def append(
        self, sequence: Sequence, event: Event, expires_at: int
    ) -> Appended | Known | Moved:
        if self.times:
            self.times -= 1
            return Moved()
        return await super().append(sequence, event, expires_at)


async def publish_pausing(log: MovingLog) -> list[float]:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    engine = dataclasses.replace(Twins(log=log).engine, sleep=sleep)
    await publish_event(engine, an_event("sent"), history_seconds=HISTORY_SECONDS)
    return pauses


def test_who_meets_another_publisher_tries_again_after_a_random_pause() -> None:
    log = MovingLog(ATTEMPTS - 1)
    pauses = asyncio.run(publish_pausing(log))
    assert log.of(CHANNEL).sequence == Sequence(NOW, 1)
    assert len(pauses) == ATTEMPTS - 1
    for attempt, pause in enumerate(pauses, start=1):
        assert 0 <= pause <= min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2**attempt)


def test_who_meets_others_again_and_again_gives_the_message_back() -> None:
    with pytest.raises(Contended, match="moved in each of 10 attempts"):
        asyncio.run(publish_pausing(MovingLog(ATTEMPTS)))


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"value": {"realtime": 1}}, protocol.InvalidValue),
        ({"value": {"x": "e" * protocol.FRAME_LIMIT_BYTES}}, protocol.TooLarge),
        ({"at": NOW - ACCEPTED_SECONDS * 1000 - 1}, protocol.TooOld),
    ],
)
def test_what_cannot_be_pushed_is_refused_before_it_is_numbered(
    twins: Twins, fields: dict[str, Any], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        publish(twins, dataclasses.replace(an_event("sent"), **fields))
    assert not twins.log.channels


def test_a_large_audience_is_left_to_workers_with_the_messages_number(twins: Twins) -> None:
    twins.limits = Limits(inline_maximum=1)
    watcher(twins.store, "d", CHANNEL)
    publish(twins, an_event("charged"))
    publish(twins, an_event("packed"))
    assert [task for task, _ in twins.queue.sent] == [
        Range(CHANNEL, message=number, whole=True) for number in (1, 2)
    ]


def test_who_is_slow_is_caught_up_from_the_message_before(twins: Twins) -> None:
    publish(twins, an_event("charged"))
    twins.posts.outcomes["c"] = Outcome.SLOW
    publish(twins, an_event("packed"))
    assert twins.queue.sent == [(CatchUp(CHANNEL, "c", NOW, 1), 1)]
