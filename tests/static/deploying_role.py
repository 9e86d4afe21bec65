"""The least policy of the role that deploys, by the types of a graph and deploy_actions.toml.

A grant is one action on one resource under one condition: what another document grants already can
be taken away before they become statements.
"""

import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict

from tests.infra.harness import ROOT, Deployment, Resource

from . import graphs

STACKS = ROOT / "docs" / "deploy-policy.json"
OPTIONS = ROOT / "docs" / "deploy-policy-options.json"
ORDERS = ROOT / "examples" / "orders" / "deploy-policy.json"
PROJECT = "realtime"


class Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    types: Sequence[str]
    on: Sequence[str]
    create: Sequence[str]
    read: Sequence[str] = ()
    update: Sequence[str] = ()
    delete: Sequence[str] = ()
    passes: str | None = None

    @property
    def actions(self) -> set[str]:
        return {*self.create, *self.read, *self.update, *self.delete}


class Action(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    on: Sequence[str]
    when: Mapping[str, Mapping[str, Any]] = {}


class Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    rows: Sequence[Row]
    actions: Mapping[str, Action]


class Grant(NamedTuple):
    action: str
    resource: str
    condition: str
    """As JSON."""


TABLE = Table.model_validate(
    tomllib.loads(Path(__file__).with_name("deploy_actions.toml").read_text(encoding="utf-8"))
)
ROWS: Mapping[str, Row] = {type_: row for row in TABLE.rows for type_ in row.types}


def documents() -> dict[Path, dict[str, Any]]:
    """For both stacks, for everything that can be switched on in addition, and for the example."""
    stacks = {grant for name in ("dev", "prod") for grant in _of(name)}
    return {
        STACKS: document(stacks),
        OPTIONS: document(_of("everything") - stacks),
        ORDERS: document(_of("orders")),
    }


def _of(name: str) -> set[Grant]:
    return grants(graphs.graph(name).deployment)


def grants(deployment: Deployment) -> set[Grant]:
    """What deploys the graph, with the names that its components give."""
    by_name = {one.name: one for one in deployment.resources}
    outermost = {one.name: _outermost(one, by_name) for one in deployment.resources}
    return {
        grant
        for resource in deployment.resources
        if resource.custom
        for grant in _granted(resource, _first(outermost[resource.name], outermost.values()))
    }


def document(granted: Iterable[Grant]) -> dict[str, Any]:
    """The grants as statements: actions together that are allowed on the same."""
    on: dict[tuple[str, str], set[str]] = {}
    for action, resource, condition in granted:
        on.setdefault((action, condition), set()).add(resource)
    together: dict[tuple[tuple[str, ...], str], list[str]] = {}
    for (action, condition), resources in sorted(on.items()):
        together.setdefault((tuple(sorted(resources)), condition), []).append(action)
    statements: list[dict[str, Any]] = []
    for (resources, condition), actions in together.items():
        statement = {"Effect": "Allow", "Action": actions, "Resource": list(resources)}
        when = json.loads(condition)
        statements.append(statement | ({"Condition": when} if when else {}))
    return {"Version": "2012-10-17", "Statement": statements}


def _granted(resource: Resource, component: str) -> Iterator[Grant]:
    row = ROWS[resource.type]
    folder = str(resource.inputs.get("namePrefix", "")).partition(component)[0]
    names = {"{component}": component, "{folder}": folder, "{project}": PROJECT}
    for action in row.actions:
        special = TABLE.actions.get(action)
        when: Mapping[str, Any] = special.when if special else {}
        if action == "iam:PassRole":
            when = {"StringEquals": {"iam:PassedToService": row.passes}}
        condition = _named(json.dumps(when, sort_keys=True), names)
        for template in special.on if special else row.on:
            yield Grant(action, _named(template, names), condition)


def _named(template: str, names: Mapping[str, str]) -> str:
    for place, name in names.items():
        template = template.replace(place, name)
    return template


def _outermost(resource: Resource, by_name: Mapping[str, Resource]) -> str:
    while resource.parent:
        resource = by_name[resource.parent]
    return resource.name


def _first(component: str, components: Iterable[str]) -> str:
    """The first region's component of the kind: names of another region's begin with its name."""
    return min((one for one in components if f"{component}-".startswith(f"{one}-")), key=len)
