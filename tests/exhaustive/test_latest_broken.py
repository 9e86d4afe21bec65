"""Each broken design of a `latest` channel loses a value in some order.

A design that loses nothing would mean that the step is not needed, or that the explorer does not
see it. Each is explored in a setup in which `test_latest` shows that the right design holds.
"""

from typing import Any

import pytest

from handlers.realtime.model import Outcome

from .explorer import explore
from .latest import Latest
from .latest_broken import (
    AcknowledgesBeforeItPushes,
    AcknowledgesBeforeItSends,
    ForgetsTheLastTrail,
    IgnoresItsToken,
    Index,
    IsNotCalledAgain,
    LeavesTheEdgeOut,
    OldState,
    ReadsAgainBeforeItsRow,
    ReadsAnOldState,
    ReadsBeforeItTakes,
    ReadsTheRowsBeforeItWrites,
    ReadsTheStateBeforeItsRow,
    SendsNothing,
    StopsAtAnEqualVersion,
    StopsForNewer,
    TriesOnce,
    changing_table,
    ignoring,
    judging_the_age_after_the_post,
    knowing_its_first_token,
    publishing_only_what_is_new,
    received,
    taking_every_410_for_the_end,
    the_copy_catches_up,
)
from .latest_setup import Setup
from .situation import Broken, changing
from .test_latest import SETUPS

TWO = "two publishers"
CRASH = "two publishers, one crash, two workers"
THREE_CRASH = "three publishers, one crash"
CLICKS = "clicks in batches that change, one crash"
FAILS_CRASH = "one publisher, posts that fail, one crash"
RANGES = "subscribers in ranges"
RANGES_CRASH = "subscribers in ranges, one publisher, one crash"
PLAIN = "a plain client"
OPENS_LATE = "a plain client whose handshake is over before a post is answered"


def ignoring_everywhere(outcome: Outcome) -> dict[str, Any]:
    change = changing(posts=ignoring(outcome))
    return {"change_publisher": change, "change_worker": change}


BROKEN = {
    "the client reads the state before its row is written": Broken(
        TWO, {"change_client": changing_table(ReadsTheStateBeforeItsRow)}
    ),
    "the client shows whatever comes": Broken(TWO, {"shows": received}),
    "a publisher reads the rows before it writes": Broken(
        TWO, {"change_publisher": changing_table(ReadsTheRowsBeforeItWrites)}
    ),
    "a publisher reads the rows from an index": Broken(
        TWO, {"store": Index, "meanwhile": (the_copy_catches_up,)}
    ),
    "a publisher stops at an equal version": Broken(CRASH, {"store": StopsAtAnEqualVersion}),
    "a publisher that died is not called again": Broken(
        CRASH, {"change_publisher": changing_table(IsNotCalledAgain)}
    ),
    "a publisher acknowledges before it has sent the trailing push": Broken(
        CRASH, {"change_publisher": changing(queue=AcknowledgesBeforeItSends)}
    ),
    "a publisher sends no trailing push": Broken(
        TWO, {"change_publisher": changing(queue=SendsNothing)}
    ),
    "a superseded publisher does not look for its token": Broken(
        THREE_CRASH, {"change_publisher": changing_table(IgnoresItsToken)}
    ),
    "a publisher acknowledges a leading push before it pushes": Broken(
        CRASH, {"change_publisher": changing_table(AcknowledgesBeforeItPushes)}
    ),
    "a trailing push reads before it takes its token": Broken(
        "three publishers", {"change_worker": changing_table(ReadsBeforeItTakes)}
    ),
    "a trailing push that died is taken for done": Broken(CRASH, {"store": ForgetsTheLastTrail}),
    "a batch of clicks knows its first token alone": Broken(
        CLICKS, {"count": knowing_its_first_token}
    ),
    "clicks that are counted already are not published": Broken(
        CLICKS, {"count": publishing_only_what_is_new}
    ),
    "a post that failed is not repeated": Broken(
        "two publishers, posts that fail", ignoring_everywhere(Outcome.FAILED)
    ),
    "a slow post is not repeated": Broken(
        "two publishers, posts that are slow", ignoring_everywhere(Outcome.SLOW)
    ),
    "a post without an answer is not repeated": Broken(
        "two publishers, posts that get no answer", ignoring_everywhere(Outcome.UNANSWERED)
    ),
    "a post that did not start is not repeated": Broken(
        "two publishers, posts that do not start", ignoring_everywhere(Outcome.UNSTARTED)
    ),
    "a publisher acknowledges before it has sent its retries": Broken(
        FAILS_CRASH, {"change_publisher": changing(queue=AcknowledgesBeforeItSends)}
    ),
    "a worker acknowledges before it has sent its ranges": Broken(
        RANGES_CRASH, {"change_worker": changing(queue=AcknowledgesBeforeItSends)}
    ),
    "a range leaves its edge out": Broken(
        RANGES, {"change_worker": changing_table(LeavesTheEdgeOut)}
    ),
    "a range reads an old state": Broken(
        RANGES,
        {
            "store": OldState,
            "meanwhile": (the_copy_catches_up,),
            "change_worker": changing_table(ReadsAnOldState),
        },
    ),
    "$connect sends no retry": Broken(PLAIN, {"change_client": changing(queue=SendsNothing)}),
    "$connect reads again before its row": Broken(
        PLAIN, {"change_client": changing_table(ReadsAgainBeforeItsRow)}
    ),
    "a retry of $connect stops for a newer value": Broken(
        PLAIN, {"change_client": changing(queue=StopsForNewer)}
    ),
    "a 410 of an opening socket is ignored": Broken(PLAIN, ignoring_everywhere(Outcome.GONE)),
    "a 410 of an opening socket deletes its rows": Broken(
        PLAIN,
        {
            "change_publisher": taking_every_410_for_the_end,
            "change_worker": taking_every_410_for_the_end,
        },
    ),
    "a connection's age is judged after the post": Broken(
        OPENS_LATE, {"change_worker": judging_the_age_after_the_post}
    ),
    "the attempts end before a handshake does": Broken(
        PLAIN,
        {
            "attempts_outlast_a_handshake": False,
            "change_publisher": changing(queue=TriesOnce),
            "change_client": changing(queue=TriesOnce),
        },
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_value_is_lost_in_some_order_if(name: str) -> None:
    faults = BROKEN[name].faults(Latest, SETUPS)
    print(f"{name}: {faults}")  # noqa: T201 - what `pytest -rP` is for
    assert faults


@pytest.mark.exhaustive
def test_one_publish_in_two_hands_of_which_one_dies_is_not_promised() -> None:
    """docs/guarantees.md says so, under "What is not guaranteed"."""
    in_two_hands = Setup(crashes=1, duplicates=1, publishers_twice=True)
    faults = explore(Latest(in_two_hands), stop_at_fault=True).faults
    assert [*faults] == ["the client shows (1, 1) and the channel is at (1, 2)"]
