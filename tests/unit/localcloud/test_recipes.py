import json
import re
import string
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import botocore.session
import pulumi_aws
import pytest
from botocore.model import ListShape, Shape, StructureShape
from pulumi._types import input_type_py_to_pulumi_names

from localcloud.recipes import RECIPES
from localcloud.recipes.recipe import Accepted, Call, Recipe

PAGE = Path(__file__).parents[3] / "docs" / "localcloud.md"
SESSION = botocore.session.get_session()
CREATED = {type_: recipe for type_, recipe in RECIPES.items() if isinstance(recipe, Recipe)}
PACKAGES = {"lambda": "lambda_"}
TURNED = frozenset({"targets"})
"""Names within what a recipe prepares, which a rename may begin with."""
ACCEPTED = {type_: recipe for type_, recipe in RECIPES.items() if isinstance(recipe, Accepted)}


def fields(template: str) -> list[str]:
    return [name for _, name, _, _ in string.Formatter().parse(template) if name]


def member(shape: Shape | None, name: str) -> Shape:
    """The shape at the end of `[Member][0][Member]`; a KeyError says which is not there."""
    for step in name.replace("]", "").split("[")[1:]:
        shape = shape.member if isinstance(shape, ListShape) else _members(shape)[step]
    assert shape is not None
    return shape


def _members(shape: Shape | None) -> dict[str, Any]:
    return dict(cast("StructureShape", shape).members)


def templates(recipe: Recipe) -> Iterator[str]:
    yield recipe.id
    yield from recipe.outputs.values()


@pytest.mark.parametrize("type_", CREATED)
def test_every_template_reads_a_text_that_the_api_has(type_: str) -> None:
    recipe = CREATED[type_]
    operation = SESSION.get_service_model(recipe.service).operation_model(recipe.operation)
    shapes = {"request": operation.input_shape, "response": operation.output_shape}
    for name in (name for template in templates(recipe) for name in fields(template)):
        root = name.partition("[")[0]
        if root in shapes:
            assert member(shapes[root], name).type_name in ("string", "long"), name
        else:
            assert name in ("region", "account")


@pytest.mark.parametrize("type_", CREATED)
def test_every_rename_leads_to_a_member(type_: str) -> None:
    recipe = CREATED[type_]
    model = SESSION.get_service_model(recipe.service)
    known = set(_members(model.operation_model(recipe.operation).input_shape))
    nested = {name for shape in model.shape_names for name in _all_members(model.shape_for(shape))}
    for name, renamed in recipe.rename.items():
        assert renamed in (nested if "." in name else known)


def _all_members(shape: Shape) -> Iterator[str]:
    if isinstance(shape, StructureShape):
        yield from shape.members


def inputs(type_: str) -> set[str]:
    source, name = declared(type_)
    initial = getattr(source, f"{name}InitArgs", None)  # where a block has the shorter name
    return properties(initial or getattr(source, f"{name}Args"))


def outputs(type_: str) -> set[str]:
    source, name = declared(type_)
    return properties(getattr(source, f"_{name}State"))


def declared(type_: str) -> tuple[Any, str]:
    """The module of `pulumi_aws` that has the type, and what the type is called there."""
    _, path, name = type_.split(":")
    folder = path.partition("/")[0]
    package = getattr(pulumi_aws, PACKAGES.get(folder, folder))
    # Packages are lazy: one whose module is imported before anything of it is used stays half
    # loaded, for all tests that follow.
    assert getattr(package, name)
    return import_module(f"{package.__name__}.{snake(name)}"), name


def properties(class_: type) -> set[str]:
    return set(input_type_py_to_pulumi_names(class_).values())


def snake(name: str) -> str:
    return re.sub("(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


# `pulumi_aws` warns of a deprecated bucket when the other one is imported.
@pytest.mark.filterwarnings("ignore:s3.BucketV2")
@pytest.mark.parametrize("type_", RECIPES)
def test_every_input_that_a_row_names_is_one_of_the_type(type_: str) -> None:
    row = RECIPES[type_]
    named = {*row.replaces, *row.defaults, *(path.partition(".")[0] for path in row.kept)}
    if row.name:
        named.add(row.name.input)
    if isinstance(row, Recipe):
        named |= {*row.ignore, *row.after, *row.changes, *row.reads}
        named |= {name.partition(".")[0] for name in row.rename}
    assert named - TURNED <= inputs(type_)


@pytest.mark.filterwarnings("ignore:s3.BucketV2")
@pytest.mark.parametrize("type_", RECIPES)
def test_every_output_that_a_row_offers_is_one_of_the_type(type_: str) -> None:
    row = RECIPES[type_]
    offered = {*row.outputs, *(path.partition(".")[0] for path in row.made_up)}
    assert offered <= outputs(type_)


@pytest.mark.parametrize("type_", CREATED)
def test_every_call_of_a_row_says_what_the_api_requires(type_: str) -> None:
    recipe = CREATED[type_]
    service = SESSION.get_service_model(recipe.service)
    for call in (recipe.read, recipe.delete):
        if isinstance(call, Call):
            shape = service.operation_model(call.operation).input_shape
            assert required(shape) <= recipe.key.keys() | call.members.keys()
            assert call.members.keys() <= _members(shape).keys()
    if recipe.update:
        made = _members(service.operation_model(recipe.operation).input_shape)
        shape = service.operation_model(recipe.update).input_shape
        assert required(shape) <= recipe.key.keys() | made.keys()


def required(shape: StructureShape | None) -> set[str]:
    assert shape is not None
    return set(shape.required_members)


@pytest.mark.parametrize("type_", ACCEPTED)
def test_what_is_accepted_without_effect_says_why_and_offers_only_what_it_knows(type_: str) -> None:
    recipe = ACCEPTED[type_]
    assert recipe.because
    module, _, name = type_.removeprefix("aws:").partition("/")
    assert f"`{module}.{name.partition(':')[2]}`" in PAGE.read_text()
    names = {name for template in recipe.outputs.values() for name in fields(template)}
    assert names <= {"name", "region", "account"}


@pytest.mark.parametrize(
    ("action", "allowed"),
    [
        ("sqs:SendMessage", ["sqs:SendMessage", "sqs:SendMessageBatch"]),
        (["sqs:SendMessage"], ["sqs:SendMessage", "sqs:SendMessageBatch"]),
        (["sqs:ReceiveMessage"], ["sqs:ReceiveMessage"]),
    ],
)
def test_who_may_send_a_message_may_send_several_at_once(action: object, allowed: object) -> None:
    recipe = CREATED["aws:iam/rolePolicy:RolePolicy"]
    statement = {"Effect": "Allow", "Action": action, "Resource": "arn:aws:sqs:::queue"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    (prepared,) = json.loads(recipe.prepare({"policy": document})["policy"])["Statement"]
    assert prepared == statement | {"Action": allowed}


def test_a_policy_of_one_statement_is_not_a_list_and_may_deny_by_exception() -> None:
    recipe = CREATED["aws:iam/rolePolicy:RolePolicy"]
    statement = {"Effect": "Deny", "NotAction": "sqs:SendMessage", "Resource": "*"}
    prepared = recipe.prepare({"policy": json.dumps({"Statement": statement})})["policy"]
    assert json.loads(prepared) == {"Statement": [statement]}
