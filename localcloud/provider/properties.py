"""Pulumi's property bags: compared without opening secrets, and changed in place.

A bag keeps its secrets and assets through the provider, as the engine gave them.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from google.protobuf import json_format, struct_pb2
from pulumi.runtime import rpc

from ..runner import plain

Bag = struct_pb2.Struct
Value = struct_pb2.Value

SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - the mark of one in Pulumi's protocol
CONTENT = frozenset({"assets", "path", "text", "uri"})
"""Where an asset's or archive's is, beside its hash."""
DEFAULTS = "__defaults"
"""An input that lists those the provider made up; pulumi-aws keeps the same list."""


def data(bag: Bag) -> dict[str, Any]:
    """As plain data, secrets too.

    Without the list of made-up names, and the assets of a state, which keeps their hashes alone.
    """
    there = copy(bag)
    there.fields.pop(DEFAULTS, None)
    for name, value in bag.fields.items():
        if (
            _hash(_opened(value).struct_value)
            and not CONTENT & _opened(value).struct_value.fields.keys()
        ):
            del there.fields[name]
    return plain(rpc.deserialize_properties(there, keep_unknowns=True))


def copy(bag: Bag) -> Bag:
    new = Bag()
    new.CopyFrom(bag)
    return new


def put(bag: Bag, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        wrapped = json_format.ParseDict({"value": value}, Bag())
        bag.fields[name].CopyFrom(wrapped.fields["value"])


def put_unknown(bag: Bag, path: str) -> None:
    """Where the bag has no value yet; a `.` leads into a nested one."""
    within, name = _within(bag, path)
    if name not in within.fields:
        within.fields[name].string_value = rpc.UNKNOWN


def updated(olds: Bag, news: Bag, names: Collection[str], made_up: Collection[str]) -> Bag:
    """The outputs with these inputs as they are now; values that AWS made up in them stay."""
    outputs = copy(olds)
    for name in names:
        outputs.fields.pop(name, None)
    for name, value in news.fields.items():
        outputs.fields[name].CopyFrom(value)
    for path in made_up:
        (was, name), (now, _) = _within(olds, path), _within(outputs, path)
        if name in was.fields:
            now.fields[name].CopyFrom(was.fields[name])
    return outputs


def replaced(bag: Bag, values: Mapping[str, Any]) -> Bag:
    """The bag with these values in place of its own; None takes a value away."""
    new = copy(bag)
    for name in values:
        new.fields.pop(name, None)
    put(new, {name: value for name, value in values.items() if value is not None})
    return new


def completed(bag: Bag, state: Bag, kept: Collection[str], defaults: Mapping[str, Any]) -> Bag:
    """The inputs, with the meaning of those left out."""
    full = copy(bag)
    for name in [name for name, value in bag.fields.items() if value.HasField("null_value")]:
        del full.fields[name]
    for path in sorted(kept):
        (was, name), (now, _) = _within(state, path), _within(full, path)
        if name in was.fields and name not in now.fields:
            now.fields[name].CopyFrom(was.fields[name])
    put(full, {name: value for name, value in defaults.items() if name not in full.fields})
    return full


def _within(bag: Bag, path: str) -> tuple[Bag, str]:
    *parents, name = path.split(".")
    for parent in parents:
        bag = bag.fields[parent].struct_value if parent in bag.fields else Bag()
    return bag, name


def changed(olds: Bag, news: Bag) -> Iterator[str]:
    """The inputs that are not the same, in order."""
    for name in sorted({*olds.fields, *news.fields} - {DEFAULTS}):
        present = name in olds.fields and name in news.fields
        if not present or not _same(olds.fields[name], news.fields[name]):
            yield name


def _same(old: Value, new: Value) -> bool:
    """Assets and archives are their content: where it lies is not compared."""
    old, new = _opened(old), _opened(new)
    match old.WhichOneof("kind"), new.WhichOneof("kind"):
        case "struct_value", "struct_value":
            return _same_bags(old.struct_value, new.struct_value)
        case "list_value", "list_value":
            olds, news = old.list_value.values, new.list_value.values
            return len(olds) == len(news) and all(map(_same, olds, news))
        case _:
            return old == new


def _same_bags(old: Bag, new: Bag) -> bool:
    hashes = [_hash(bag) for bag in (old, new)]
    return hashes[0] == hashes[1] if all(hashes) else not any(changed(old, new))


def _hash(bag: Bag) -> str | None:
    return bag.fields["hash"].string_value if {SIGNATURE, "hash"} <= bag.fields.keys() else None


def _opened(value: Value) -> Value:
    fields = value.struct_value.fields
    if SIGNATURE in fields and fields[SIGNATURE].string_value == SECRET:
        return fields["value"]
    return value
