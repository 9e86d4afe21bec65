import importlib
from dataclasses import fields
from typing import Any

import pytest

from tests.infra.harness import ROOT, Deployment
from tests.infra.identified import deploy_with_tokens

FUNCTION = "aws:lambda/function:Function"
POWERTOOLS = {
    "POWERTOOLS_SERVICE_NAME",
    "POWERTOOLS_METRICS_NAMESPACE",
    "POWERTOOLS_LOG_LEVEL",
}
FUNCTIONS = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in (ROOT / "handlers").rglob("*.py")
    if "\ndef handler(" in path.read_text()
)


def variables(deployment: Deployment) -> dict[str, dict[str, Any]]:
    """Handler's module -> what the component sets."""
    return {
        function.inputs["handler"].removesuffix(".handler"): function.inputs["environment"][
            "variables"
        ]
        for function in deployment.of(FUNCTION)
    }


@pytest.fixture(scope="module")
def with_tokens() -> Deployment:
    return deploy_with_tokens()


def test_every_handler_is_deployed_and_every_function_has_one(
    deployment: Deployment, with_tokens: Deployment
) -> None:
    assert sorted(variables(deployment) | variables(with_tokens)) == FUNCTIONS


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_is_given_exactly_the_variables_that_it_reads(
    deployment: Deployment, with_tokens: Deployment, name: str
) -> None:
    module = importlib.import_module(name)
    read = {field.name.upper() for field in fields(module.Environment)}
    given = [made[name] for made in map(variables, (deployment, with_tokens)) if name in made]
    assert given
    assert all(one.keys() == read | POWERTOOLS for one in given)


def test_every_variable_is_a_text_and_not_empty(
    deployment: Deployment, with_tokens: Deployment
) -> None:
    for name, given in (*variables(deployment).items(), *variables(with_tokens).items()):
        assert all(isinstance(value, str) and value for value in given.values()), name


def test_the_logs_of_a_function_name_its_component(deployment: Deployment) -> None:
    for name, given in variables(deployment).items():
        # In this program a component is called like the folder of its functions.
        assert given["POWERTOOLS_SERVICE_NAME"] == name.split(".")[1]
