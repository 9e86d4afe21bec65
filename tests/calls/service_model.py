"""Holds a request to what AWS's service models say of it: enums, patterns, lengths and ranges.

boto3 ships the models and looks at types, required members and minimum sizes alone: the rest is
refused by AWS and by no emulator.
"""

from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from typing import Any, cast

import regex
from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape

# Java's expressions name by a pair of surrogates what lies beyond the first 65,536 characters.
BEYOND = r"\uD800\uDC00-\uDBFF\uDFFF"


def violations(shape: Shape, value: Any, path: str = "") -> Iterator[str]:
    """A sentence for each rule that the value breaks. A wrong type is left to boto3."""
    yield from _sizes(shape, value, path)
    if isinstance(shape, StringShape) and isinstance(value, str):
        yield from _text(shape, value, path)
    for part, inner, where in _parts(shape, value):
        yield from violations(part, inner, f"{path}{where}")


def _parts(shape: Shape, value: Any) -> Iterator[tuple[Shape, Any, str]]:
    match shape, value:
        case StructureShape(), dict():
            for name, inner in cast("dict[str, Any]", value).items():
                if name in shape.members:
                    yield shape.members[name], inner, f".{name}"
        case ListShape(), list() | tuple():
            for number, inner in enumerate(cast("list[Any]", value)):
                yield shape.member, inner, f"[{number}]"
        case MapShape(), dict():
            for key, inner in cast("dict[str, Any]", value).items():
                yield shape.key, key, " (key)"
                yield shape.value, inner, f"[{key!r}]"
        case _:
            return


def _sizes(shape: Shape, value: Any, path: str) -> Iterator[str]:
    match value:
        case bool() | None:
            return
        case int() | float() | Decimal():
            size, what = value, "the number"
        case str() | bytes() | bytearray() | list() | tuple() | dict():
            size, what = len(cast("str", value)), "the length"
        case _:
            return
    least, most = (shape.metadata.get(name) for name in ("min", "max"))
    if least is not None and size < least:
        yield f"{path}: {what} must be {least} at least, got {size}"
    if most is not None and size > most:
        yield f"{path}: {what} must be {most} at most, got {size}"


def _text(shape: StringShape, value: str, path: str) -> Iterator[str]:
    if shape.enum and value not in shape.enum:
        yield f"{path}: must be one of {shape.name}, got {value!r}"
    pattern = shape.metadata.get("pattern")
    if pattern and not _compiled(pattern).fullmatch(value):
        yield f"{path}: must match {pattern}, got {value!r}"


@cache
def _compiled(pattern: str) -> Any:
    """Java's dialect, which `regex` reads but for one idiom."""
    return regex.compile(pattern.replace(BEYOND, r"\U00010000-\U0010FFFF"))
