"""What a count costs in calls: a right guess saves the read, a wrong one changes no number."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest

from handlers.clicks.counting import MISTAKES, Aggregator, Message, Report
from handlers.clicks.memory import Memory
from handlers.clicks.ports import Mistaken, Outcome
from handlers.realtime.publisher import Update
from handlers.shortener.click import Click
from handlers.shortener.tally import Tally
from tests.doubles.clicks import EPOCH, MemoryClicks, run

CODE = "first"
MIDNIGHT = 1_763_769_600_000
TODAY = date(2025, 11, 22)
YESTERDAY = TODAY - timedelta(days=1)


def tally(clicks: int, *, day: date | None = TODAY, day_clicks: int = 0) -> Tally:
    return Tally(clicks=clicks, epoch=EPOCH, day=day, day_clicks=day_clicks)


def click(number: int, expected: Tally | None, *, at: int = MIDNIGHT) -> Click:
    return Click(click_id=f"click-{number}", code=CODE, at=at + number, expected=expected)


def store(before: Tally) -> MemoryClicks:
    made = MemoryClicks(CODE)
    link = made.links[CODE]
    link.clicks, link.day, link.day_clicks = before.clicks, before.day, before.day_clicks
    return made


def aggregate(store: MemoryClicks, *clicks: Click, memory: Memory | None = None) -> Report:
    aggregator = Aggregator(store, store.publish, store.pause, memory or Memory())
    messages = [Message(click.click_id, click) for click in clicks]
    store.calls.clear()
    return run(aggregator.aggregate(messages, now_ms=MIDNIGHT + 1000))


def versions(store: MemoryClicks) -> Sequence[int]:
    assert store.ahead == []
    return [update.version for update in store.published]


@pytest.mark.parametrize("count", [1, 2, 10])
def test_clicks_that_expect_the_right_figures_cost_one_call(count: int) -> None:
    links = store(tally(5, day_clicks=2))
    clicks = [click(n, tally(5 + n, day_clicks=2 + n)) for n in range(count)]
    assert aggregate(links, *clicks) == Report(counted=count)
    assert links.calls == ["Counted"]
    assert links.links[CODE].tally == tally(5 + count, day_clicks=2 + count)
    assert links.published == [
        Update(
            f"link:{CODE}",
            {"code": CODE, "clicks": 5 + count},
            version=5 + count,
            epoch=EPOCH,
            at=MIDNIGHT + count - 1,
        )
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        tally(4, day_clicks=1),
        tally(5, day_clicks=1),
        tally(5, day=YESTERDAY, day_clicks=2),
        tally(5, day=None),
        Tally(clicks=5, epoch=EPOCH + 1, day=TODAY, day_clicks=2),
    ],
)
def test_a_guess_that_is_wrong_in_any_figure_is_corrected_by_the_refusal(wrong: Tally) -> None:
    links = store(tally(5, day_clicks=2))
    aggregate(links, click(1, wrong))
    assert links.calls == ["Mistaken", "Counted"]
    assert links.links[CODE].tally == tally(6, day_clicks=3)
    assert versions(links) == [6]


def test_a_click_that_comes_before_those_it_expects_waits_for_them_once() -> None:
    links = store(tally(5, day_clicks=2))
    waits = list[int]()

    async def pause(attempt: int) -> None:
        waits.append(attempt)
        first = [click(1, tally(5, day_clicks=2))]
        await links.count(CODE, first, first[0].expected, exactly=True)

    aggregator = Aggregator(links, links.publish, pause)
    message = Message("early", click(2, tally(6, day_clicks=3)))
    report = run(aggregator.aggregate([message], now_ms=MIDNIGHT + 1000))
    assert (report, waits) == (Report(counted=1), [0])
    assert links.calls == ["Mistaken", "Counted", "Counted"]
    assert versions(links) == [7]


def test_clicks_that_never_come_are_not_waited_for_again() -> None:
    links = store(tally(5, day_clicks=2))
    aggregate(links, click(1, tally(6, day_clicks=3)))
    assert links.calls == ["Mistaken", "Mistaken", "Counted", "read"]
    assert links.links[CODE].tally == tally(6, day_clicks=3)
    assert versions(links) == [6]


def test_clicks_that_expect_nothing_are_counted_on_what_is_read_first() -> None:
    links = store(tally(5))
    aggregate(links, click(1, None), click(2, None))
    assert links.calls == ["read", "Counted"]
    assert versions(links) == [7]


def test_a_process_guesses_from_what_it_counted_last() -> None:
    links, memory = store(tally(5)), Memory()
    for number in range(3):
        aggregate(links, click(number, tally(5)), memory=memory)
        assert links.calls == ["Counted"]
    assert versions(links) == [6, 7, 8]


def test_what_a_click_expects_beats_what_the_process_knew_before_others_counted() -> None:
    links, memory = store(tally(5)), Memory()
    aggregate(links, click(1, tally(5)), memory=memory)
    aggregate(links, click(2, tally(6, day_clicks=1)))
    aggregate(links, click(3, tally(7, day_clicks=2)), memory=memory)
    assert links.calls == ["Counted"]


def test_after_a_wrong_guess_the_total_is_read_until_a_guess_would_have_been_right() -> None:
    links, memory = store(tally(5)), Memory()
    calls = list[list[str]]()
    for number, others in enumerate([1, 1, 0, 0, 0]):
        if number < 2:
            aggregate(links, click(10 * number + others, None))
        aggregate(links, click(10 * number, tally(5)), memory=memory)
        calls.append(list(links.calls))
    assert calls == [
        ["Mistaken", "Counted"],
        ["Counted", "read"],
        ["Counted", "read"],
        ["Counted"],
        ["Counted"],
    ]
    assert links.links[CODE].clicks == versions(links)[-1] == 12


def test_the_first_click_of_a_day_moves_the_day_before_to_its_row() -> None:
    links = store(tally(5, day=YESTERDAY, day_clicks=3))
    aggregate(links, click(1, tally(5, day=YESTERDAY, day_clicks=3)))
    assert links.calls == ["Counted"]
    assert links.links[CODE].tally == tally(6, day_clicks=1)
    assert links.rows == {(CODE, YESTERDAY): 3}


def test_a_late_click_counts_for_its_own_day_and_leaves_the_links_day_alone() -> None:
    links = store(tally(5, day_clicks=2))
    aggregate(links, click(1, tally(5, day_clicks=2), at=MIDNIGHT - 1000))
    assert links.links[CODE].tally == tally(6, day_clicks=2)
    assert links.rows == {(CODE, YESTERDAY): 1}


def test_a_link_from_before_days_were_kept_with_it_starts_to_keep_one() -> None:
    links = store(tally(5, day=None))
    links.rows[CODE, TODAY] = 2
    aggregate(links, click(1, tally(5, day=None)), click(2, tally(6, day_clicks=1)))
    assert links.links[CODE].tally == tally(7, day_clicks=2)
    assert links.days == {(CODE, TODAY): 4}


class Restless(MemoryClicks):
    """A link of which somebody else always counts a click just before."""

    async def count(
        self, code: str, clicks: Sequence[Click], expected: Tally | None, *, exactly: bool
    ) -> Outcome:
        if expected is not None:
            before = self.links[code].tally
            day = datetime.fromtimestamp(MIDNIGHT / 1000, UTC).date() - timedelta(before.clicks)
            self.links[code].day, self.links[code].day_clicks = day, 1
            self.links[code].clicks += 1
        return await super().count(code, clicks, expected, exactly=exactly)


def test_a_link_that_never_rests_is_counted_after_bounded_mistakes() -> None:
    links = Restless(CODE)
    report = aggregate(links, click(1, tally(0)))
    assert report == Report(counted=1)
    assert links.calls == [Mistaken.__name__] * MISTAKES + ["Counted", "read"]
    assert links.rows == {(CODE, TODAY): 1}
    assert versions(links) == [MISTAKES + 1]
