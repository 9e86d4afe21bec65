"""Where logging out must reach everybody, and how each step that it takes is left out once."""

from tests.unit.model import revoke_mutations as mutations
from tests.unit.model.cases import Case
from tests.unit.model.latest_cases import words
from tests.unit.model.revoke_engine import Engine, Scenario

OPENS = Scenario()
OPENS_CRASH = Scenario(crashes=1)
OPENS_CRASHES = Scenario(crashes=2)
OPENS_FAULT = Scenario(faults=1)
OPENS_FAULT_CRASH = Scenario(faults=1, crashes=1)
SUBSCRIBES = Scenario(names_a_channel=False, subscribes=True)
SUBSCRIBES_CRASH = Scenario(names_a_channel=False, subscribes=True, crashes=1)
SUBSCRIBES_MORE = Scenario(subscribes=True, crashes=1, faults=1)
ENDS_EARLY = Scenario(ends_early=True, subscribes=True, crashes=1)
ENDS_EARLY_FAULT = Scenario(ends_early=True, subscribes=True, crashes=1, faults=1)
TWICE = Scenario(revokes=2)
REDELIVERED = Scenario(duplicates=1)
EXPIRES = Scenario(revokes=0, ends_early=True, subscribes=True, crashes=1, faults=1)
EXPIRES_CRASHES = Scenario(revokes=0, ends_early=True, subscribes=True, crashes=2)
LATER = Scenario(issued_later=True, subscribes=True)

_HOLDS = {
    "logged out while it opens": (OPENS, 800),
    "logged out while it opens, 1 crash": (OPENS_CRASH, 3_800),
    "logged out while it opens, 2 crashes": (OPENS_CRASHES, 9_500),
    "closing fails": (OPENS_FAULT, 2_400),
    "closing fails, 1 crash": (OPENS_FAULT_CRASH, 10_000),
    "subscribes when it is open": (SUBSCRIBES, 3_200),
    "subscribes when it is open, 1 crash": (SUBSCRIBES_CRASH, 17_500),
    "subscribes once more, closing fails, 1 crash": (SUBSCRIBES_MORE, 35_000),
    "its token ends, too, 1 crash": (ENDS_EARLY, 22_000),
    "its token ends, too, closing fails, 1 crash": (ENDS_EARLY_FAULT, 50_000),
    "logged out twice": (TWICE, 12_000),
    "one message comes twice": (REDELIVERED, 15_000),
    "its token ends, closing fails, 1 crash": (EXPIRES, 900),
    "its token ends, 2 crashes": (EXPIRES_CRASHES, 1_100),
    "a newer token": (LATER, 60),
}

_BREAKS: list[tuple[type[Engine], Scenario]] = [
    (mutations.QueriesBeforeRevoked, OPENS),
    (mutations.ConnectReadsBeforeItWrites, OPENS),
    (mutations.ConnectReadsBeforeItsRow, OPENS),
    (mutations.ConnectDoesNotRead, OPENS),
    (mutations.ConnectWritesNoSession, OPENS),
    (mutations.ClosesOpeningSocketsOnce, OPENS),
    (mutations.LeavesRowsToDisconnect, OPENS),
    (mutations.LeavesMeta, SUBSCRIBES),
    (mutations.RemovesMetaBeforeRows, OPENS_CRASH),
    (mutations.DeletesTheSessionFirst, OPENS_CRASH),
    (mutations.PutsExpiryLast, OPENS_CRASH),
    (mutations.FailedCloseIsDropped, OPENS_FAULT),
    (mutations.SweepDeletesExpiryFirst, EXPIRES_CRASHES),
    (mutations.RevokesWhateverIsOpen, LATER),
]

HOLDS = [Case(name, of, Engine(of), states) for name, (of, states) in _HOLDS.items()]
BREAKS = [Case(words(engine.__name__), of, engine(of)) for engine, of in _BREAKS]
