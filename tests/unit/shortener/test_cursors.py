import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.shortener import cursors
from handlers.shortener.table import Position

POSITION = Position(1_763_787_600_123, "xzvzoih8")


@given(st.text(), st.integers(0, 10**13 - 1))
def test_a_cursor_leads_its_owner_back_to_the_position(owner: str, created_at: int) -> None:
    position = Position(created_at, "xzvzoih8")
    assert cursors.decode(cursors.encode(position, owner=owner), owner=owner) == position


def test_a_cursor_of_another_owner_is_refused() -> None:
    with pytest.raises(cursors.RefusedCursorError):
        cursors.decode(cursors.encode(POSITION, owner="ada"), owner="bob")


@given(st.text())
def test_no_text_does_worse_than_be_refused(text: str) -> None:
    with pytest.raises(cursors.RefusedCursorError):
        cursors.decode(text, owner="ada")


@pytest.mark.parametrize(
    "forged",
    [
        '["ada",1763787600123,"a#b"]',
        '["ada",1763787600123,7]',
        '["ada",1.5,"xzvzoih8"]',
        '["ada",true,"xzvzoih8"]',
        '["ada",-1,"xzvzoih8"]',
        '["ada",99999999999999,"xzvzoih8"]',
        '["ada",1763787600123]',
        '{"a":1,"b":2,"c":3}',
        "7",
        "[" * 100_000,
    ],
)
def test_a_forged_position_is_refused(forged: str) -> None:
    cursor = base64.urlsafe_b64encode(forged.encode()).decode()
    with pytest.raises(cursors.RefusedCursorError):
        cursors.decode(cursor, owner="ada")
