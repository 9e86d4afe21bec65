import random
from collections import Counter
from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from cli.traffic import CAMPAIGNS, DAY_MS, DAYS, past_clicks, pauses

NOW = 1_795_000_000_000


@given(st.integers(), st.floats(min_value=0.1, max_value=10))
def test_a_visitor_never_waits_a_negative_time(seed: int, rate: float) -> None:
    assert all(pause >= 0 for pause in islice(pauses(random.Random(seed), rate), 200))  # noqa: S311


def test_bursts_come_on_top_of_the_plain_rate() -> None:
    waited = sum(islice(pauses(random.Random(1), 1.0), 5_000))  # noqa: S311 - any seed will do
    assert 1.0 < 5_000 / waited < 6.0


def test_the_past_lies_before_today_and_no_click_in_it_counts_twice() -> None:
    for campaign in CAMPAIGNS:
        clicks = list(past_clicks(campaign, random.Random(campaign.alias), NOW))  # noqa: S311
        assert len({click.click_id for click in clicks}) == len(clicks) > DAYS
        days = Counter((NOW - click.at) // DAY_MS for click in clicks)
        assert min(days) == 1
        assert max(days) == DAYS


def test_the_past_of_a_link_is_the_same_each_time() -> None:
    def counted() -> Counter[int]:
        clicks = past_clicks(CAMPAIGNS[0], random.Random("seed"), NOW)  # noqa: S311
        return Counter(click.at for click in clicks)

    assert counted() == counted()
