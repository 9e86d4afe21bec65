"""Errors of pydantic, each as a sentence with the command that repairs the setting."""

from collections.abc import Mapping, Sequence
from typing import Any, get_args

from pulumi.runtime import config as pulumi_config
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

NAMESPACE = "realtime"
SOME_REGION = "eu-west-1"


def sentence(details: ErrorDetails, settings: type[BaseModel], stack: str) -> str:
    path = [str(part) for part in details["loc"]]
    key = f"{NAMESPACE}:{'.'.join(path)}"
    if details["type"] == "extra_forbidden":
        return (
            f"{key} is no setting of this project, got {_shown(path, details)}."
            f" Run: pulumi config rm --stack {stack} {_quoted(key, path)}"
        )
    field = _field(settings, path)
    command = f"pulumi config set --stack {stack} {_example(key, path, field)}"
    if details["type"] == "missing":
        return f"{key} must be set, and is not. Run: {command}"
    return f"{key} {_rule(details, field)}, got {_shown(path, details)}. Run: {command}"


def _shown(path: Sequence[str], details: ErrorDetails) -> str:
    return "a secret" if is_secret(path[0]) else repr(details["input"])


def is_secret(name: str) -> bool:
    """Whether the stack's file holds the setting, or part of it, encrypted."""
    key = f"{NAMESPACE}:{name}"
    secrets = pulumi_config.get_config_secret_keys_env()
    return key in secrets or pulumi_config.is_config_secret(key)


def _rule(details: ErrorDetails, field: FieldInfo | None) -> str:
    match details["type"]:
        case "tuple_type":
            return "must be an array"
        case "dict_type" | "model_type":
            return "must be an object"
        case "json_invalid":
            kind = "array" if field and isinstance((field.examples or [""])[0], list) else "object"
            return f"must be an {kind}"
        case "too_short":
            return "must name a region"
        case _:
            return details["msg"].replace("Input should be", "must be")


def _field(model: type[BaseModel], path: Sequence[str]) -> FieldInfo | None:
    """The field under a path of aliases; the keys of a mapping, regions, are passed over."""
    fields: Mapping[str, FieldInfo] = {
        str(field.alias): field for field in model.model_fields.values()
    }
    field = fields.get(path[0])
    inner = field and nested(field)
    if field is None or inner is None or len(path) == 1:
        return field
    return _field(inner, path[1:]) or (_field(inner, path[2:]) if len(path) > 2 else None)


def nested(field: FieldInfo) -> type[BaseModel] | None:
    """The model that a field holds: itself, in an optional, or by region in a mapping."""
    waiting: list[Any] = [field.annotation, *field.metadata]
    for kind in waiting:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind
        waiting += get_args(kind)
    return None


def _example(key: str, path: Sequence[str], field: FieldInfo | None) -> str:
    """Arrays are set by element, and a group by its first member: the CLI keeps JSON as text."""
    if field and (inner := nested(field)):
        first = next(iter(inner.model_fields.values()))
        below = [*path, *([SOME_REGION] if field.annotation != inner else []), str(first.alias)]
        return _example(f"{NAMESPACE}:{'.'.join(below)}", below, first)
    (example,) = (field and field.examples) or ["<value>"]
    if isinstance(example, list):
        return f"--path '{key}[0]' {example[0]}"
    return f"{_quoted(key, path)} {example}"


def _quoted(key: str, path: Sequence[str]) -> str:
    return f"--path '{key}'" if len(path) > 1 else key
