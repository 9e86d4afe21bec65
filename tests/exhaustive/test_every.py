"""A message of an `every` channel has one number, and is shown in order or known to be missed."""

from typing import Any

import pytest

from handlers.realtime.model import Outcome

from .every import Every, Setup, connecting
from .every_broken import (
    Appends,
    ForgetsIds,
    KeepsNothingBack,
    NumbersApart,
    ReadsTheHistoryBeforeItsEnd,
    RetriesFromBehindTheMessage,
    ShowsWhatIsNewer,
    StopsAtADuplicate,
    reading_the_history_before_the_row,
    recovering_in_part,
    saying_nothing_of_more,
)
from .explorer import explore
from .latest_broken import SendsNothing, ignoring, taking_every_410_for_the_end
from .situation import Broken, changing

SETUPS = {
    "a client subscribes": (Setup(), 700),
    "a client that is new subscribes, one crash": (Setup(since=None, crashes=1), 4_600),
    "a client subscribes, one crash": (Setup(crashes=1), 5_000),
    "a client subscribes, two crashes": (Setup(("a",), crashes=2), 300),
    "posts fail": (Setup(breaks=True), 9_000),
    "posts fail, one crash": (Setup(("a",), breaks=True, crashes=1), 1_900),
    "an event comes twice": (Setup(duplicates=1), 19_000),
    "an event comes twice, one crash": (Setup(("a",), duplicates=1, crashes=1), 1_200),
    "three publishers": (Setup(("a", "b", "c")), 30_000),
    "a client returns, one crash": (Setup(since=1, history=2, crashes=1), 6_000),
    "a client returns, the history expires": (Setup(since=1, history=3, expiring=2), 2_800),
    "a client returns, the history expires, one crash": (
        Setup(("a",), since=1, history=3, expiring=2, crashes=1),
        700,
    ),
    "a client returns, one message a reply": (
        Setup(since=1, history=3, expiring=2, reply_bytes=1),
        15_000,
    ),
    "a client asks for the whole history": (
        Setup(("a",), since=0, history=3, expiring=2, reply_bytes=1),
        1_000,
    ),
    "a plain client": (Setup(client=connecting), 13_000),
    "a plain client, one crash": (Setup(("a",), client=connecting, history=1, crashes=1), 1_400),
    "a plain client, posts fail": (Setup(("a",), client=connecting, breaks=True), 1_100),
}


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", SETUPS)
def test_no_message_is_lost_and_no_gap_is_hidden_in_any_order(name: str) -> None:
    setup, at_least = SETUPS[name]
    result = explore(Every(setup))
    print(f"{name}: {result.situations:,} situations")  # noqa: T201 - what `pytest -rP` is for
    assert result.faults == {}
    assert result.situations >= at_least


CRASH = "a client subscribes, one crash"
PLAIN = "a plain client"


def everywhere(change: Any) -> dict[str, Any]:
    return {"change_publisher": change, "change_worker": change}


BROKEN = {
    "a message is numbered outside its transaction": Broken(
        CRASH, {"log": NumbersApart, "change_publisher": changing(log=Appends)}
    ),
    "a duplicate is not pushed again": Broken(
        CRASH, {"change_publisher": changing(log=StopsAtADuplicate)}
    ),
    "a duplicate is numbered again": Broken("an event comes twice", {"log": ForgetsIds}),
    "the history is read before the row is written": Broken(
        "a client subscribes", {"change_client": reading_the_history_before_the_row}
    ),
    "the history is read before the last number": Broken(
        "a client returns, one message a reply",
        {"change_client": changing(log=ReadsTheHistoryBeforeItsEnd)},
    ),
    "a part of the history is called recovered": Broken(
        "a client returns, the history expires", {"recover": recovering_in_part}
    ),
    "a full reply does not say that there is more": Broken(
        "a client returns, one message a reply", {"recover": saying_nothing_of_more}
    ),
    "the client drops what is not newer": Broken(
        "a client subscribes", {"shows": ShowsWhatIsNewer}
    ),
    "the client keeps nothing back": Broken("a client subscribes", {"shows": KeepsNothingBack}),
    "a post that failed is not repeated": Broken(
        "posts fail", everywhere(changing(posts=ignoring(Outcome.FAILED)))
    ),
    "$connect sends no retry": Broken(PLAIN, {"change_client": changing(queue=SendsNothing)}),
    "a 410 of an opening socket is ignored": Broken(
        PLAIN, everywhere(changing(posts=ignoring(Outcome.GONE)))
    ),
    "a 410 of an opening socket deletes its rows": Broken(
        PLAIN, everywhere(taking_every_410_for_the_end)
    ),
    "a retry starts behind the message that failed": Broken(
        PLAIN, {"change_publisher": changing(queue=RetriesFromBehindTheMessage)}
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_message_is_lost_or_a_gap_hidden_in_some_order_if(name: str) -> None:
    faults = BROKEN[name].faults(Every, SETUPS)
    print(f"{name}: {faults}")  # noqa: T201 - what `pytest -rP` is for
    assert faults
