import asyncio
import dataclasses
from collections.abc import Mapping
from collections.abc import Sequence as Several
from typing import Any

import pytest

from handlers.realtime.delivery.retry import LAST_ATTEMPT, Undelivered, catch_up
from handlers.realtime.delivery.tasks import CatchUp, Forget, Task
from handlers.realtime.delivery.workers import work
from handlers.realtime.every.log import LogMessage, Sequence
from handlers.realtime.model import Outcome, State
from tests.fakes.delivery import NOW, Twins, watcher
from tests.fakes.log import Log, MemoryLog
from tests.fakes.realtime import MemoryPosts
from tests.fakes.schedule import finish

CHANNEL = "link:a"
ORDER = "order:1"
TASK = CatchUp(CHANNEL, "c", 7, 4)


@pytest.fixture
def twins() -> Twins:
    twins = Twins()
    twins.store.states[CHANNEL] = State(CHANNEL, 7, 5, {"clicks": 5}, NOW)
    watcher(twins.store, "c", CHANNEL, "link:b")
    watcher(twins.store, "other", CHANNEL)
    return twins


def events(*numbers: int, expired: int = 0, page_size: int = 100) -> Twins:
    """A log that has these messages left, of which the first few are expired."""
    messages = {
        number: LogMessage(number, str(number), {}, NOW, NOW // 1000 + 900 * (at >= expired))
        for at, number in enumerate(numbers)
    }
    twins = Twins(log=MemoryLog(page_size))
    twins.log.channels[ORDER] = Log(Sequence(7, numbers[-1]), messages)
    watcher(twins.store, "c", ORDER)
    return twins


def run(twins: Twins, task: Task) -> object:
    return asyncio.run(work(twins.engine, task))


def versions(twins: Twins) -> list[int]:
    return [frame["realtime"]["version"] for frame in twins.posts.frames.get("c", [])]


@pytest.mark.parametrize(
    ("task", "due"),
    [
        (CatchUp(CHANNEL, "c"), True),
        (CatchUp(CHANNEL, "c", 7, 4), True),
        (CatchUp(CHANNEL, "c", 6, 9), True),
        (CatchUp(CHANNEL, "c", 7, 5), False),
        (CatchUp(CHANNEL, "c", 7, 6), False),
        (CatchUp(CHANNEL, "c", 7, 5, superseded_by_newer=True), True),
        (CatchUp(CHANNEL, "c", 7, 6, superseded_by_newer=True), True),
        (CatchUp(CHANNEL, "c", 7, 4, superseded_by_newer=True), False),
        (CatchUp("link:none", "c"), False),
        (CatchUp("unknown", "c"), False),
    ],
)
def test_a_connection_gets_the_newest_value_if_it_lacks_it(
    twins: Twins, task: CatchUp, *, due: bool
) -> None:
    for channel in ("link:none", "unknown"):
        watcher(twins.store, "c", CHANNEL, channel)
    assert run(twins, task) == (Outcome.DELIVERED if due else None)
    assert versions(twins) == ([5] if due else [])
    assert twins.queue.sent == []


@pytest.mark.parametrize("row", [None, {"expires_at": NOW // 1000}, {"api_id": "other"}])
def test_a_connection_that_is_not_served_here_gets_nothing(
    twins: Twins, row: dict[str, Any] | None
) -> None:
    if row is None:
        del twins.store.rows[CHANNEL, "c"]
    else:
        watcher(twins.store, "c", CHANNEL, **row)
    assert run(twins, TASK) is None
    assert not twins.posts.frames


@pytest.mark.parametrize("outcome", [Outcome.SLOW, Outcome.FAILED, Outcome.UNSTARTED])
def test_attempts_come_after_longer_and_longer_and_end(twins: Twins, outcome: Outcome) -> None:
    twins.posts.outcomes["c"] = outcome
    task: Task = TASK
    for _ in range(LAST_ATTEMPT):
        assert run(twins, task) is outcome
        task = twins.queue.tasks[-1]
    assert [delay for _, delay in twins.queue.sent] == [2, 4, 8, 16, 32]
    assert task == dataclasses.replace(TASK, attempt=LAST_ATTEMPT)


LAST = dataclasses.replace(TASK, attempt=LAST_ATTEMPT)


def test_a_connection_that_never_answers_ends_in_the_dead_letter_queue(twins: Twins) -> None:
    twins.posts.outcomes["c"] = Outcome.FAILED
    with pytest.raises(Undelivered, match=r"connection c .*6 attempts \(failed\)"):
        run(twins, LAST)
    assert (CHANNEL, "c") in twins.store.rows
    assert twins.queue.sent == []


def test_a_connection_that_stays_slow_is_ended_so_that_it_comes_back(twins: Twins) -> None:
    twins.posts.outcomes["c"] = Outcome.SLOW
    run(twins, LAST)
    assert twins.posts.disconnected == ["c"]
    assert set(twins.store.rows) == {(CHANNEL, "other")}
    assert set(twins.store.connections) == {"other"}


def test_a_connection_that_is_gone_loses_exactly_its_own_rows_at_once(twins: Twins) -> None:
    twins.posts.outcomes["c"] = Outcome.GONE
    run(twins, TASK)
    assert set(twins.store.rows) == {(CHANNEL, "other")}
    assert set(twins.store.connections) == {"other"}
    assert twins.queue.sent == []


@pytest.mark.parametrize(
    ("age_ms", "attempt", "kept"), [(59_999, 0, True), (60_000, 0, False), (0, LAST_ATTEMPT, False)]
)
def test_a_connection_that_may_still_be_opening_is_tried_again(
    twins: Twins, age_ms: int, attempt: int, *, kept: bool
) -> None:
    watcher(twins.store, "c", CHANNEL, via="connect", connected_at=NOW - age_ms)
    twins.posts.outcomes["c"] = Outcome.GONE
    run(twins, dataclasses.replace(TASK, attempt=attempt))
    assert ((CHANNEL, "c") in twins.store.rows) == kept
    again = [(dataclasses.replace(TASK, attempt=1), 2)]
    assert twins.queue.sent == (again if kept else [])


def test_a_frame_that_is_too_large_is_given_up(twins: Twins) -> None:
    twins.posts.outcomes["c"] = Outcome.TOO_LARGE
    assert run(twins, TASK) is Outcome.TOO_LARGE
    assert twins.queue.sent == []


def test_messages_come_in_order_from_the_one_after_the_last_that_the_connection_has() -> None:
    twins = events(1, 2, 3, 4, 5, page_size=2)
    assert run(twins, CatchUp(ORDER, "c", 7, 2)) is Outcome.DELIVERED
    assert versions(twins) == [3, 4, 5]
    assert twins.posts.frames["c"][0]["realtime"]["epoch"] == 7


@pytest.mark.parametrize("has", [(None, None), (6, 2)])
def test_a_connection_without_a_place_in_the_numbering_gets_all_there_is(
    has: tuple[int | None, int | None],
) -> None:
    twins = events(1, 2, 3)
    run(twins, CatchUp(ORDER, "c", *has))
    assert versions(twins) == [1, 2, 3]


def test_expired_messages_are_left_out_however_many_pages_they_fill() -> None:
    twins = events(1, 2, 3, 4, 5, 6, expired=5, page_size=2)
    run(twins, CatchUp(ORDER, "c", 7, 0))
    assert versions(twins) == [6]


def test_messages_go_on_after_the_last_that_arrived() -> None:
    twins = events(1, 2, 3)
    coroutine = catch_up(twins.engine, CatchUp(ORDER, "c", 7, 0))
    while len(versions(twins)) < 2:
        coroutine.send(None)
    twins.posts.outcomes["c"] = Outcome.FAILED
    finish(coroutine)
    assert twins.queue.sent == [(CatchUp(ORDER, "c", 7, 2, attempt=1), 2)]


class LongPosts(MemoryPosts):
    """Posts that take six seconds each."""

    twins: Twins

    async def post_all(
        self, connection_ids: Several[str], data: bytes, seconds: float
    ) -> Mapping[str, Outcome]:
        self.twins.now += 6_000
        return await super().post_all(connection_ids, data, seconds)


def long(attempt: int, *numbers: int) -> Twins:
    """A catch-up from the first message on whose posts take long."""
    twins = events(*numbers, page_size=2)
    twins.posts = posts = LongPosts()
    posts.twins = twins
    assert run(twins, CatchUp(ORDER, "c", 7, 0, attempt)) is Outcome.DELIVERED
    return twins


def test_more_messages_than_there_is_time_for_go_on_in_another_task() -> None:
    twins = long(0, 1, 2, 3, 4, 5, 6)
    assert versions(twins) == [1, 2, 3, 4]
    assert twins.queue.sent == [(CatchUp(ORDER, "c", 7, 4, attempt=1), 0)]


def test_the_last_message_needs_no_other_task_however_late_it_was() -> None:
    assert long(0, 1, 2, 3, 4).queue.sent == []


def test_who_is_hopelessly_behind_is_disconnected_and_comes_back_for_what_it_missed() -> None:
    twins = long(LAST_ATTEMPT, 1, 2, 3, 4, 5)
    assert twins.queue.sent == []
    assert twins.posts.disconnected == ["c"]
    assert not twins.store.rows


def test_a_channel_without_messages_has_nothing_to_catch_up_on() -> None:
    twins = Twins()
    watcher(twins.store, "c", ORDER)
    assert run(twins, CatchUp(ORDER, "c")) is None


def test_forgetting_deletes_what_is_stored_about_the_connections_given(twins: Twins) -> None:
    watcher(twins.store, "d", CHANNEL)
    assert run(twins, Forget(CHANNEL, ("c", "d", "none"))) is None
    assert set(twins.store.connections) == {"other"}
    assert set(twins.store.rows) == {(CHANNEL, "other")}
