"""A function's variables as a frozen dataclass. No other module reads the process's environment."""

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar, get_type_hints

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")

_BOOLEANS = {"true": True, "false": False}


class MissingVariable(RuntimeError):
    """A variable of a function is not set, or its text does not fit its field."""


def read(kind: type[T]) -> T:
    """Builds `kind` from the variables with the names of its fields, in capitals.

    A field is str, int or bool. Raises `MissingVariable`.
    """
    types = get_type_hints(kind)
    return kind(**{name: _value(name.upper(), types[name]) for name in kind.__dataclass_fields__})


@dataclass(frozen=True)
class Credentials:
    """Of the function's role. Lambda keeps them for as long as it keeps the process."""

    access_key: str
    secret_key: str
    token: str | None


def credentials() -> Credentials:
    return Credentials(
        str(_value("AWS_ACCESS_KEY_ID", str)),
        str(_value("AWS_SECRET_ACCESS_KEY", str)),
        os.environ.get("AWS_SESSION_TOKEN"),  # noqa: TID251 - this module is the one reader
    )


def region() -> str:
    return str(_value("AWS_REGION", str))


def emulator() -> str | None:
    """The address that stands in for AWS's own, if any. AWS's SDKs read the same variable."""
    return os.environ.get("AWS_ENDPOINT_URL")  # noqa: TID251 - this module is the one reader


def _value(variable: str, kind: type) -> str | int | bool:
    text = os.environ.get(variable)  # noqa: TID251 - this module is the one reader
    if not text:
        raise MissingVariable(
            f"{variable} must be set and not empty; the component of this function sets it"
        )
    try:
        if kind is bool:
            return _BOOLEANS[text]
        return int(text) if kind is int else text
    except (KeyError, ValueError) as error:
        expected = "true or false" if kind is bool else "a whole number"
        raise MissingVariable(f"{variable} must be {expected}, got {text!r}") from error
