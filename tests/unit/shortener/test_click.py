import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.shortener import click
from handlers.shortener.click import Click

GOOD: dict[str, Any] = {
    "click_id": "019aa9ee-f0fb-7d6e-9a63-51a8f0c2b7de",
    "code": "xzvzoih8",
    "at": 1_763_787_600_123,
}


@given(st.integers(10**12, 10**13 - 1))
def test_a_click_survives_its_journey(at: int) -> None:
    made = click.new("xzvzoih8", at=at)
    assert click.from_body(click.to_body(made)) == made


def test_a_key_that_a_newer_redirect_may_add_is_ignored() -> None:
    assert click.from_body(json.dumps({**GOOD, "country": "NL"})) == Click(**GOOD)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"click_id": 7}, "click_id"),
        ({"click_id": "not-a-uuid"}, "click_id"),
        ({"click_id": "019aa9ee-f0fb-4d6e-9a63-51a8f0c2b7de"}, "version 7"),
        ({"click_id": "019aa9ee-f0fb-7d6e-7a63-51a8f0c2b7de"}, "version 7"),
        ({"at": 1_763_787_600_124}, "the time that click_id begins with"),
        ({"click_id": GOOD["click_id"].upper()}, "click_id"),
        ({"code": "a#b"}, "code"),
        ({"code": None}, "code"),
        ({"at": 1_763_787_600}, "13 digits"),
        ({"at": 1_763_787_600_123_000}, "13 digits"),
        ({"at": 1_763_787_600_123.0}, "13 digits"),
        ({"at": "1763787600123"}, "13 digits"),
        ({"at": True}, "13 digits"),
        ({"at": -1_763_787_600_123}, "13 digits"),
    ],
)
def test_a_wrong_field_is_named(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(click.MalformedClickError, match=reason):
        click.from_body(json.dumps({**GOOD, **change}))


@pytest.mark.parametrize(
    "body", ["", "{", "[]", "null", "7", '"text"', "{}", "[" * 100_000, "9" * 5000]
)
def test_a_body_that_is_no_click_is_refused_without_being_quoted(body: str) -> None:
    with pytest.raises(click.MalformedClickError, match="must be a JSON object") as caught:
        click.from_body(body)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("at", "day"),
    [
        (1_763_769_599_999, date(2025, 11, 21)),
        (1_763_769_600_000, date(2025, 11, 22)),
    ],
)
def test_the_day_of_a_click_changes_at_midnight_utc(at: int, day: date) -> None:
    assert Click(click_id="", code="", at=at).day == day
