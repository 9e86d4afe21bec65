"""Reads Pulumi.yaml and Pulumi.<stack>.yaml into what the CLI hands to a program: flat text.

Values arrive as JSON unless they are strings, and a project's defaults fill what the stack leaves
out. Encrypted values are refused: nothing here has the key.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pulumi
import yaml

REGION = "aws:region"


class StackFileError(pulumi.RunError):
    """A stack file is missing or holds what cannot be used here; says which, and the remedy."""


@dataclass(frozen=True, kw_only=True)
class StackConfig:
    """One stack of a project: its names and its configuration."""

    project: str
    stack: str
    values: Mapping[str, str]
    """Full key (`project:name`) to text."""
    secrets: frozenset[str] = field(default=frozenset())
    """The keys that the project declares secret."""

    @property
    def region(self) -> str:
        """Where resources go that name no region of their own."""
        if REGION not in self.values:
            raise StackFileError(
                f"stack {self.stack!r} must say its region, and has no {REGION}; "
                f"set it with `pulumi config set {REGION} <region> --stack {self.stack}`"
            )
        return self.values[REGION]


def stack_config(root: Path, stack: str) -> StackConfig:
    """The stack as its two files in `root` describe it."""
    path = root / f"Pulumi.{stack}.yaml"
    if not path.exists():
        found = sorted(p.name for p in root.glob("Pulumi.*.yaml"))
        raise StackFileError(f"no stack {stack!r}: {path} does not exist; there are {found}")
    declared = _load(root / "Pulumi.yaml")
    project = str(declared["name"])
    values = dict(_defaults(project, _mapping(declared, "config")))
    values |= {
        _full_key(project, key): _text(path, key, value)
        for key, value in _mapping(_load(path), "config").items()
    }
    secrets = {
        _full_key(project, key)
        for key, entry in _mapping(declared, "config").items()
        if isinstance(entry, dict) and cast("dict[str, Any]", entry).get("secret")
    }
    return StackConfig(
        project=project, stack=stack, values=values, secrets=frozenset(secrets & values.keys())
    )


def _defaults(project: str, declarations: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """An entry is a schema with a `default`, a `value` for another namespace, or a bare value."""
    for key, entry in declarations.items():
        if not isinstance(entry, dict):
            yield _full_key(project, key), _flat(entry)
        elif (schema := cast("dict[str, Any]", entry)).keys() & {"value", "default"}:
            yield _full_key(project, key), _flat(schema.get("value", schema.get("default")))


def _text(path: Path, key: str, value: Any) -> str:
    if _is_encrypted(value):
        raise StackFileError(
            f"{path.name}: {key!r} is encrypted, and the local cloud has no key to it; "
            f"run a stack without it, or give it to that stack in plain text: "
            f"`pulumi config set {key} <value> --plaintext --stack <local stack>`"
        )
    return _flat(value)


def _flat(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def _is_encrypted(value: Any) -> bool:
    if isinstance(value, dict):
        items = cast("dict[str, Any]", value)
        return "secure" in items or any(map(_is_encrypted, items.values()))
    return isinstance(value, list) and any(map(_is_encrypted, cast("list[Any]", value)))


def _full_key(project: str, key: str) -> str:
    return key if ":" in key else f"{project}:{key}"


def _load(path: Path) -> Mapping[str, Any]:
    if not path.exists():
        raise StackFileError(f"a Pulumi project must have {path}, which does not exist")
    return yaml.safe_load(path.read_text()) or {}


def _mapping(document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    return document.get(key) or {}
