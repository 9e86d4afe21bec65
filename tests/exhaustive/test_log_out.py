"""A principal who logged out everywhere is pushed nothing, and each of the sockets is closed."""

from typing import Any

import pytest

from .explorer import explore
from .log_out import LogOut, Setup
from .log_out_broken import (
    ClosesOnce,
    DeletesTheExpiryFirst,
    DeletesTheSessionFirst,
    DoesNotRead,
    IgnoresThatClosingFailed,
    LeavesTheConnection,
    LeavesTheRows,
    PutsTheExpiryLast,
    QueriesBeforeItRevokes,
    ReadsBeforeItsSession,
    TakesEveryTokenForAnOldOne,
    WritesNoSession,
    deleting_the_connection_before_its_rows,
    reading_before_its_connection,
)
from .situation import Broken, changing

OPENS = "logged out while it opens"
CRASH = "logged out while it opens, one crash"
FAILS = "closing fails"
SUBSCRIBES = "subscribes when it is open"
ENDS = "its token ends, two crashes"
LATER = "a newer token"
SETUPS = {
    OPENS: (Setup(), 460),
    "logged out while it opens or when it is old": (Setup(ticks=True), 780),
    CRASH: (Setup(crashes=1), 4_000),
    "logged out while it opens, two crashes": (Setup(crashes=2), 18_000),
    FAILS: (Setup(closing_fails=True), 3_900),
    "closing fails, one crash": (Setup(closing_fails=True, crashes=1), 30_000),
    SUBSCRIBES: (Setup(names_a_channel=False, subscribes=True), 2_100),
    "subscribes when it is open, one crash": (
        Setup(names_a_channel=False, subscribes=True, crashes=1),
        21_000,
    ),
    "subscribes once more, closing fails": (
        Setup(subscribes=True, closing_fails=True),
        14_000,
    ),
    "its token ends, too": (Setup(ends_early=True), 5_000),
    "logged out twice": (Setup(revokes=2), 11_000),
    "its token ends, the sweeper comes twice, one crash": (
        Setup(revokes=0, ends_early=True, duplicates=1, crashes=1),
        900,
    ),
    "its token ends, closing fails, one crash": (
        Setup(revokes=0, ends_early=True, subscribes=True, crashes=1, closing_fails=True),
        2_000,
    ),
    ENDS: (Setup(revokes=0, ends_early=True, subscribes=True, crashes=2), 1_100),
    LATER: (Setup(issued_later=True, subscribes=True, ticks=True), 70),
}


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", SETUPS)
def test_the_connection_is_pushed_nothing_and_closed_in_every_order(name: str) -> None:
    setup, at_least = SETUPS[name]
    result = explore(LogOut(setup))
    print(f"{name}: {result.situations:,} situations")  # noqa: T201 - what `pytest -rP` is for
    assert result.faults == {}
    assert result.situations >= at_least


def ending_with(change: Any) -> dict[str, Any]:
    return {"change_revoke": change, "change_sweep": change}


BROKEN = {
    "the connections are read before the revocation is written": Broken(
        OPENS, {"change_revoke": changing(sessions=QueriesBeforeItRevokes)}
    ),
    "$connect reads the revocation before its session is written": Broken(
        OPENS, {"change_connect": changing(sessions=ReadsBeforeItsSession)}
    ),
    "$connect reads the revocation before its connection is written": Broken(
        OPENS, {"change_connect": reading_before_its_connection}
    ),
    "$connect does not read the revocation": Broken(
        OPENS, {"change_connect": changing(sessions=DoesNotRead)}
    ),
    "$connect writes no session": Broken(
        OPENS, {"change_connect": changing(sessions=WritesNoSession)}
    ),
    "a socket that may be opening is closed once": Broken(
        OPENS, {"change_revoke": changing(sessions=ClosesOnce)}
    ),
    "the rows are left to $disconnect": Broken(
        OPENS, ending_with(changing(sessions=LeavesTheRows))
    ),
    "the connection is left, and only its rows are deleted": Broken(
        SUBSCRIBES, ending_with(changing(store=LeavesTheConnection))
    ),
    "the connection is deleted before its rows": Broken(
        CRASH, ending_with(deleting_the_connection_before_its_rows)
    ),
    "the session is deleted first": Broken(
        CRASH, {"change_revoke": changing(sessions=DeletesTheSessionFirst)}
    ),
    "the sweeper is told last": Broken(
        CRASH, {"change_revoke": changing(sessions=PutsTheExpiryLast)}
    ),
    "closing that failed is not repeated": Broken(
        FAILS, ending_with(changing(posts=IgnoresThatClosingFailed))
    ),
    "the sweeper deletes its row first": Broken(
        ENDS, {"change_sweep": changing(sessions=DeletesTheExpiryFirst)}
    ),
    "a newer token is taken for an old one": Broken(
        LATER, {"change_revoke": changing(sessions=TakesEveryTokenForAnOldOne)}
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_connection_is_left_in_or_put_out_wrongly_in_some_order_if(name: str) -> None:
    faults = BROKEN[name].faults(LogOut, SETUPS)
    print(f"{name}: {faults}")  # noqa: T201 - what `pytest -rP` is for
    assert faults
