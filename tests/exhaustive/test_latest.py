"""Every client of a `latest` channel ends on the last value, and its screen never goes back.

The real publisher, worker and subscriptions take their steps in every order, die between any two of
them and are called again. `pytest -rP` prints how many situations that makes.
"""

from dataclasses import replace

import pytest

from handlers.realtime.delivery.outcomes import HANDSHAKE_MS
from handlers.realtime.delivery.retry import LAST_ATTEMPT
from handlers.realtime.engine import Limits
from handlers.realtime.model import Outcome

from .explorer import explore
from .latest import Latest
from .latest_setup import (
    Setup,
    connecting,
    connecting_and_subscribing,
    subscribing_again,
)

RANGES = Setup(limits=Limits(inline_maximum=0, range_size=1), others=("b",), ticks=0)
SETUPS = {
    "two publishers": (Setup(), 1_700),
    "two publishers, one crash, two workers": (Setup(crashes=1, workers=2), 20_000),
    "two publishers, two crashes": (Setup(crashes=2, ticks=0), 14_000),
    "two publishers, a task comes twice, two workers": (Setup(duplicates=1, workers=2), 9_000),
    "one publisher, a task comes twice, one crash": (
        Setup(versions=(1,), breaks=Outcome.FAILED, ticks=0, duplicates=1, crashes=1, workers=2),
        45_000,
    ),
    "two publishers that wait, one crash": (Setup(patient=True, crashes=1), 31_000),
    "two publishers, posts that fail": (Setup(breaks=Outcome.FAILED, ticks=0), 2_000),
    "two publishers, posts that are slow": (Setup(breaks=Outcome.SLOW, ticks=0), 2_000),
    "two publishers, posts that get no answer": (Setup(breaks=Outcome.UNANSWERED, ticks=0), 2_000),
    "two publishers, posts that do not start": (Setup(breaks=Outcome.UNSTARTED, ticks=0), 2_000),
    "one publisher, posts that fail, one crash": (
        Setup(versions=(1,), breaks=Outcome.FAILED, ticks=0, crashes=1),
        1_600,
    ),
    "two publishers of one version, one crash": (Setup(versions=(1, 1), crashes=1), 20_000),
    "three publishers": (Setup(versions=(1, 2, 3), ticks=0), 2_900),
    "three publishers, one crash": (Setup(versions=(1, 2, 3), ticks=0, crashes=1), 30_000),
    "clicks in batches that change, one crash": (
        Setup(versions=(), clicks=("a", "b"), in_an_interval=True, ticks=0, crashes=1),
        30_000,
    ),
    "subscribers in ranges": (RANGES, 10_000),
    "subscribers in ranges, one publisher, one crash": (
        replace(RANGES, versions=(1,), crashes=1),
        7_700,
    ),
    "a client that subscribes twice": (Setup(client=subscribing_again, ticks=0), 800),
    "a client whose function dies": (Setup(client_dies=True, crashes=1, workers=2, ticks=0), 3_900),
    "a plain client": (Setup(client=connecting, ticks=0), 4_000),
    "a plain client, one crash": (Setup(client=connecting, ticks=0, crashes=1), 50_000),
    "a plain client, one publisher, two crashes": (
        Setup(client=connecting, versions=(1,), ticks=0, crashes=2),
        11_000,
    ),
    "a plain client, one publisher, a task comes twice": (
        Setup(client=connecting, versions=(1,), duplicates=1, workers=2),
        22_000,
    ),
    "a plain client, posts that do not start": (
        Setup(client=connecting, versions=(1,), ticks=0, breaks=Outcome.UNSTARTED),
        1_000,
    ),
    "a plain client, posts that fail": (
        Setup(client=connecting, versions=(1,), ticks=0, breaks=Outcome.FAILED),
        900,
    ),
    "a plain client that says what it has, one crash": (
        Setup(client=connecting, since=0, versions=(1,), ticks=0, crashes=1),
        1_600,
    ),
    "a plain client that subscribes when it is open": (
        Setup(client=connecting_and_subscribing, ticks=0),
        17_000,
    ),
    "a plain client whose handshake is over before a post is answered": (
        Setup(client=connecting, versions=(1,), tick_ms=HANDSHAKE_MS),
        390,
    ),
}


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", SETUPS)
def test_the_client_ends_on_the_last_value_in_every_order(name: str) -> None:
    setup, at_least = SETUPS[name]
    result = explore(Latest(setup))
    print(f"{name}: {result.situations:,} situations")  # noqa: T201 - see above
    assert result.faults == {}
    assert result.situations >= at_least


def test_the_attempts_of_a_retry_outlast_a_handshake() -> None:
    # The one bound that the explorer takes for granted: see `Setup.attempts_outlast_a_handshake`.
    seconds = 1 + sum(2**attempt for attempt in range(1, LAST_ATTEMPT + 1))
    assert 2 * 29_000 < HANDSHAKE_MS < seconds * 1000
