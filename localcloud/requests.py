"""Turns a Pulumi resource's inputs into an AWS request, guided by botocore's own service model.

Pulumi names most inputs as the AWS API does, in camelCase and often in the plural: names match
without case and a final "s", and the member's shape says how the value is converted.
"""

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import pulumi
from botocore.model import ListShape, MapShape, Shape, StructureShape

INTEGERS = frozenset({"integer", "long"})
FLOATS = frozenset({"float", "double"})


class UnmappedInput(ValueError):
    """An input has no counterpart in the request: rename it in its recipe, or ignore it there."""


def to_request(
    shape: StructureShape, inputs: Mapping[str, Any], rename: Mapping[str, str], path: str = ""
) -> dict[str, Any]:
    """`rename` maps an input, a nested one as `parent.child`, to a member of another name.

    Null inputs are left out, as a program means them.
    """
    request: dict[str, Any] = {}
    for name, value in inputs.items():
        where = f"{path}{name}"
        member = rename.get(where) or member_of(shape, name)
        if member is None or member not in shape.members:
            known = ", ".join(sorted(shape.members))
            raise UnmappedInput(f"{where!r} has no member in {shape.name}; it has {known}")
        if value is not None:
            request[member] = _convert(shape.members[member], value, rename, f"{where}.")
    return request


def member_of(shape: StructureShape, name: str) -> str | None:
    """The member that an input of this name stands for."""
    return next((member for member in shape.members if _key(member) == _key(name)), None)


def _key(name: str) -> str:
    return name.lower().removesuffix("s")


def _convert(shape: Shape, value: Any, rename: Mapping[str, str], path: str) -> Any:
    match shape:
        case StructureShape():
            return to_request(shape, single(value), rename, path)
        case ListShape():
            return [_convert(shape.member, item, rename, path) for item in _items(shape, value)]
        case MapShape():
            return {key: _convert(shape.value, item, rename, path) for key, item in value.items()}
        case _:
            return _scalar(shape, value)


def single(value: Any) -> Any:
    """A block that may appear once comes as a list of one from some resources."""
    if isinstance(value, list) and len(items := cast("list[Any]", value)) == 1:
        return items[0]
    return cast("Any", value)


def _items(shape: ListShape, value: Any) -> list[Any]:
    if isinstance(value, list):
        return cast("list[Any]", value)
    if isinstance(value, dict) and (key := pair_of(shape)):
        return [{key: k, "Value": v} for k, v in cast("dict[str, Any]", value).items()]
    return [value]


def pair_of(shape: ListShape) -> str | None:
    """The key of the name in a list of names and values, as tags and dimensions are."""
    pair = set(shape.member.members) if isinstance(shape.member, StructureShape) else set[str]()
    return next(iter(pair - {"Value"})) if len(pair) == 2 and "Value" in pair else None


def _scalar(shape: Shape, value: Any) -> Any:
    """Numbers arrive as floats, JSON documents as text or as data."""
    if shape.type_name in INTEGERS:
        return int(value)
    if shape.type_name in FLOATS:
        return float(value)
    if shape.type_name == "blob" and isinstance(value, pulumi.Archive):
        return zipped(value)
    return text(value) if shape.type_name == "string" else value


def text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value)


def zipped(archive: pulumi.Archive) -> bytes:
    """Equal files give equal bytes: an entry holds a path and content, no time and no mode.

    A file is an archive already.
    """
    if isinstance(archive, pulumi.FileArchive) and Path(archive.path).is_file():
        return Path(archive.path).read_bytes()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as out:
        for name, content in sorted(_files(archive, "")):
            out.writestr(zipfile.ZipInfo(name), content)
    return buffer.getvalue()


def _files(archive: pulumi.Archive, prefix: str) -> Iterator[tuple[str, bytes]]:
    if isinstance(archive, pulumi.FileArchive):
        root = Path(archive.path)
        for file in root.rglob("*"):
            if file.is_file():
                yield f"{prefix}{file.relative_to(root).as_posix()}", file.read_bytes()
    elif isinstance(archive, pulumi.AssetArchive):
        for name, entry in archive.assets.items():
            if isinstance(entry, pulumi.Archive):
                yield from _files(entry, f"{prefix}{name}/")
            else:
                yield f"{prefix}{name}", content(entry)
    else:
        raise TypeError(f"an archive must be of files or assets, got {type(archive).__name__}")


def content(asset: pulumi.Asset) -> bytes:
    match asset:
        case pulumi.FileAsset():
            return Path(asset.path).read_bytes()
        case pulumi.StringAsset():
            return asset.text.encode()
        case _:
            raise TypeError(f"an asset must be a file or text, got {type(asset).__name__}")
