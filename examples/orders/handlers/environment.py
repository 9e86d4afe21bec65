"""A function's variables as a frozen dataclass. Nothing else touches the process's environment."""

import os
from typing import TYPE_CHECKING, TypeVar, get_type_hints

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")


class MissingVariable(RuntimeError):
    """A variable of a function is not set, or is not of its field's type."""


def read(kind: type[T]) -> T:
    """Builds `kind`, of `str` and `int` fields, from the variables of their names in capitals.

    Raises `MissingVariable`.
    """
    types = get_type_hints(kind)
    return kind(**{name: _value(name.upper(), types[name]) for name in kind.__dataclass_fields__})


def _value(variable: str, kind: type) -> str | int:
    text = os.environ.get(variable)  # noqa: TID251 - the one reader in this project
    if not text:
        raise MissingVariable(f"{variable} must be set and not empty; this project's program does")
    try:
        return kind(text)
    except ValueError as error:
        raise MissingVariable(f"{variable} must be a whole number, got {text!r}") from error
