import pytest

from tests.unit.model.cases import Case
from tests.unit.model.revoke_cases import BREAKS, HOLDS


@pytest.mark.parametrize("case", HOLDS, ids=str)
def test_whoever_was_logged_out_is_pushed_nothing_and_closed_in_the_end(case: Case) -> None:
    verdict = case.check()
    assert verdict.violation is None, str(verdict)
    assert verdict.states >= case.at_least


@pytest.mark.parametrize("case", BREAKS, ids=str)
def test_a_step_that_is_moved_or_left_out_leaves_somebody_in(case: Case) -> None:
    verdict = case.check()
    assert verdict.violation is not None, f"{case} holds in {verdict.states} states: it must break"
    assert verdict.trace


def test_a_mutation_is_tried_where_the_design_itself_holds() -> None:
    assert {case.scenario for case in BREAKS} <= {case.scenario for case in HOLDS}
