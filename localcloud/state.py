"""Remembers the resources of a program's deployments, so that the next changes the differences.

Pulumi's engine does the same from its state file; this state lives as long as its process.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, cast

import pulumi

from .lifecycle import Lifecycle, row
from .recipes.recipe import Inputs, Row
from .requests import content, zipped

Key = tuple[str, str]
"""Type and logical name, which identify a resource in a program."""


@dataclass(frozen=True, kw_only=True)
class Resource:
    """A resource that is in the cloud now."""

    type_: str
    id: str
    region: str
    inputs: Inputs
    outputs: Inputs
    contents: Inputs
    """The inputs, with a digest for each archive and asset: its files may change on the disk."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """One thing that a deployment did."""

    verb: Literal["created", "updated", "replaced", "deleted"]
    type_: str
    name: str


class State:
    """Shared by the threads of one deployment at a time, and by the deployments in turn."""

    def __init__(self) -> None:
        self.changes: list[Change] = []
        """By the latest deployment."""
        self._resources: dict[Key, Resource] = {}
        self._declared = set[Key]()
        self._replaced: list[Resource] = []
        """Still in the cloud: their dependents moved to the replacement in the meantime."""

    def begin(self) -> None:
        self.changes.clear()
        self._declared.clear()

    def of(self, type_: str) -> Mapping[str, Resource]:
        """The resources of the type by their logical names."""
        return {name: one for (kind, name), one in self._resources.items() if kind == type_}

    def apply(
        self, cloud: Lifecycle, type_: str, name: str, inputs: Inputs, region: str, seed: bytes
    ) -> Resource:
        """Brings the resource to these inputs, by as little as its type allows."""
        key = (type_, name)
        self._declared.add(key)
        before = self._resources.get(key)
        if before is None:
            return self._create(cloud, "created", key, inputs, region, seed)
        rule = row(type_).name
        if rule:  # a made-up name stays
            inputs = {rule.input: before.outputs[rule.input], **inputs}
        wanted = _completed(row(type_), before.inputs, inputs)
        contents = _comparable(wanted)
        changed = _differing(before.contents, contents)
        if changed & row(type_).replaces or region != before.region:
            self._retire(cloud, key, before)
            return self._create(cloud, "replaced", key, inputs, region, seed)
        outputs = before.outputs
        if changed:
            outputs = cloud.update(type_, before.id, outputs, wanted, changed, region)
            self.changes.append(Change(verb="updated", type_=type_, name=name))
        updated = replace(before, inputs=wanted, outputs=outputs, contents=contents)
        self._resources[key] = updated
        return updated

    def finish(self, cloud: Lifecycle) -> None:
        """Deletes, dependents first, the resources that the program has ceased to declare."""
        for one in reversed(self._replaced):
            _delete(cloud, one)
        self._replaced.clear()
        for key in reversed([key for key in self._resources if key not in self._declared]):
            _delete(cloud, self._resources.pop(key))
            self.changes.append(Change(verb="deleted", type_=key[0], name=key[1]))

    def _create(
        self,
        cloud: Lifecycle,
        verb: Literal["created", "replaced"],
        key: Key,
        inputs: Inputs,
        region: str,
        seed: bytes,
    ) -> Resource:
        type_, name = key
        id_, outputs = cloud.create(type_, name, inputs, region, seed)
        rule = row(type_).name
        if rule:
            inputs = {**inputs, rule.input: outputs[rule.input]}
        made = Resource(
            type_=type_,
            id=id_,
            region=region,
            inputs=inputs,
            outputs=outputs,
            contents=_comparable(inputs),
        )
        self._resources[key] = made
        self.changes.append(Change(verb=verb, type_=type_, name=name))
        return made

    def _retire(self, cloud: Lifecycle, key: Key, before: Resource) -> None:
        """A resource with a name is deleted at once: its replacement has the same name."""
        del self._resources[key]
        if row(key[0]).name or row(key[0]).delete_first:
            _delete(cloud, before)
        else:
            self._replaced.append(before)


def _delete(cloud: Lifecycle, one: Resource) -> None:
    cloud.delete(one.type_, one.id, one.outputs, one.inputs, one.region)


def _completed(kind: Row, before: Inputs, inputs: Inputs) -> Inputs:
    """With the kept value, or the default, of each input that the program no longer gives."""
    removed = before.keys() - inputs.keys()
    kept = {name: before[name] for name in removed & kind.kept}
    reset = {name: kind.defaults[name] for name in removed & kind.defaults.keys()}
    return {**reset, **kept, **inputs}


def _differing(before: Inputs, after: Inputs) -> frozenset[str]:
    names = before.keys() | after.keys()
    return frozenset(name for name in names if before.get(name) != after.get(name))


def _comparable(value: Any) -> Any:
    if isinstance(value, pulumi.Archive):
        return hashlib.sha256(zipped(value)).hexdigest()
    if isinstance(value, pulumi.Asset):
        return hashlib.sha256(content(value)).hexdigest()
    if isinstance(value, Mapping):
        items = cast("Mapping[str, Any]", value).items()
        return {name: _comparable(item) for name, item in items}
    if isinstance(value, list):
        return [_comparable(item) for item in cast("list[Any]", value)]
    return value
