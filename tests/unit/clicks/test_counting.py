from collections.abc import Set
from dataclasses import replace
from datetime import date

import pytest

from handlers.clicks.counting import (
    AHEAD_MS,
    ATTEMPTS,
    COUNTABLE_DAYS,
    MAX_WAIT_MS,
    Aggregator,
    Eviction,
    Message,
    Report,
    Written,
)
from handlers.realtime.model import Update
from handlers.shortener.link import Counters
from tests.fakes.clicks import DAY, EPOCH, Fault, MemoryClicks, click, run

NOW = 1_763_787_600_000
MIDNIGHT = 1_763_769_600_000
DAY_MS = 86_400_000
YESTERDAY = date(2025, 11, 21)
SOON = Eviction(at=3, least=2, young_ms=10, most=6)


def message(number: int, *, code: str = "first", at: int = NOW) -> Message:
    return Message(f"message-{number}", click(number, at=at, code=code))


def aggregate(
    store: MemoryClicks, *messages: Message, now_ms: int = NOW, eviction: Eviction | None = None
) -> Report:
    aggregator = Aggregator(store, store.publish, store.pause, eviction or Eviction())
    return run(aggregator.aggregate(messages, now_ms=now_ms))


def test_a_batch_of_one_link_is_published_once_with_its_newest_click() -> None:
    store = MemoryClicks("first")
    aggregate(store, message(1, at=NOW - 5), message(2, at=NOW - 1), message(3, at=NOW - 9))
    assert store.published == [
        Update("link:first", {"code": "first", "clicks": 3}, version=3, epoch=EPOCH, at=NOW - 1)
    ]


def test_new_clicks_of_the_links_day_are_one_call_and_the_publish() -> None:
    store = MemoryClicks("first")
    aggregate(store, message(1), message(2))
    assert store.calls == ["count", "publish"]


def test_clicks_that_were_counted_before_are_published_all_the_same_without_another_call() -> None:
    store = MemoryClicks("first")
    aggregate(store, message(1))
    store.published.clear()
    store.calls.clear()
    assert aggregate(store, message(1)) == Report(duplicates=1)
    assert [update.version for update in store.published] == [1]
    assert store.calls == ["count", "publish"]


def test_a_duplicate_in_a_batch_costs_one_more_call_and_the_other_clicks_count() -> None:
    store = MemoryClicks("first")
    aggregate(store, message(1))
    store.calls.clear()
    assert aggregate(store, message(1), message(2)) == Report(counted=1, duplicates=1)
    assert store.calls == ["count", "count", "publish"]


def test_the_first_click_of_a_day_moves_the_day_before_to_its_row() -> None:
    store = MemoryClicks("first")
    store.links["first"] = Counters(epoch=EPOCH, day=YESTERDAY, clicks=5, day_clicks=3)
    assert aggregate(store, message(1)) == Report(counted=1)
    assert store.calls == ["count", "begin_day", "read", "publish"]
    assert (store.links["first"].day, store.links["first"].day_clicks) == (DAY, 1)
    assert store.rows == {("first", YESTERDAY): 3}
    assert [update.version for update in store.published] == [6]


def test_a_click_of_a_day_that_has_ended_counts_for_that_day() -> None:
    store = MemoryClicks("first")
    assert aggregate(store, message(1, at=MIDNIGHT - 1)) == Report(counted=1)
    assert store.calls == ["count", "count_for_past_day", "read", "publish"]
    assert store.days == {("first", YESTERDAY): 1}
    assert [update.version for update in store.published] == [1]


def test_a_batch_over_midnight_begins_the_day_once() -> None:
    store = MemoryClicks("first")
    store.links["first"] = Counters(epoch=EPOCH, day=YESTERDAY)
    assert aggregate(store, message(1), message(2, at=MIDNIGHT - 1)) == Report(counted=2)
    assert store.calls == ["count", "count", "begin_day", "read", "publish"]
    assert store.days == {("first", YESTERDAY): 1, ("first", DAY): 1}


def evicted() -> MemoryClicks:
    """Three ids, of which the two oldest have left COUNT."""
    store = MemoryClicks("first")
    batch = [message(1, at=NOW - 30), message(2, at=NOW - 20), message(3)]
    assert aggregate(store, *batch, eviction=SOON) == Report(counted=3)
    assert store.calls == ["count", "publish", "evict"]
    assert len(store.links["first"].ids) == 1
    assert store.links["first"].floor == click(2, at=NOW - 20).key
    store.calls.clear()
    return store


def test_ids_are_evicted_after_the_publish_and_still_recognised() -> None:
    store = evicted()
    assert aggregate(store, message(1, at=NOW - 30)) == Report(duplicates=1)
    assert store.calls == ["count", "covering", "count_late", "publish"]
    assert store.links["first"].clicks == 3


def test_a_click_that_arrives_after_later_ones_were_evicted_counts_once() -> None:
    store = evicted()
    late = message(9, at=NOW - 25)
    assert aggregate(store, late) == Report(counted=1)
    assert aggregate(store, late) == Report(duplicates=1)
    assert store.links["first"].clicks == store.published[-1].version == 4
    assert store.days == {("first", DAY): 4}


@pytest.mark.parametrize(
    ("ages_ms", "left"),
    [
        ([50, 40], [50, 40]),  # fewer than `at`
        ([50, 5, 4], [50, 5, 4]),  # fewer than `least` are old enough
        ([50, 40, 4], [4]),
        ([50, 40, 30, 4], [4]),
        ([9, 8, 7, 6, 5, 4], [9, 8, 7, 6, 5, 4]),
        ([9, 8, 7, 6, 5, 4, 3], [6, 5, 4, 3]),  # more than `most`
    ],
)
def test_ids_leave_when_they_are_old_or_too_many(ages_ms: list[int], left: list[int]) -> None:
    ids = {age: click(age, at=NOW - age).key for age in ages_ms}
    counters = Counters(epoch=EPOCH, day=DAY, ids=frozenset(ids.values()))
    oldest = SOON.of(counters, now_ms=NOW)
    assert [age for age, id_ in ids.items() if id_ not in oldest] == left


def test_a_click_on_a_deleted_link_is_acknowledged_and_not_published() -> None:
    store = MemoryClicks("first")
    store.delete("first")
    assert aggregate(store, message(1)) == Report(on_deleted_link=1)
    assert aggregate(store, message(1, code="never")) == Report(on_deleted_link=1)
    assert store.published == []


def test_a_link_that_keeps_failing_fails_its_own_messages_only() -> None:
    store = MemoryClicks("first", "other", faults=[Fault.BUSY] * ATTEMPTS)
    report = aggregate(store, message(1), message(2, code="other"), message(3))
    assert report == Report(counted=1, failed=["message-1", "message-3"])
    assert store.links["other"].clicks == 1


def test_contention_that_ends_within_the_attempts_fails_no_message() -> None:
    store = MemoryClicks("first", faults=[Fault.BUSY] * (ATTEMPTS - 1))
    assert aggregate(store, message(1)) == Report(counted=1)


def test_a_failed_publish_fails_the_messages_and_the_next_delivery_publishes() -> None:
    store = MemoryClicks("first", faults=[Fault.NONE, Fault.REFUSED])
    assert aggregate(store, message(1)).failed == ["message-1"]
    assert store.published == []
    assert aggregate(store, message(1)).failed == []
    assert [update.version for update in store.published] == [1]


@pytest.mark.parametrize(("age_ms", "too_late"), [(28 * DAY_MS, 0), (28 * DAY_MS + 1, 1)])
def test_a_click_is_too_late_only_when_it_is_older_than_28_days(age_ms: int, too_late: int) -> None:
    assert COUNTABLE_DAYS == 28
    store = MemoryClicks("first")
    report = aggregate(store, message(1, at=NOW - age_ms))
    assert report == Report(too_late=too_late, counted=1 - too_late)
    assert len(store.too_late) == too_late


def test_a_click_whose_clock_is_more_than_a_minute_ahead_fails_alone() -> None:
    store = MemoryClicks("first")
    ahead, further = message(1, at=NOW + AHEAD_MS), message(2, at=NOW + AHEAD_MS + 1)
    assert aggregate(store, ahead, further) == Report(counted=1, failed=["message-2"])
    assert store.remembered("first") == [ahead.click.key]


def test_a_click_that_the_too_late_queue_does_not_take_fails_alone() -> None:
    store = MemoryClicks("first", faults=[Fault.REFUSED])
    report = aggregate(store, message(1, at=NOW - 29 * DAY_MS), message(2))
    assert report == Report(counted=1, failed=["message-1"])


def test_a_link_is_published_with_the_ids_of_all_its_messages_of_the_batch() -> None:
    store = MemoryClicks("first", "other")
    aggregate(store, message(1), message(2, code="other"), message(3))
    assert store.tokens == [["message-1", "message-3"], ["message-2"]]


def test_a_click_alone_may_wait_for_its_push_and_more_of_them_may_not() -> None:
    store = MemoryClicks("first", "other")
    aggregate(store, message(1))
    aggregate(store, message(2), message(3))
    aggregate(store, message(4), message(5, code="other"))
    assert store.max_wait_ms == [MAX_WAIT_MS, 0, 0, 0]


class Restless(MemoryClicks):
    """Another writer moves the link's day just before each transaction."""

    async def begin_day(self, code: str, day: date, ids: Set[str], ended: Counters) -> Written:
        self.links[code] = replace(self.links[code], day_clicks=ended.day_clicks + 1)
        return await super().begin_day(code, day, ids, ended)


def test_a_link_whose_day_never_rests_fails_its_messages_after_bounded_attempts() -> None:
    store = Restless("first")
    store.links["first"] = Counters(epoch=EPOCH, day=YESTERDAY)
    assert aggregate(store, message(1)) == Report(failed=["message-1"])
    assert store.calls == ["count", "begin_day"] * ATTEMPTS


def test_an_id_below_the_floor_that_no_row_covers_fails_and_is_never_counted() -> None:
    store = MemoryClicks("first")
    store.links["first"] = replace(store.links["first"], floor=click(9, at=NOW).key)
    assert aggregate(store, message(1)) == Report(failed=["message-1"])
    assert store.links["first"].clicks == 0
