"""How a count finds the link's day, and what that costs in calls."""

from collections.abc import Sequence
from datetime import date, timedelta

from handlers.clicks.counting import ATTEMPTS, Aggregator, Message, Report
from handlers.clicks.ports import Outcome
from handlers.shortener.click import Click
from handlers.shortener.tally import Tally
from tests.doubles.clicks import EPOCH, MemoryClicks, run

CODE = "first"
MIDNIGHT = 1_763_769_600_000
TODAY = date(2025, 11, 22)
YESTERDAY = TODAY - timedelta(days=1)


def tally(clicks: int, *, day: date | None = TODAY, day_clicks: int = 0) -> Tally:
    return Tally(clicks=clicks, epoch=EPOCH, day=day, day_clicks=day_clicks)


def click(number: int, *, at: int = MIDNIGHT) -> Click:
    return Click(click_id=f"click-{number}", code=CODE, at=at + number)


def counted_on(before: Tally, *clicks: Click) -> MemoryClicks:
    store = MemoryClicks(CODE)
    link = store.links[CODE]
    link.clicks, link.day, link.day_clicks = before.clicks, before.day, before.day_clicks
    assert aggregate(store, *clicks) == Report(counted=len(clicks))
    assert [update.version for update in store.published] == [before.clicks + len(clicks)]
    return store


def aggregate(store: MemoryClicks, *clicks: Click) -> Report:
    messages = [Message(click.click_id, click) for click in clicks]
    aggregator = Aggregator(store, store.publish, store.pause)
    return run(aggregator.aggregate(messages, now_ms=MIDNIGHT + 1000))


def test_clicks_of_the_links_day_cost_a_count_and_a_read() -> None:
    store = counted_on(tally(5, day_clicks=2), click(1), click(2))
    assert store.calls == ["Counted", "read"]
    assert store.links[CODE].tally == tally(7, day_clicks=4)


def test_the_first_click_of_a_day_is_refused_once_and_moves_the_day_before_to_its_row() -> None:
    store = counted_on(tally(5, day=YESTERDAY, day_clicks=3), click(1))
    assert store.calls == ["DayMoved", "Counted", "read"]
    assert store.links[CODE].tally == tally(6, day_clicks=1)
    assert store.rows == {(CODE, YESTERDAY): 3}


def test_a_late_click_counts_for_its_own_day_and_leaves_the_links_day_alone() -> None:
    store = counted_on(tally(5, day_clicks=2), click(1, at=MIDNIGHT - 1000))
    assert store.links[CODE].tally == tally(6, day_clicks=2)
    assert store.rows == {(CODE, YESTERDAY): 1}


def test_a_link_without_a_day_gets_that_of_its_newest_click() -> None:
    store = counted_on(tally(0, day=None), click(1), click(2, at=MIDNIGHT - 1000))
    assert store.links[CODE].tally == tally(2, day_clicks=1)
    assert store.rows == {(CODE, YESTERDAY): 1}


class Restless(MemoryClicks):
    """Another writer moves the link's day just before each count."""

    async def count(self, code: str, clicks: Sequence[Click], tally: Tally | None) -> Outcome:
        day = self.links[code].day or YESTERDAY
        self.links[code].day = day - timedelta(days=1)
        return await super().count(code, clicks, tally)


def test_a_link_whose_day_never_rests_fails_its_messages_after_bounded_attempts() -> None:
    store = Restless(CODE)
    assert aggregate(store, click(1)) == Report(failed=["click-1"])
    assert store.calls == ["DayMoved"] * ATTEMPTS
