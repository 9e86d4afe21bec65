"""Reads Pulumi.yaml and Pulumi.<stack>.yaml into the flat text that the CLI hands to a program.

Values arrive as JSON unless they are strings, and a project's defaults fill the gaps of the
stack. Encrypted values are refused: nothing here has the key.
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
    """A stack file is missing or cannot be used here; the message names it, and the remedy."""


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
    return _stack(root, stack, path)


def project_config(root: Path, stack: str) -> StackConfig:
    """A stack without a file: the project's defaults, and the folder's name for a project's."""
    if not (root / "Pulumi.yaml").exists():
        return StackConfig(project=root.name, stack=stack, values={})
    return _stack(root, stack, None)


def _stack(root: Path, stack: str, path: Path | None) -> StackConfig:
    declaring = root / "Pulumi.yaml"
    declared = _load(declaring)
    if "name" not in declared:
        raise StackFileError(f"{declaring} must have the project's `name`, and has {[*declared]}")
    project = str(declared["name"])
    declarations = _config(declaring, declared)
    values = {
        _full_key(project, key): _text(declaring, key, value)
        for key, value in _defaults(declarations)
    }
    if path:
        own = _config(path, _load(path)).items()
        values |= {_full_key(project, key): _text(path, key, value) for key, value in own}
    secrets = {
        _full_key(project, key)
        for key, entry in declarations.items()
        if isinstance(entry, dict) and cast("dict[str, Any]", entry).get("secret")
    }
    return StackConfig(
        project=project, stack=stack, values=values, secrets=frozenset(secrets & values.keys())
    )


def _defaults(declarations: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """An entry is a schema with a `default`, a `value` for another namespace, or a bare value."""
    for key, entry in declarations.items():
        if not isinstance(entry, dict):
            yield key, entry
        elif (schema := cast("dict[str, Any]", entry)).keys() & {"value", "default"}:
            yield key, schema.get("value", schema.get("default"))


def _text(path: Path, key: str, value: Any) -> str:
    if _is_encrypted(value):
        raise StackFileError(
            f"{path.name}: {key!r} is encrypted, and the local cloud has no key to it; "
            f"run a stack without it, or give it to that stack in plain text: "
            f"`pulumi config set {key} <value> --plaintext --stack <local stack>`"
        )
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, separators=(",", ":"))
    except TypeError:
        # Pulumi would write 2024-05-01 back as "2024-05-01 00:00:00 +0000 UTC".
        raise StackFileError(
            f"{path.name}: {key!r} must be made of texts, numbers, true, false and null, and has a "
            f"date or another type that only YAML knows; put it in quotes"
        ) from None


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
    try:
        document = yaml.safe_load(path.read_bytes())
    except yaml.YAMLError as error:
        raise StackFileError(f"{path.name} must be YAML, and cannot be read: {error}") from None
    return _mapping(path, "the file", document)


def _config(path: Path, document: Mapping[str, Any]) -> Mapping[str, Any]:
    return _mapping(path, "`config`", document.get("config"))


def _mapping(path: Path, what: str, found: Any) -> Mapping[str, Any]:
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise StackFileError(f"{path.name}: {what} must be keys with values, got {found!r:.80}")
    return cast("dict[str, Any]", found)
