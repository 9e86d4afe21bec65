"""The tables of docs/consuming.md, made from what is offered: arguments, outputs, resources."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from tests.infra.harness import Deployment

TOKEN = "realtime:index:"


def tables(schema: Mapping[str, Any], everything: Deployment) -> dict[str, str]:
    """Name of a table -> its text."""
    component, types = schema["resources"][f"{TOKEN}RealtimeApi"], schema["types"]
    described = {name: types[f"{TOKEN}{name}"] for name in ("ChannelRule", "TokenArgs")}
    rules, tokens = described["ChannelRule"], described["TokenArgs"]
    return {
        "arguments": _properties(component["inputProperties"], component["requiredInputs"]),
        "rules": _properties(rules["properties"], rules["required"]),
        "tokens": _properties(tokens["properties"], tokens["required"]),
        "outputs": _rows(
            ("output", "what it is"),
            ((f"`{snake(key)}`", _said(it)) for key, it in component["properties"].items()),
        ),
        "resources": _resources(everything),
    }


def filled(page: str, texts: Mapping[str, str]) -> str:
    """The page with each table in its place."""
    for name, text in texts.items():
        place = rf"(<!-- recorded: {name} -->\n).*?(<!-- /recorded -->)"
        page, count = re.subn(place, lambda at, new=text: at[1] + new + at[2], page, flags=re.S)
        assert count == 1, f"the page must have one place for the table {name}"
    return page


def snake(name: str) -> str:
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()


def _properties(properties: Mapping[str, Any], required: Iterable[str]) -> str:
    needed = set(required)
    ordered = sorted(properties.items(), key=lambda item: item[0] not in needed)
    return _rows(
        ("argument", "type", "what it is"),
        (
            (f"`{snake(key)}`" + (", required" if key in needed else ""), _type(it), _said(it))
            for key, it in ordered
        ),
    )


def _said(described: Mapping[str, Any]) -> str:
    return " ".join(described["description"].split())


def _type(described: Mapping[str, Any]) -> str:
    if "$ref" in described:
        return str(described["$ref"]).rpartition(":")[2]
    if "items" in described:
        return f"list of {_type(described['items'])}"
    if "additionalProperties" in described:
        return f"{_type(described['additionalProperties'])} by name"
    return str(described["type"])


def _resources(everything: Deployment) -> str:
    (component,) = (r.name for r in everything.resources if r.type == f"{TOKEN}RealtimeApi")
    names: dict[str, list[str]] = {}
    for resource in everything.resources:
        if resource.name != component:
            suffix = resource.name.removeprefix(f"{component}-")
            names.setdefault(resource.type, []).append(f"`{suffix}`")
    return _rows(
        ("type", "names, each after `<name>-`"),
        ((f"`{kind}`", ", ".join(sorted(names[kind]))) for kind in sorted(names)),
    )


def _rows(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [tuple(head), *map(tuple, rows)]
    lines.insert(1, ("---",) * len(lines[0]))
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
