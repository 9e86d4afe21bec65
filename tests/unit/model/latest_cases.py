"""Where a `latest` channel must keep its promise, and how each step that keeps it is left out."""

import re

from tests.unit.model import latest_mutations as mutations
from tests.unit.model.cases import Case
from tests.unit.model.latest_engine import Engine
from tests.unit.model.latest_messages import Click, Publish
from tests.unit.model.latest_scenario import Scenario

TWO = (Publish("a", 1), Publish("b", 2))
ONE_MORE = (Publish("a", 2),)
CLICKS = (Click("a"), Click("b"))

SUBSCRIBES = Scenario()
SUBSCRIBES_CRASH = Scenario(crashes=1)
SUBSCRIBES_CRASHES = Scenario(crashes=2)
SUBSCRIBES_FAULT = Scenario(faults=1)
SUBSCRIBES_FAULT_CRASH = Scenario(faults=1, crashes=1)
SUBSCRIBES_DUPLICATE = Scenario(duplicates=1)
SUBSCRIBES_DUPLICATE_CRASH = Scenario(duplicates=1, crashes=1)
THREE = Scenario((*TWO, Publish("c", 3)))
THREE_CRASH = Scenario((*TWO, Publish("c", 3)), crashes=1)
EQUAL_CRASH = Scenario((*TWO, Publish("c", 2)), crashes=1)
CLICKS_CRASH = Scenario(CLICKS, first_version=1, crashes=1)
PLAIN = Scenario(watcher="plain")
PLAIN_CRASH = Scenario(watcher="plain", crashes=1)
PLAIN_CRASHES = Scenario(ONE_MORE, watcher="plain", first_version=1, crashes=2)
PLAIN_FAULT = Scenario(watcher="plain", faults=1)
PLAIN_SINCE = Scenario(ONE_MORE, watcher="plain", first_version=1, since=0, crashes=1)
PLAIN_SUBSCRIBES = Scenario(watcher="plain, then subscribes")
LARGE = Scenario(large_audience=True)
LARGE_FAULT = Scenario(large_audience=True, faults=1)
LARGE_CRASH = Scenario(large_audience=True, crashes=1)

_HOLDS = {
    "a client subscribes": (SUBSCRIBES, 800),
    "a client subscribes, 1 crash": (SUBSCRIBES_CRASH, 8_000),
    "a client subscribes, 2 crashes": (SUBSCRIBES_CRASHES, 40_000),
    "a post fails": (SUBSCRIBES_FAULT, 6_000),
    "a post fails, 1 crash": (SUBSCRIBES_FAULT_CRASH, 70_000),
    "a task comes twice": (SUBSCRIBES_DUPLICATE, 2_900),
    "a task comes twice, 1 crash": (SUBSCRIBES_DUPLICATE_CRASH, 45_000),
    "three publishers": (THREE, 8_900),
    "three publishers, 1 crash": (THREE_CRASH, 110_000),
    "three publishers, two of them equal, 1 crash": (EQUAL_CRASH, 130_000),
    "clicks in batches that change, 1 crash": (CLICKS_CRASH, 45_000),
    "a plain client": (PLAIN, 27_000),
    "a plain client, 1 crash": (PLAIN_CRASH, 600_000),
    "a plain client, 2 crashes of one publisher": (PLAIN_CRASHES, 90_000),
    "a plain client, a post fails": (PLAIN_FAULT, 160_000),
    "a plain client says what it has, 1 crash": (PLAIN_SINCE, 12_000),
    "a plain client subscribes when it is open": (PLAIN_SUBSCRIBES, 90_000),
    "a large audience in ranges": (LARGE, 11_000),
    "a large audience, a post fails": (LARGE_FAULT, 50_000),
    "a large audience, 1 crash": (LARGE_CRASH, 160_000),
}

_BREAKS: list[tuple[type[Engine], Scenario]] = [
    (mutations.ReadsStateBeforeRow, SUBSCRIBES),
    (mutations.QueriesBeforeClaim, SUBSCRIBES),
    (mutations.QueriesAnIndex, SUBSCRIBES),
    (mutations.ClientShowsWhateverComes, SUBSCRIBES),
    (mutations.LeaseInPlaceOfJoin, SUBSCRIBES),
    (mutations.EqualVersionStops, SUBSCRIBES_CRASH),
    (mutations.CallerDoesNotRepeat, SUBSCRIBES_CRASH),
    (mutations.AcknowledgesBeforeFlushIsSent, SUBSCRIBES_CRASH),
    (mutations.FlushPushesOnce, SUBSCRIBES_CRASH),
    (mutations.AcknowledgesBeforeItPushes, SUBSCRIBES_CRASH),
    (mutations.FlushReadsBeforeItDisarms, THREE),
    (mutations.SupersededSendsNoFlush, SUBSCRIBES_CRASHES),
    (mutations.KnowsOnlyItsFirstToken, CLICKS_CRASH),
    (mutations.CountedClicksAreNotPublished, CLICKS_CRASH),
    (mutations.FailedPostIsDropped, SUBSCRIBES_FAULT),
    (mutations.SlowPostIsDropped, SUBSCRIBES_FAULT),
    (mutations.UnstartedIsDropped, SUBSCRIBES_FAULT),
    (mutations.UnansweredIsDropped, SUBSCRIBES_FAULT),
    (mutations.RestTakesA410ForTheEnd, PLAIN_FAULT),
    (mutations.AcknowledgesBeforeTasksAreSent, SUBSCRIBES_FAULT_CRASH),
    (mutations.AcknowledgesBeforeTasksAreSent, LARGE_CRASH),
    (mutations.RangesLeaveTheirEdgeOut, LARGE),
    (mutations.RangeReadsAnOldState, LARGE),
    (mutations.ConnectSendsNoCatchUp, PLAIN),
    (mutations.ConnectReadsAgainBeforeRow, PLAIN),
    (mutations.EveryCatchUpStopsForNewer, PLAIN),
    (mutations.Young410IsIgnored, PLAIN),
    (mutations.Young410Deletes, PLAIN),
    (mutations.JudgesAgeAfterThePost, PLAIN),
    (mutations.DelaysEndBeforeAHandshake, PLAIN),
]


def words(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z0-9])|(?<=[A-Z0-9])(?=[A-Z][a-z])", " ", name).lower()


HOLDS = [Case(name, of, Engine(of), states) for name, (of, states) in _HOLDS.items()]
BREAKS = [Case(words(engine.__name__), of, engine(of)) for engine, of in _BREAKS]

_TWO_AT_ONCE = Scenario(crashes=1, duplicates=1, duplicated=(Publish,))
BEYOND = [
    Case(
        "one publish in two handlers at once, one of which dies", _TWO_AT_ONCE, Engine(_TWO_AT_ONCE)
    ),
]
"""What the design does not promise; docs/guarantees.md says so."""
