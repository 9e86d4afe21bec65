"""Says a graph of Pulumi's resources as CloudFormation templates, one a region, for its linter.

AWS's own schema of a type leads: a property that is spelled as the input, but for case and a final
"s", takes it, in the form that the schema asks for. An input without a place is an error.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, cast

from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from localcloud.recipes import RECIPES
from localcloud.recipes.recipe import Recipe
from tests.infra.harness import Resource

from .graphs import Graph, key
from .resource_types import ROWS, Part, Row

Json = dict[str, Any]
Path = tuple[str, ...]

PREPARED = (
    *("aws:apigatewayv2/stage:Stage", "aws:cloudwatch/metricAlarm:MetricAlarm"),
    *("aws:cognito/userPool:UserPool", "aws:dynamodb/table:Table"),
)
"""AWS's API groups their inputs as CloudFormation does, and so does the local cloud's recipe."""


class Unmapped(LookupError):
    """The graph holds what the table of resource types does not know."""


def templates(graph: Graph) -> dict[str, Json]:
    """Region -> template."""
    found: dict[str, Json] = {}
    resources = [one for one in graph.deployment.resources if one.custom]
    for resource in resources:
        row = _row(resource)
        if row.cloudformation:
            template = found.setdefault(_region(resource, graph), {"Resources": {}})
            template["Resources"][logical_id(resource)] = {
                "Type": row.cloudformation,
                "Properties": _properties(resource, row, _schema(row.cloudformation)),
            }
    for resource in resources:
        if part := _row(resource).part:
            whole = _whole(resource, part, graph)
            template = found[_region(whole, graph)]
            _add_part(template["Resources"][logical_id(whole)], resource, part)
    return found


def logical_id(resource: Resource) -> str:
    return re.sub(r"\W|_", "", f"{resource.name}-{resource.type.rpartition(':')[2]}")


def _row(resource: Resource) -> Row:
    if resource.type not in ROWS:
        raise Unmapped(f"resource_types.toml needs a row for {resource.type}, of {resource.name}")
    return ROWS[resource.type]


def _region(resource: Resource, graph: Graph) -> str:
    return resource.inputs.get("region", graph.region)


def _schema(type_: str) -> Json:
    manager: Any = PROVIDER_SCHEMA_MANAGER
    return manager.get_resource_schema("us-east-1", type_).schema


def _properties(resource: Resource, row: Row, schema: Json) -> Json:
    properties: Json = {}
    within = (row.under,) if row.under else ()
    if row.name:
        _put(properties, (*within, row.name), f"{resource.name}-0123456")
    for name, value in _inputs(resource, row).items():
        target = row.rename.get(name) or _same(_node(schema, within), name)
        if target is None:
            raise Unmapped(f"{row.cloudformation} has no property for {name!r} of {resource.type}")
        path = (*within, *target.split("."))
        converted = _Converter(schema, row.rename)(_node(schema, path), value, name)
        _put(properties, path, converted)
    for target, value in row.add.items():
        _put(properties, tuple(target.split(".")), value)
    return properties


def _inputs(resource: Resource, row: Row) -> Json:
    """Without those that are empty, left out by the row, or tell the provider a region."""
    inputs = {
        name: value
        for name, value in resource.inputs.items()
        if value is not None and name not in {*row.omit, "region"}
    }
    if resource.type not in PREPARED:
        return inputs
    recipe = RECIPES[resource.type]
    assert isinstance(recipe, Recipe)
    return recipe.prepare(inputs)


def _put(properties: Json, path: Path, value: Any) -> None:
    for name in path[:-1]:
        properties = properties.setdefault(name, {})
    properties[path[-1]] = value


def _node(schema: Json, path: Path) -> Json:
    node = schema
    for name in path:
        node = _resolved(schema, node["properties"][name])
    return node


def _resolved(schema: Json, node: Json) -> Json:
    """The node that a reference means, or the first of those to choose from."""
    if "oneOf" in node and not {"type", "properties"} & node.keys():
        return _resolved(schema, node["oneOf"][0])
    if "$ref" not in node:
        return node
    found: Any = schema
    for name in node["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return _resolved(schema, found)


def _same(node: Json, name: str) -> str | None:
    members = {_spelling(member): member for member in node.get("properties", {})}
    return members.get(_spelling(name))


def _spelling(name: str) -> str:
    return name.lower().removesuffix("s")


def _whole(resource: Resource, part: Part, graph: Graph) -> Resource:
    """The resource that it is a part of."""
    (whole,) = (
        one
        for one in graph.deployment.of(part.of)
        if graph.outputs[key(one.type, one.name)][part.output] == resource.inputs[part.by]
    )
    return whole


def _add_part(whole: Json, resource: Resource, part: Part) -> None:
    """Gives it the property, or one more of a property that is a list."""
    row, schema = ROWS[resource.type], _schema(whole["Type"])
    node = _node(schema, (part.property,))
    listed = node.get("type") == "array"
    if listed:
        node = _resolved(schema, node["items"])
    if row.value:
        value = _Converter(schema, row.rename)(node, resource.inputs[row.value], row.value)
    else:
        value = _properties(resource, row, {"definitions": schema["definitions"], **node})
    if listed:
        whole["Properties"].setdefault(part.property, []).append(value)
    else:
        whole["Properties"][part.property] = value


class _Converter:
    """A value in the form that a node of the schema asks for; `path` is that of the input."""

    def __init__(self, schema: Json, rename: Mapping[str, str]) -> None:
        self._schema, self._rename = schema, rename

    def __call__(self, node: Json, value: Any, path: str) -> Any:
        node = _resolved(self._schema, node)
        kinds = node.get("type", "any")
        match "object" if set(kinds) == {"object", "string"} else kinds:
            case "array":
                return [self(node["items"], item, path) for item in self._items(node, value)]
            case "object":
                return self._object(node, value, path)
            case "integer":
                return int(value)
            case "string":
                return value if isinstance(value, str) else json.dumps(value)
            case _:
                return value

    def _object(self, node: Json, value: Any, path: str) -> Any:
        if isinstance(value, str):
            return json.loads(value)
        if isinstance(value, list):  # a block that may appear once
            (value,) = cast("list[Any]", value)
        if "properties" not in node:
            inner = next(iter(node.get("patternProperties", {"": {}}).values()))
            return {name: self(inner, item, path) for name, item in value.items()}
        converted: Json = {}
        for name, item in value.items():
            where = f"{path}.{name}"
            target = self._rename.get(where) or _same(node, name)
            if target is None or target not in node["properties"]:
                raise Unmapped(f"{where!r} has no property among {sorted(node['properties'])}")
            if item is not None:
                converted[target] = self(node["properties"][target], item, where)
        return converted

    def _items(self, node: Json, value: Any) -> list[Any]:
        if isinstance(value, list):
            return cast("list[Any]", value)
        pair = set(_resolved(self._schema, node["items"]).get("properties", ()))
        if isinstance(value, dict) and len(pair) == 2 and "Value" in pair:  # dimensions
            (name,) = pair - {"Value"}
            return [{name: k, "Value": v} for k, v in cast("Json", value).items()]
        return [value]
