import json
import math
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from cli.cost import BENCH, INTERVAL_SECONDS, Line, Load, compute, pushes_per_click
from cli.main import app

RESULTS = json.loads((BENCH / "results" / "clicks.json").read_text())
PRICES = json.loads((BENCH / "prices.json").read_text())
rates = st.floats(1e-6, 1_000)


def lines(clicks: int, watchers: int, links: int = 1) -> dict[str, Line]:
    load = Load(clicks_per_day=clicks, watchers=watchers, links=links)
    return {line.title: line for line in compute(load, RESULTS, PRICES)}


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["cost", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.output


@given(rates)
def test_a_click_is_pushed_once_at_most_and_a_link_five_times_a_second(rate: float) -> None:
    pushes = pushes_per_click(rate)
    assert 0 < pushes <= 1 + 1e-9
    assert pushes * rate <= 1 / INTERVAL_SECONDS + 1e-9


@given(rates, st.floats(1, 10))
def test_a_busier_link_is_pushed_more_often_and_its_clicks_more_rarely(
    rate: float, busier: float
) -> None:
    assert pushes_per_click(rate * busier) <= pushes_per_click(rate) + 1e-9
    assert pushes_per_click(rate * busier) * rate * busier >= pushes_per_click(rate) * rate - 1e-9


@pytest.mark.parametrize("rate", [0.5, 5.0, 50.0])
def test_the_arithmetic_is_that_of_random_clicks_played_through(rate: float) -> None:
    chance = random.Random(7)  # noqa: S311 - the same clicks each time
    now = hold = 0.0
    pushes, clicks = 0, 20_000
    for _ in range(clicks):
        now += chance.expovariate(rate)
        if now >= hold:  # sent at once
            pushes, hold = pushes + 1, now + INTERVAL_SECONDS
        elif now >= hold - INTERVAL_SECONDS:  # the first that waits; goes out when the hold ends
            pushes, hold = pushes + 1, hold + INTERVAL_SECONDS
    assert math.isclose(pushes / clicks, pushes_per_click(rate), rel_tol=0.03)


def test_naive_posts_each_click_to_each_watcher() -> None:
    assert lines(1_000_000, 10)["WebSocket messages"].naive == 10_000_000


def test_a_million_clicks_of_naive_cost_what_its_units_cost() -> None:
    found = lines(1_000_000, 10)
    assert found["DynamoDB write units"].naive == pytest.approx(6_000_000)
    assert found["DynamoDB write units"].naive_dollars == pytest.approx(3.75)
    assert found["EventBridge events"].naive_dollars == pytest.approx(1)


@given(st.integers(1, 10**9), st.integers(0, 10**5), st.integers(1, 10**4))
def test_ours_never_posts_more_and_nothing_is_negative(
    clicks: int, watchers: int, links: int
) -> None:
    found = lines(clicks, watchers, links)
    posts = found["WebSocket messages"]
    assert posts.ours <= posts.naive * (1 + 1e-9)
    assert all(line.naive >= 0 and line.ours >= 0 for line in found.values())
    assert found["connection minutes"].naive == found["connection minutes"].ours


def test_spread_over_many_links_ours_costs_what_a_click_alone_was_measured_to() -> None:
    measured = RESULTS["traffics"]["quiet"]["ours"]
    found = lines(1_000_000, 1, links=1_000_000)
    assert found["DynamoDB write units"].ours == pytest.approx(
        1_000_000 * measured["write_units_per_click"], rel=1e-3
    )


def test_heartbeats_are_told_apart() -> None:
    beats = lines(1, 10)["heartbeats"]
    assert (beats.naive, beats.ours) == (0, 2_880)


def test_a_price_changes_its_line_and_no_other() -> None:
    dearer: dict[str, Any] = json.loads(json.dumps(PRICES))
    dearer["prices"]["sqs_million_requests"]["dollars"] *= 2
    load = Load(clicks_per_day=1_000, watchers=1, links=1)
    before, after = (
        {line.title: line.price for line in compute(load, RESULTS, listed)}
        for listed in (PRICES, dearer)
    )
    assert {title for title in before if before[title] != after[title]} == {"SQS requests"}


def test_the_command_says_whose_prices_these_are() -> None:
    code, output = run(
        *("--clicks-per-day", "1000000", "--watchers", "10", "--region", "eu-south-1")
    )
    assert code == 0
    assert "prices of us-east-1" in output
    assert "eu-south-1 can be dearer" in output
    assert "10.000 M" in output


def test_programs_get_every_line_and_the_sums() -> None:
    code, output = run("--clicks-per-day", "1000", "--watchers", "10", "--json")
    found = json.loads(output)
    assert code == 0
    total = sum(line["our_dollars"] for line in found["lines_of_a_day"])
    assert found["our_dollars_a_day"] == pytest.approx(total)
    assert found["price_region"] == "us-east-1"


def test_an_unknown_region_is_refused() -> None:
    code, output = run("--clicks-per-day", "1", "--watchers", "1", "--region", "moon")
    assert code == 2
    assert "got 'moon'" in output
