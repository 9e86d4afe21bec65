import pytest

from handlers.clicks.counting import (
    ATTEMPTS,
    COUNTABLE_DAYS,
    PATIENCE_MS,
    Aggregator,
    Message,
    Report,
)
from handlers.realtime.publisher import Update
from handlers.shortener.click import Click, day_of
from tests.doubles.clicks import EPOCH, Fault, MemoryClicks, run

NOW = 1_763_787_600_000
DAY_MS = 86_400_000


def message(number: int, *, code: str = "first", at: int = NOW) -> Message:
    return Message(f"message-{number}", Click(click_id=f"click-{number}", code=code, at=at))


def aggregate(store: MemoryClicks, *messages: Message) -> Report:
    aggregator = Aggregator(store, store.publish, store.pause)
    return run(aggregator.aggregate(messages, now_ms=NOW))


def test_a_batch_of_one_link_is_published_once_with_its_newest_click() -> None:
    store = MemoryClicks("first")
    aggregate(store, message(1, at=NOW - 5), message(2, at=NOW - 1), message(3, at=NOW - 9))
    assert store.published == [
        Update("link:first", {"code": "first", "clicks": 3}, version=3, epoch=EPOCH, at=NOW - 1)
    ]


def test_clicks_that_were_counted_before_are_published_all_the_same() -> None:
    store = MemoryClicks("first")
    aggregate(store, message(1))
    store.published.clear()
    report = aggregate(store, message(1))
    assert report == Report(duplicates=1)
    assert [update.version for update in store.published] == [1]


def test_a_click_on_a_deleted_link_is_acknowledged_and_not_published() -> None:
    store = MemoryClicks("first")
    store.delete("first")
    assert aggregate(store, message(1)) == Report(on_deleted_link=1)
    assert store.published == []


def test_a_link_that_keeps_failing_fails_its_own_messages_only() -> None:
    store = MemoryClicks("first", "other", faults=[Fault.CONTENDED] * ATTEMPTS)
    report = aggregate(store, message(1), message(2, code="other"), message(3))
    assert report == Report(counted=1, failed=["message-1", "message-3"])
    assert store.links["other"].clicks == 1


def test_contention_that_passes_within_the_attempts_fails_nothing() -> None:
    store = MemoryClicks("first", faults=[Fault.CONTENDED] * (ATTEMPTS - 1))
    store.links["first"].day = day_of(NOW)
    assert aggregate(store, message(1)) == Report(counted=1)


def test_a_failed_publish_fails_the_messages_and_the_next_delivery_publishes() -> None:
    store = MemoryClicks("first", faults=[*[Fault.NONE] * 3, Fault.REFUSED])
    assert aggregate(store, message(1)).failed == ["message-1"]
    assert store.published == []
    assert aggregate(store, message(1)).failed == []
    assert [update.version for update in store.published] == [1]


@pytest.mark.parametrize(("age_ms", "parked"), [(28 * DAY_MS, 0), (28 * DAY_MS + 1, 1)])
def test_a_click_is_parked_only_when_it_is_older_than_28_days(age_ms: int, parked: int) -> None:
    assert COUNTABLE_DAYS == 28
    store = MemoryClicks("first")
    report = aggregate(store, message(1, at=NOW - age_ms))
    assert report == Report(too_late=parked, counted=1 - parked)
    assert len(store.parked) == parked


def test_a_click_that_cannot_be_parked_fails_alone() -> None:
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
    assert store.patience_ms == [PATIENCE_MS, 0, 0, 0]
