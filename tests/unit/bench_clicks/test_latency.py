from hypothesis import given
from hypothesis import strategies as st

from bench.clicks.latency import Frame, percentile, seen


def test_a_click_is_seen_when_its_number_or_a_higher_one_is_shown() -> None:
    frames = [Frame(1.5, 4), Frame(3.0, 6)]
    found = seen([1.0, 2.0, 2.5], frames, before=3)
    assert found.seconds == [0.5, 1.0, 0.5]
    assert (found.missing, found.backwards) == (0, 0)


def test_a_click_that_no_frame_holds_is_missing() -> None:
    found = seen([1.0, 2.0], [Frame(1.5, 1)], before=0)
    assert (found.seconds, found.missing) == ([0.5], 1)


def test_a_frame_that_says_less_is_counted_and_changes_no_latency() -> None:
    found = seen([0.0, 0.0], [Frame(1.0, 2), Frame(2.0, 1)], before=0)
    assert (found.seconds, found.backwards) == ([1.0, 1.0], 1)


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0.01, 1))
def test_a_percentile_is_a_value_that_the_share_does_not_exceed(
    values: list[float], share: float
) -> None:
    found = percentile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values)


def test_percentiles_of_a_hundred_are_their_ranks() -> None:
    values = [float(number) for number in range(100, 0, -1)]
    assert [percentile(values, share) for share in (0.5, 0.95, 0.99)] == [50, 95, 99]
