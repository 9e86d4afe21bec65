"""Plans a change of inputs: the names that the provider makes up, and the replacements.

As pulumi-aws has it: https://github.com/pulumi/pulumi-aws/blob/master/provider/resources_overlays.go
"""

import os
from collections.abc import Set as AbstractSet
from typing import Any

from pulumi.runtime.proto import provider_pb2

from ..names import physical_name
from ..recipes.recipe import Name, Row
from .properties import DEFAULTS, Bag, changed, completed, data, put

PropertyDiff = provider_pb2.PropertyDiff


def give_name(rule: Name, name: str, seed: bytes, olds: Bag, inputs: Bag) -> None:
    """Keeps the name that was made up before; raises NameTooLong."""
    if rule.input in inputs.fields or rule.prefix in inputs.fields:
        return
    if rule.input in _defaults(olds):
        inputs.fields[rule.input].CopyFrom(olds.fields[rule.input])
    else:
        made_up = physical_name(rule, name, seed or os.urandom(8), data(inputs))
        put(inputs, {rule.input: made_up})
    put(inputs, {DEFAULTS: [rule.input]})


def changes(row: Row, request: Any) -> tuple[set[str], Bag]:
    """Which inputs a Diff or Update request changes, and all of them as they are to be."""
    olds = completed(request.old_inputs, request.olds, row.kept, row.defaults)
    news = completed(request.news, request.olds, row.kept, row.defaults)
    names = set(changed(olds, news))
    for name in row.defaults.keys() - names - request.news.fields.keys():
        del news.fields[name]
    return names, news


def difference(row: Row, olds: Bag, news: Bag, names: AbstractSet[str]) -> Any:
    """The answer that these inputs differ."""
    if not names:
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)
    replaces = sorted(names & (row.replaces | {"region"}))
    return provider_pb2.DiffResponse(
        changes=provider_pb2.DiffResponse.DIFF_SOME,
        diffs=sorted(names),
        replaces=replaces,
        detailedDiff={
            name: PropertyDiff(kind=_kind(name, olds, news, replaces), inputDiff=True)
            for name in names
        },
        hasDetailedDiff=True,
        deleteBeforeReplace=bool(replaces) and _in_the_way(row, news),
    )


def _in_the_way(row: Row, news: Bag) -> bool:
    """The resource that is there has a name that the new one needs, or cannot be there twice."""
    made_up = _defaults(news)
    named = row.name is not None and row.name.input in news.fields.keys() - made_up
    return row.delete_first or named


def _kind(name: str, olds: Bag, news: Bag, replaces: list[str]) -> Any:
    base = "ADD" if name not in olds.fields else "UPDATE" if name in news.fields else "DELETE"
    return PropertyDiff.Kind.Value(f"{base}_REPLACE" if name in replaces else base)


def _defaults(bag: Bag) -> set[str]:
    if DEFAULTS not in bag.fields:
        return set()
    return {value.string_value for value in bag.fields[DEFAULTS].list_value.values}
