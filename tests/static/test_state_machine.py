"""The saga of the orders, by a linter of Amazon's States Language.

CloudFormation's linter holds each state to a schema; this one follows the transitions.
"""

import copy
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from statelint.linter import Linter

from tests.calls import dynamodb

from . import graphs

pytestmark = pytest.mark.xdist_group("graphs")

CALL = re.compile("arn:aws:states:::dynamodb:(.*)")
Machine = dict[str, Any]


@pytest.fixture(scope="module")
def machine() -> Machine:
    deployment = graphs.graph("orders").deployment
    return json.loads(deployment.one("aws:sfn/stateMachine:StateMachine").inputs["definition"])


def test_the_saga_is_a_state_machine(machine: Machine) -> None:
    assert Linter.validate(machine) == []


def test_what_the_saga_asks_of_dynamodb_keeps_to_its_rules(machine: Machine) -> None:
    calls = [
        (call[1], state["Parameters"])
        for state in machine["States"].values()
        if (call := CALL.fullmatch(state.get("Resource", "")))
    ]
    assert calls
    for name, parameters in calls:
        operation = name[0].upper() + name[1:]
        assert list(dynamodb.violations(operation, parameters, keys={})) == []


BROKEN: Mapping[str, Callable[[Machine], object]] = {
    'No state found named "Nowhere"': lambda m: first(m).update(Next="Nowhere"),
    "StartAt value Nowhere not found": lambda m: m.update(StartAt="Nowhere"),
    "No transition found to state State Machine.Lost": lambda m: m["States"].update(
        Lost={"Type": "Succeed"}
    ),
    "not a JSONPath or intrinsic function": lambda m: first(m)["Parameters"].update(
        {"at.$": "States.Formt('{}')"}
    ),
    "should be a Reference Path": lambda m: first(m).update(ResultPath="order"),
    'Field "Retries" not allowed': lambda m: first(m).update(Retries=[]),
}


def first(machine: Machine) -> dict[str, Any]:
    return machine["States"][machine["StartAt"]]


@pytest.mark.parametrize("sentence", BROKEN)
def test_the_linter_finds_what_no_execution_could_follow(machine: Machine, sentence: str) -> None:
    broken = copy.deepcopy(machine)
    BROKEN[sentence](broken)
    assert any(sentence in finding for finding in Linter.validate(broken))
