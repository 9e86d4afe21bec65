"""Compares a resource in the cloud with its inputs, for a refresh.

Not every answer leads back to inputs. An archive, a list of blocks and an input that a recipe's
`prepare` rebuilds count as unchanged.
"""

import json
from collections.abc import Mapping
from typing import Any, cast

from botocore.model import ListShape, Shape, StructureShape

from .paths import search
from .recipes.recipe import Inputs, Recipe
from .requests import member_of, pair_of, single


def drifted(recipe: Recipe, shape: StructureShape, inputs: Inputs, found: Any) -> Inputs:
    """The inputs that are otherwise in the cloud, as they are there; None for one that is gone.

    `shape` is that of the request that made the resource, and `found` the answer that reads it.
    """
    prepared = recipe.prepare(dict(inputs))
    now: Inputs = {}
    for name, value in inputs.items():
        given = _as_given(value, prepared.get(name))
        asked = prepared[name] if given else value
        member = recipe.rename.get(name) or member_of(shape, name)
        if name in recipe.reads:
            actual = search(recipe.reads[name], found)
        elif given and member in found and name not in recipe.ignore:
            actual = found[member]
        else:
            continue
        if member in shape.members and actual is not None:
            actual = _input(shape.members[member], asked, actual)
        if not _same(asked, recipe.defaults.get(name) if actual is None else actual):
            now[name] = _in_form(value, actual)
    return now


def _as_given(value: Any, prepared: Any) -> bool:
    """A document that is prepared is still one; a block may have become anything."""
    return prepared is value or (isinstance(value, str) and isinstance(prepared, str))


def _input(shape: Shape, asked: Any, actual: Any) -> Any:
    """The answer in the input's form, as far as the input goes."""
    match shape:
        case StructureShape() if isinstance(block := single(asked), dict):
            found = {
                name: _nested(shape, name, value, actual)
                for name, value in cast("Inputs", block).items()
            }
            return [found] if isinstance(asked, list) else found
        case ListShape() if key := pair_of(shape):
            return {entry[key]: entry["Value"] for entry in actual}
        case ListShape() if isinstance(shape.member, StructureShape):
            return asked
        case _:
            return actual


def _nested(shape: StructureShape, name: str, asked: Any, actual: Mapping[str, Any]) -> Any:
    member = member_of(shape, name)
    if member is None or member not in actual:
        return asked
    return _input(shape.members[member], asked, actual[member])


def _same(asked: Any, actual: Any) -> bool:
    """An API may write a number as text, a document with other spaces, a set in another order."""
    form = _in_form(asked, actual)
    if isinstance(asked, str) and isinstance(form, str):
        return asked == form or (
            _document(form) is not None and _document(asked) == _document(form)
        )
    if isinstance(asked, list) and isinstance(form, list):
        left, right = cast("list[Any]", asked), cast("list[Any]", form)
        found = (any(_same(item, other) for other in right) for item in left)
        return len(left) == len(right) and all(found)
    if isinstance(asked, dict) and isinstance(form, dict):
        wanted, there = cast("Inputs", asked), cast("Inputs", form)
        return all(_same(wanted.get(name), there.get(name)) for name in {*wanted, *there})
    return asked == form


def _in_form(asked: Any, actual: Any) -> Any:
    """The value in the type that the input has."""
    match asked, actual:
        case bool(), str():
            return actual.lower() == "true"
        case ((int() | float()), str()):
            return float(actual)
        case str(), dict() | list():
            return json.dumps(actual)
        case str(), bool() | int() | float():
            return json.dumps(actual)
        case _:
            return actual


def _document(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
