"""The inputs of a program in another language, as the arguments' own dataclass.

Pulumi's host gives a component a dict, in which whole numbers are floats and misspelt properties
are missing. This module reports all errors at once, by paths in the caller's spelling.
"""

import dataclasses
import difflib
import typing
from collections.abc import Mapping, Sequence
from typing import Any, cast

import pulumi
from pulumi.output import Unknown
from pulumi.provider.experimental.util import camel_case

from ..resources.arguments import NOT_KNOWN, InvalidArgument, unwrapped, wrong_kind


class Arguments:
    """Collects errors while it builds, each a sentence that begins with a path."""

    def __init__(self) -> None:
        self.refusals: list[str] = []

    def build(self, kind: Any, value: Any, path: str = "") -> Any:
        """`value` as the annotation `kind` says; None where it was refused."""
        kind, may_be_output = unwrapped(kind)
        if isinstance(value, pulumi.Output | Unknown):
            if not may_be_output:
                self._refuse(path, NOT_KNOWN)
            return pulumi.Output.from_input(cast("Any", value))
        if dataclasses.is_dataclass(kind):
            return self._dataclass(cast("type[Any]", kind), value, path)
        origin = typing.get_origin(kind)
        if origin is Sequence:
            return self._sequence(typing.get_args(kind)[0], value, path)
        if origin is Mapping:
            return self._mapping(typing.get_args(kind)[1], value, path)
        return self._plain(kind, value, path)

    def _dataclass(self, kind: type[Any], value: Any, path: str) -> Any:
        if (wrong := wrong_kind(Mapping, value)) is not None:
            return self._refuse(path, wrong)
        given = cast("dict[str, Any]", value)
        fields = {camel_case(field.name): field for field in dataclasses.fields(kind)}
        before = len(self.refusals)
        for name in sorted(given.keys() - fields.keys()):
            alike = difflib.get_close_matches(name, fields, n=1)
            there = f"; there are {', '.join(sorted(fields))}"
            advice = f": did you mean {alike[0]}?" if alike else there
            self._refuse(_below(path, name), f"is no property{advice}")
        built: dict[str, Any] = {}
        for name, field in fields.items():
            if given.get(name) is not None:
                built[field.name] = self.build(field.type, given[name], _below(path, name))
            elif field.default is dataclasses.MISSING:
                self._refuse(_below(path, name), "must be given")
        if len(self.refusals) > before:
            return None
        try:
            return kind(**built)
        except InvalidArgument as error:  # what the class refuses by itself
            return self._refuse_by_class(kind, path, str(error))

    def _sequence(self, kind: Any, value: Any, path: str) -> Any:
        if (wrong := wrong_kind(Sequence, value)) is not None:
            return self._refuse(path, wrong)
        items = cast("Sequence[Any]", value)
        return [self.build(kind, item, f"{path}[{index}]") for index, item in enumerate(items)]

    def _mapping(self, kind: Any, value: Any, path: str) -> Any:
        if (wrong := wrong_kind(Mapping, value)) is not None:
            return self._refuse(path, wrong)
        items = cast("Mapping[str, Any]", value).items()
        return {key: self.build(kind, item, _below(path, key)) for key, item in items}

    def _plain(self, kind: Any, value: Any, path: str) -> Any:
        if kind is int and isinstance(value, float) and value.is_integer():
            return int(value)
        if (wrong := wrong_kind(kind, value)) is not None:
            return self._refuse(path, wrong)
        return value

    def _refuse_by_class(self, kind: type[Any], path: str, reason: str) -> None:
        """Most reasons begin with the name of a field, which is then the end of the path."""
        subject, _, predicate = reason.partition(" ")
        if subject in (field.name for field in dataclasses.fields(kind)):
            return self._refuse(_below(path, camel_case(subject)), predicate)
        return self._refuse(path, reason)

    def _refuse(self, path: str, reason: str) -> None:
        self.refusals.append(f"{path} {reason}".lstrip())


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
