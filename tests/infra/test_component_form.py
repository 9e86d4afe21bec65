import ast
import dataclasses
import importlib
import inspect
import itertools
import pkgutil
import types
import typing

import pulumi
import pytest
from pulumi.provider.experimental.analyzer import Analyzer

import components
from components.realtime_api.grants import Granting
from components.resources.arguments import InvalidArgument

MODULES = [
    importlib.import_module(info.name)
    for info in pkgutil.walk_packages(components.__path__, "components.")
]
COMPONENTS = sorted(
    {
        value
        for module in MODULES
        for value in vars(module).values()
        if inspect.isclass(value)
        and issubclass(value, pulumi.ComponentResource)
        and value is not Granting
        and value.__module__.startswith("components")
    },
    key=lambda component: component.__name__,
)
CONFIGURED = [c for c in COMPONENTS if "args" in inspect.signature(c.__init__).parameters]
ARGUMENTS = [inspect.get_annotations(c.__init__)["args"] for c in CONFIGURED]
DATACLASSES = [
    *ARGUMENTS,
    components.ChannelRule,
    components.FunctionDefaults,
    components.IndexArgs,
    components.TokenArgs,
]


def definition(class_: type) -> ast.ClassDef:
    (node,) = ast.parse(inspect.getsource(class_)).body
    assert isinstance(node, ast.ClassDef)
    return node


def documented(class_: type) -> set[str]:
    """Annotated attributes with a string under them, which editors and the schema show."""
    body = definition(class_).body
    return {
        field.target.id
        for field, below in itertools.pairwise(body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(below, ast.Expr)
        and isinstance(below.value, ast.Constant)
    }


def test_there_are_components_to_hold_to_their_form() -> None:
    assert {"RealtimeApi", "Function"} <= {component.__name__ for component in COMPONENTS}


@pytest.mark.parametrize("component", COMPONENTS)
def test_a_components_token_is_its_class(component: type[pulumi.ComponentResource]) -> None:
    source = inspect.getsource(component)
    token = f'super().__init__("realtime:index:{component.__name__}", name, None, opts)'
    assert token in source


@pytest.mark.parametrize("component", COMPONENTS)
def test_a_component_takes_a_name_arguments_and_options(
    component: type[pulumi.ComponentResource],
) -> None:
    parameters = list(inspect.signature(component.__init__).parameters)
    assert [name for name in parameters if name != "args"] == ["self", "name", "opts"]


@pytest.mark.parametrize("component", COMPONENTS)
def test_a_constructor_is_a_list_that_fits_a_screen(
    component: type[pulumi.ComponentResource],
) -> None:
    lines = inspect.getsource(component.__init__).splitlines()
    assert len(lines) <= 40
    assert "register_outputs(" in "\n".join(lines[-12:])


@pytest.mark.parametrize("component", COMPONENTS)
def test_a_components_public_outputs_are_documented(
    component: type[pulumi.ComponentResource],
) -> None:
    outputs = inspect.get_annotations(component)
    assert outputs
    assert all(typing.get_origin(kind) is pulumi.Output for kind in outputs.values())
    assert documented(component) == outputs.keys()


@pytest.mark.parametrize("arguments", DATACLASSES)
def test_arguments_are_frozen_and_named(arguments: type) -> None:
    assert dataclasses.is_dataclass(arguments)
    decorator = ast.unparse(definition(arguments).decorator_list[0])
    assert "frozen=True" in decorator
    assert all(field.kw_only for field in dataclasses.fields(arguments))


@pytest.mark.parametrize("arguments", DATACLASSES)
def test_every_argument_says_what_it_means(arguments: type) -> None:
    fields = {field.name for field in dataclasses.fields(arguments)}
    assert documented(arguments) == fields


@pytest.mark.parametrize("arguments", DATACLASSES)
def test_a_value_of_another_kind_is_refused_in_each_argument(arguments: type) -> None:
    """By its own sentence: Pulumi would send it to AWS as it is."""
    names = [field.name for field in dataclasses.fields(arguments)]
    with pytest.raises(InvalidArgument, match=f"^{names[0]} must be"):
        arguments(**dict.fromkeys(names, b"bytes"))


@pytest.mark.parametrize("arguments", DATACLASSES)
def test_an_optional_argument_is_one_in_every_language(arguments: type) -> None:
    for field in dataclasses.fields(arguments):
        accepts_none = type(None) in typing.get_args(field.type)
        assert field.default is (None if accepts_none else dataclasses.MISSING), field.name
        assert field.default_factory is dataclasses.MISSING


def test_pulumi_can_offer_the_components_to_every_language() -> None:
    result = Analyzer("realtime").analyze(CONFIGURED)
    schema = result["component_definitions"]
    assert schema.keys() == {component.__name__ for component in CONFIGURED}
    inputs = schema["RealtimeApi"].inputs
    required = {name for name, described in inputs.items() if not described.optional}
    assert required == {
        *("stageName", "channels", "throttlingRateLimit", "defaults"),
    }
    assert all(described.description for described in inputs.values())


def test_no_module_hides_its_annotations_from_the_schema() -> None:
    for module in MODULES:
        assert isinstance(module, types.ModuleType)
        assert "annotations" not in vars(module), f"{module.__name__}: no __future__ annotations"
