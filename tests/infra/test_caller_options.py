"""A component's options are its own: its children get the parent and nothing of the caller's."""

import inspect
from typing import Any

import pulumi
import pytest

from tests.infra.harness import deploy_stack
from tests.infra.test_component_form import COMPONENTS

FORMER = "a-former-name"


def test_what_a_caller_says_of_a_component_is_said_of_no_child(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for component in COMPONENTS:
        monkeypatch.setattr(component, "__init__", with_an_alias(component.__init__))
    deployed = deploy_stack("prod")
    said = {resource.name for resource in deployed.resources if FORMER in resource.aliases}
    assert said == {resource.name for resource in deployed.resources if not resource.custom}


def with_an_alias(constructor: Any) -> Any:
    parameters = inspect.signature(constructor)

    def construct(*arguments: Any, **named: Any) -> None:
        bound = parameters.bind(*arguments, **named)
        alias = pulumi.ResourceOptions(aliases=[pulumi.Alias(name=FORMER)])
        options = bound.arguments.get("opts")
        bound.arguments["opts"] = pulumi.ResourceOptions.merge(options, alias)
        constructor(*bound.args, **bound.kwargs)

    return construct
