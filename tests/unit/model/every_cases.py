"""Where an `every` channel must keep its promise, and how each step that keeps it is left out."""

from tests.unit.model import every_mutations as mutations
from tests.unit.model.cases import Case
from tests.unit.model.every_engine import Engine, Scenario
from tests.unit.model.latest_cases import words

SUBSCRIBES = Scenario()
SUBSCRIBES_CRASH = Scenario(crashes=1)
SUBSCRIBES_CRASHES = Scenario(crashes=2)
SUBSCRIBES_FAULT = Scenario(faults=1)
SUBSCRIBES_FAULT_CRASH = Scenario(faults=1, crashes=1)
SUBSCRIBES_DUPLICATE = Scenario(duplicates=1)
THREE = Scenario(("a", "b", "c"))
RETURNS_CRASH = Scenario(since=1, history=2, crashes=1)
RETURNS_EXPIRED = Scenario(since=1, history=3, expiring=2)
RETURNS_EXPIRED_CRASH = Scenario(("a",), since=1, history=3, expiring=2, crashes=1)
RETURNS_IN_PARTS = Scenario(since=1, history=3, expiring=2, messages_per_reply=1)
WHOLE_HISTORY = Scenario(("a",), since=0, history=3, expiring=2, messages_per_reply=1)
PLAIN = Scenario(watcher="plain")
PLAIN_CRASH = Scenario(("a",), watcher="plain", history=1, crashes=1)
PLAIN_FAULT = Scenario(("a",), watcher="plain", faults=1)

_HOLDS = {
    "a client subscribes": (SUBSCRIBES, 800),
    "a client subscribes, 1 crash": (SUBSCRIBES_CRASH, 4_800),
    "a client subscribes, 2 crashes": (SUBSCRIBES_CRASHES, 12_000),
    "a post fails": (SUBSCRIBES_FAULT, 4_300),
    "a post fails, 1 crash": (SUBSCRIBES_FAULT_CRASH, 40_000),
    "an event comes twice": (SUBSCRIBES_DUPLICATE, 24_000),
    "three publishers": (THREE, 30_000),
    "a client returns, 1 crash": (RETURNS_CRASH, 5_500),
    "a client returns, history expires": (RETURNS_EXPIRED, 4_900),
    "a client returns, history expires, 1 crash": (RETURNS_EXPIRED_CRASH, 1_200),
    "a client returns, one message a reply": (RETURNS_IN_PARTS, 12_000),
    "a client asks for the whole history": (WHOLE_HISTORY, 1_000),
    "a plain client": (PLAIN, 39_000),
    "a plain client, 1 crash": (PLAIN_CRASH, 3_500),
    "a plain client, a post fails": (PLAIN_FAULT, 700),
}

_BREAKS: list[tuple[type[Engine], Scenario]] = [
    (mutations.NumbersOutsideTheTransaction, SUBSCRIBES_CRASH),
    (mutations.KnownIdStops, SUBSCRIBES_CRASH),
    (mutations.IgnoresKnownIds, SUBSCRIBES_DUPLICATE),
    (mutations.ReadsHistoryBeforeRow, SUBSCRIBES),
    (mutations.ReadsHistoryBeforeSequence, RETURNS_IN_PARTS),
    (mutations.RecoversInPart, RETURNS_EXPIRED),
    (mutations.SaysNothingOfMore, RETURNS_IN_PARTS),
    (mutations.ClientDropsWhatIsNotGreater, SUBSCRIBES),
    (mutations.ClientKeepsNothingBack, SUBSCRIBES),
    (mutations.FailedPostIsDropped, SUBSCRIBES_FAULT),
    (mutations.ConnectSendsNoCatchUp, PLAIN),
    (mutations.Young410IsIgnored, PLAIN),
    (mutations.Young410Deletes, PLAIN),
    (mutations.CatchUpStartsBehindTheMessage, PLAIN),
]

HOLDS = [Case(name, of, Engine(of), states) for name, (of, states) in _HOLDS.items()]
BREAKS = [Case(words(engine.__name__), of, engine(of)) for engine, of in _BREAKS]
