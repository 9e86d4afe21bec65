"""Checks that an argument is of its annotation's kind, in the sentence that every language gets.

A number that is a text would otherwise reach AWS as it is, or become part of a name.
"""

import collections.abc
import dataclasses
import inspect
import json
import types
import typing
from collections.abc import Awaitable, Mapping, Sequence
from typing import Any

import pulumi

KINDS: Mapping[Any, str] = {
    str: "a text",
    bool: "true or false",
    int: "a whole number",
    Sequence: "a list",
    Mapping: "an object",
}
NOT_KNOWN = (
    "must be known when the program runs, because it decides what is made: got an output of a"
    " resource, or a secret"
)


class InvalidArgument(pulumi.RunError, ValueError):
    """An argument cannot work. Pulumi prints the sentence, and no traceback."""


def check(arguments: Any) -> None:
    """Raises `InvalidArgument` for the first field of a dataclass that has another kind."""
    for field in dataclasses.fields(arguments):
        value = getattr(arguments, field.name)
        if value is not None or field.default is dataclasses.MISSING:
            _check(field.type, value, field.name)


def wrong_kind(kind: Any, value: Any) -> str | None:
    """The rest of a sentence about a value that is no `kind`; None if it is one."""
    plain = typing.get_origin(kind) or kind
    too_wide = {int: bool, Sequence: str}.get(plain)  # the latter are instances of the former
    if isinstance(value, plain) and not (too_wide and isinstance(value, too_wide)):
        return None
    return f"must be {KINDS.get(plain, plain.__name__)}, got {shown(value)}"


def unwrapped(kind: Any) -> tuple[Any, bool]:
    """The type itself of `T | None` and `Input[T]`, and whether it was the latter."""
    if typing.get_origin(kind) not in (typing.Union, types.UnionType):
        return kind, False
    members = typing.get_args(kind)
    for member in members:
        if typing.get_origin(member) is Awaitable:
            return typing.get_args(member)[0], True
    (plain,) = (member for member in members if member is not types.NoneType)
    return plain, False


def shown(value: Any) -> str:
    """As JSON has it: callers of every language read that, and theirs send numbers as floats."""
    whole = isinstance(value, float) and value.is_integer()
    return json.dumps(int(value) if whole else value, default=lambda it: type(it).__name__)


def _check(kind: Any, value: Any, path: str) -> None:
    kind, may_be_output = unwrapped(kind)
    if isinstance(value, pulumi.Output) or inspect.isawaitable(value):
        if not may_be_output:
            raise InvalidArgument(f"{path} {NOT_KNOWN}.")
        return
    if (wrong := wrong_kind(kind, value)) is not None:
        raise InvalidArgument(f"{path} {wrong}.")
    match typing.get_origin(kind):
        case collections.abc.Sequence:
            for index, item in enumerate(value):
                _check(typing.get_args(kind)[0], item, f"{path}[{index}]")
        case collections.abc.Mapping:
            for key, item in value.items():
                _check(typing.get_args(kind)[1], item, f"{path}.{key}")
        case _:  # no elements
            pass
