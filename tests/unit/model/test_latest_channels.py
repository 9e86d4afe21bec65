import pytest

from handlers.realtime.delivery.retry import LAST_ATTEMPT
from handlers.realtime.delivery.serving import HANDSHAKE_MS
from tests.unit.model.cases import Case
from tests.unit.model.latest_cases import BEYOND, BREAKS, HOLDS

pytestmark = pytest.mark.exhaustive


@pytest.mark.parametrize("case", HOLDS, ids=str)
def test_the_last_value_is_shown_and_the_screen_never_goes_back(case: Case) -> None:
    verdict = case.check()
    assert verdict.violation is None, str(verdict)
    assert verdict.states >= case.at_least


@pytest.mark.parametrize("case", BREAKS, ids=str)
def test_a_step_that_is_moved_or_left_out_loses_a_value(case: Case) -> None:
    verdict = case.check()
    assert verdict.violation is not None, f"{case} holds in {verdict.states} states: it must break"
    assert verdict.trace


def test_a_mutation_is_tried_where_the_design_itself_holds() -> None:
    assert {case.scenario for case in BREAKS} <= {case.scenario for case in HOLDS}


@pytest.mark.parametrize("case", BEYOND, ids=str)
def test_what_is_documented_as_not_guaranteed_is_indeed_not(case: Case) -> None:
    assert case.check().violation == "the screen shows v1, v2 was published"


def test_the_attempts_of_a_catch_up_outlast_a_handshake() -> None:
    # The one bound that the model takes for granted: its `read_row` makes the last attempt wait.
    seconds = 1 + sum(2**attempt for attempt in range(1, LAST_ATTEMPT + 1))
    assert 2 * 29_000 < HANDSHAKE_MS < seconds * 1000
