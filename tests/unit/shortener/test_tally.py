from collections import Counter
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from handlers.shortener.tally import Tally

DAYS = [date(2025, 11, 20) + timedelta(n) for n in range(4)]

tallies = st.builds(
    Tally,
    clicks=st.integers(0, 9),
    epoch=st.integers(0, 10**15),
    day=st.none() | st.sampled_from(DAYS),
    day_clicks=st.integers(0, 9),
)
new_clicks = st.dictionaries(st.sampled_from(DAYS), st.integers(1, 9), min_size=1)


def days_of(before: Tally) -> Counter[date]:
    return Counter() if before.day is None else Counter({before.day: before.day_clicks})


@given(tallies, new_clicks)
def test_no_day_loses_or_gains_a_click(before: Tally, by_day: dict[date, int]) -> None:
    kept, moved = days_of(before.plus(by_day)), Counter(before.moved(by_day))
    assert kept + moved == days_of(before) + Counter(by_day)


@given(tallies, new_clicks)
def test_the_total_grows_by_the_clicks_and_the_day_never_goes_back(
    before: Tally, by_day: dict[date, int]
) -> None:
    after = before.plus(by_day)
    assert (after.clicks, after.epoch) == (before.clicks + sum(by_day.values()), before.epoch)
    assert after.day == max([*by_day, *days_of(before)])


@given(tallies, new_clicks)
def test_a_row_is_written_only_for_a_day_that_has_something_to_add(
    before: Tally, by_day: dict[date, int]
) -> None:
    assert all(before.moved(by_day).values())
    same_day = before.day is not None and set(by_day) == {before.day}
    assert not (same_day and before.moved(by_day))
