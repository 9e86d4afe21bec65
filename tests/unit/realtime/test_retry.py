import asyncio
import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from handlers.realtime.delivery.retry import LAST_ATTEMPT, Undelivered, retry
from handlers.realtime.functions.fan_out import work
from handlers.realtime.model import LogMessage, Outcome, Position, Retry, State, Task
from tests.fakes.delivery import NOW, Fakes, watcher
from tests.fakes.log import Log, MemoryLog
from tests.fakes.realtime import MemoryPosts
from tests.fakes.schedule import finish

CHANNEL = "link:a"
ORDER = "order:1"
TASK = Retry(CHANNEL, ("c",), Position(7, 5))


def after(position: Position | None, channel: str = CHANNEL, attempt: int = 0) -> Retry:
    """As $connect sends it: everything after the position."""
    return Retry(channel, ("c",), position, attempt, span=True)


@pytest.fixture
def fakes() -> Fakes:
    fakes = Fakes()
    fakes.store.states[CHANNEL] = State(CHANNEL, 7, 5, {"clicks": 5}, NOW)
    watcher(fakes.store, "c", CHANNEL, "link:b")
    watcher(fakes.store, "other", CHANNEL)
    return fakes


def events(*numbers: int, expired: int = 0, page_size: int = 100) -> Fakes:
    """A log with these messages, of which the first few are expired."""
    messages = {
        number: LogMessage(number, str(number), {}, NOW, NOW // 1000 + 900 * (at >= expired))
        for at, number in enumerate(numbers)
    }
    fakes = Fakes(log=MemoryLog(page_size))
    fakes.log.channels[ORDER] = Log(Position(7, numbers[-1]), messages)
    watcher(fakes.store, "c", ORDER)
    return fakes


def run(fakes: Fakes, task: Task) -> object:
    return asyncio.run(work(fakes.engine, task))


def versions(fakes: Fakes) -> list[int]:
    return [frame["realtime"]["version"] for frame in fakes.posts.frames.get("c", [])]


@pytest.mark.parametrize(
    ("task", "due"),
    [
        (after(None), True),
        (after(Position(7, 4)), True),
        (after(Position(6, 9)), True),
        (after(Position(7, 5)), False),
        (after(Position(7, 6)), False),
        (TASK, True),
        (dataclasses.replace(TASK, position=Position(7, 6)), True),
        (dataclasses.replace(TASK, position=None), True),
        # The publisher of the newer value has posted that to the connection.
        (dataclasses.replace(TASK, position=Position(7, 4)), False),
        (after(None, "link:none"), False),
        (after(None, "unknown"), False),
    ],
)
def test_a_connection_gets_the_newest_value_if_it_lacks_it(
    fakes: Fakes, task: Retry, *, due: bool
) -> None:
    for channel in ("link:none", "unknown"):
        watcher(fakes.store, "c", CHANNEL, channel)
    assert bool(run(fakes, task)) == due
    assert versions(fakes) == ([5] if due else [])
    assert fakes.queue.sent == []


def test_connections_of_one_retry_are_posted_to_together_and_part_by_outcome(
    fakes: Fakes,
) -> None:
    fakes.posts.outcomes["c"] = Outcome.SLOW
    task = dataclasses.replace(TASK, connection_ids=("c", "none", "other"))
    assert run(fakes, task) == Counter({Outcome.SLOW: 1, Outcome.DELIVERED: 1})
    assert set(fakes.posts.frames) == {"other"}
    assert fakes.queue.sent == [(dataclasses.replace(TASK, attempt=1), 2)]


@pytest.mark.parametrize("row", [None, {"expires_at": NOW // 1000}, {"api_id": "other"}])
def test_a_connection_that_is_not_served_here_gets_nothing(
    fakes: Fakes, row: dict[str, Any] | None
) -> None:
    if row is None:
        del fakes.store.rows[CHANNEL, "c"]
    else:
        watcher(fakes.store, "c", CHANNEL, **row)
    assert not run(fakes, TASK)
    assert not fakes.posts.frames


@pytest.mark.parametrize("outcome", [Outcome.SLOW, Outcome.FAILED, Outcome.UNSTARTED])
def test_attempts_come_after_longer_and_longer_and_end(fakes: Fakes, outcome: Outcome) -> None:
    fakes.posts.outcomes["c"] = outcome
    task: Task = TASK
    for _ in range(LAST_ATTEMPT):
        assert run(fakes, task) == {outcome: 1}
        task = fakes.queue.tasks[-1]
    assert [delay for _, delay in fakes.queue.sent] == [2, 4, 8, 16, 32]
    assert task == dataclasses.replace(TASK, attempt=LAST_ATTEMPT)


LAST = dataclasses.replace(TASK, attempt=LAST_ATTEMPT)


def test_a_connection_that_never_answers_ends_in_the_dead_letter_queue(fakes: Fakes) -> None:
    fakes.posts.outcomes["c"] = Outcome.FAILED
    with pytest.raises(Undelivered, match=r"link:a .*6 attempts, c: redrive"):
        run(fakes, LAST)
    assert (CHANNEL, "c") in fakes.store.rows
    assert fakes.queue.sent == []


def test_a_connection_that_stays_slow_is_ended_so_that_it_comes_back(fakes: Fakes) -> None:
    fakes.posts.outcomes["c"] = Outcome.SLOW
    run(fakes, LAST)
    assert fakes.posts.disconnected == ["c"]
    assert set(fakes.store.rows) == {(CHANNEL, "other")}
    assert set(fakes.store.connections) == {"other"}


def test_a_connection_that_is_gone_loses_exactly_its_own_rows_at_once(fakes: Fakes) -> None:
    fakes.posts.outcomes["c"] = Outcome.GONE
    run(fakes, TASK)
    assert set(fakes.store.rows) == {(CHANNEL, "other")}
    assert set(fakes.store.connections) == {"other"}
    assert fakes.queue.sent == []


@pytest.mark.parametrize(
    ("age_ms", "attempt", "kept"), [(59_999, 0, True), (60_000, 0, False), (0, LAST_ATTEMPT, False)]
)
def test_a_connection_that_may_still_be_opening_is_tried_again(
    fakes: Fakes, age_ms: int, attempt: int, *, kept: bool
) -> None:
    watcher(fakes.store, "c", CHANNEL, via="connect", connected_at=NOW - age_ms)
    fakes.posts.outcomes["c"] = Outcome.GONE
    run(fakes, dataclasses.replace(TASK, attempt=attempt))
    assert ((CHANNEL, "c") in fakes.store.rows) == kept
    again = [(dataclasses.replace(TASK, attempt=1), 2)]
    assert fakes.queue.sent == (again if kept else [])


def test_a_frame_that_is_too_large_is_given_up(fakes: Fakes) -> None:
    fakes.posts.outcomes["c"] = Outcome.TOO_LARGE
    assert run(fakes, TASK) == {Outcome.TOO_LARGE: 1}
    assert fakes.queue.sent == []


def test_messages_come_in_order_from_the_one_after_the_last_that_the_connection_has() -> None:
    fakes = events(1, 2, 3, 4, 5, page_size=2)
    assert run(fakes, after(Position(7, 2), ORDER)) == {Outcome.DELIVERED: 3}
    assert versions(fakes) == [3, 4, 5]
    assert fakes.posts.frames["c"][0]["realtime"]["epoch"] == 7


def test_a_retry_of_one_message_posts_that_message_and_no_other() -> None:
    fakes = events(1, 2, 3)
    run(fakes, Retry(ORDER, ("c",), Position(7, 2)))
    assert versions(fakes) == [2]
    run(fakes, Retry(ORDER, ("c",), Position(6, 2)))
    assert versions(fakes) == [2]


@pytest.mark.parametrize("position", [None, Position(6, 2)])
def test_a_connection_without_a_place_in_the_numbering_gets_all_there_is(
    position: Position | None,
) -> None:
    fakes = events(1, 2, 3)
    run(fakes, after(position, ORDER))
    assert versions(fakes) == [1, 2, 3]


def test_expired_messages_are_left_out_however_many_pages_they_fill() -> None:
    fakes = events(1, 2, 3, 4, 5, 6, expired=5, page_size=2)
    run(fakes, after(Position(7, 0), ORDER))
    assert versions(fakes) == [6]


def test_messages_go_on_after_the_last_that_arrived() -> None:
    fakes = events(1, 2, 3)
    coroutine = retry(fakes.engine, fakes.engine.mode(ORDER), after(Position(7, 0), ORDER))
    while len(versions(fakes)) < 2:
        coroutine.send(None)
    fakes.posts.outcomes["c"] = Outcome.FAILED
    finish(coroutine)
    assert fakes.queue.sent == [(after(Position(7, 2), ORDER, attempt=1), 2)]


class LongPosts(MemoryPosts):
    """Posts that take six seconds each."""

    fakes: Fakes

    async def post_all(
        self, connection_ids: Sequence[str], data: bytes, seconds: float
    ) -> Mapping[str, Outcome]:
        self.fakes.now += 6_000
        return await super().post_all(connection_ids, data, seconds)


def long(attempt: int, *numbers: int) -> Fakes:
    """A retry from the first message on whose posts take long."""
    fakes = events(*numbers, page_size=2)
    fakes.posts = posts = LongPosts()
    posts.fakes = fakes
    run(fakes, after(Position(7, 0), ORDER, attempt))
    return fakes


def test_more_messages_than_there_is_time_for_go_on_in_another_task() -> None:
    fakes = long(0, 1, 2, 3, 4, 5, 6)
    assert versions(fakes) == [1, 2, 3, 4]
    assert fakes.queue.sent == [(after(Position(7, 4), ORDER, attempt=1), 0)]


def test_the_last_message_needs_no_other_task_however_late_it_was() -> None:
    assert long(0, 1, 2, 3, 4).queue.sent == []


def test_a_client_that_is_hopelessly_behind_is_disconnected_and_comes_back() -> None:
    fakes = long(LAST_ATTEMPT, 1, 2, 3, 4, 5)
    assert fakes.queue.sent == []
    assert fakes.posts.disconnected == ["c"]
    assert not fakes.store.rows


def test_a_channel_without_messages_has_nothing_to_retry() -> None:
    fakes = Fakes()
    watcher(fakes.store, "c", ORDER)
    assert not run(fakes, after(None, ORDER))
