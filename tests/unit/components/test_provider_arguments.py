import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi.output import Unknown

from components.provider.arguments import Arguments
from components.resources.arguments import InvalidArgument


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    issuer_name: pulumi.Input[str]
    audiences: Sequence[pulumi.Input[str]]
    skew_seconds: int | None = None

    def __post_init__(self) -> None:
        if self.skew_seconds is not None and self.skew_seconds < 0:
            raise InvalidArgument(f"skew_seconds must be 0 or more, got {self.skew_seconds}")
        if not self.audiences:
            raise InvalidArgument("lets nobody in: audiences must name one")


@dataclass(frozen=True, kw_only=True, slots=True)
class Door:
    stage_name: str
    rate_limit: int
    keys: Sequence[Key] | None = None
    labels: Mapping[str, pulumi.Input[str]] | None = None
    open_on_sundays: bool | None = None
    code: pulumi.Archive | None = None


@pytest.fixture(autouse=True)
def loop() -> Iterator[None]:  # pyright: ignore[reportUnusedFunction] - autouse
    """Outputs want one, and other tests may have ended that of this thread."""
    running = asyncio.new_event_loop()
    asyncio.set_event_loop(running)
    yield
    asyncio.set_event_loop(None)
    running.close()


def built(given: dict[str, Any]) -> Door:
    arguments = Arguments()
    door = arguments.build(Door, given)
    assert arguments.refusals == []
    return door


def refused(given: dict[str, Any]) -> list[str]:
    arguments = Arguments()
    assert arguments.build(Door, given) is None
    return arguments.refusals


TEXTS = st.text(max_size=3)
KEYS = st.fixed_dictionaries(
    {"issuer_name": TEXTS, "audiences": st.lists(TEXTS, min_size=1, max_size=2)},
    optional={"skew_seconds": st.integers(0, 2**31)},
)
DOORS = st.fixed_dictionaries(
    {"stage_name": TEXTS, "rate_limit": st.integers(-(2**31), 2**31)},
    optional={
        "keys": st.lists(KEYS, max_size=2),
        "labels": st.dictionaries(TEXTS, TEXTS, max_size=2),
        "open_on_sundays": st.booleans(),
    },
)
CAMEL = {
    "stage_name": "stageName",
    "rate_limit": "rateLimit",
    "open_on_sundays": "openOnSundays",
    "issuer_name": "issuerName",
    "skew_seconds": "skewSeconds",
}


def sent(value: Any, *, names: bool = True) -> Any:
    """As it comes over the wire: camelCase, and every number a float."""
    if isinstance(value, dict):
        items: list[tuple[str, Any]] = list(value.items())  # pyright: ignore[reportUnknownArgumentType] - a test's own data
        return {
            CAMEL.get(key, key) if names else key: sent(item, names=key != "labels")
            for key, item in items
        }
    if isinstance(value, list):
        return [sent(item) for item in value]  # pyright: ignore[reportUnknownVariableType] - a test's own data
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


@given(DOORS)
def test_what_another_language_sends_is_what_python_would_write(door: dict[str, Any]) -> None:
    written = {**door}
    if "keys" in door:
        written["keys"] = [Key(**key) for key in door["keys"]]
    received = built(json.loads(json.dumps(sent(door))))
    assert received == Door(**written)
    assert isinstance(received.rate_limit, int)


DOOR: dict[str, Any] = {"stageName": "dev", "rateLimit": 1.0}
KEY: dict[str, Any] = {"issuerName": "a", "audiences": ["b"]}


NOT_KNOWN = (
    "must be known when the program runs, because it decides what is made: got an output of a"
    " resource, or a secret"
)
REFUSED: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ["stageName must be given", "rateLimit must be given"]),
    (DOOR | {"stageName": None}, ["stageName must be given"]),
    (DOOR | {"rateLimt": 1.0}, ["rateLimt is no property: did you mean rateLimit?"]),
    (DOOR | {"stage_name": "x"}, ["stage_name is no property: did you mean stageName?"]),
    (DOOR | {"stageName": 2.0}, ["stageName must be a text, got 2"]),
    (DOOR | {"rateLimit": True}, ["rateLimit must be a whole number, got true"]),
    (DOOR | {"rateLimit": 0.5}, ["rateLimit must be a whole number, got 0.5"]),
    (DOOR | {"labels": {"a": [None]}}, ["labels.a must be a text, got [null]"]),
    (DOOR | {"labels": {"a": Unknown()}, "code": "x"}, ['code must be Archive, got "x"']),
    (DOOR | {"keys": {"a": Unknown()}}, ['keys must be a list, got {"a": "Unknown"}']),
    (
        DOOR | {"keys": [KEY, {**KEY, "audiences": ["b", 2.0]}]},
        ["keys[1].audiences[1] must be a text, got 2"],
    ),
    (
        DOOR | {"keys": [{**KEY, "skewSeconds": -1.0}]},
        ["keys[0].skewSeconds must be 0 or more, got -1"],
    ),
    (
        DOOR | {"keys": [{**KEY, "audiences": []}]},
        ["keys[0] lets nobody in: audiences must name one"],
    ),
    (DOOR | {"stageName": Unknown()}, [f"stageName {NOT_KNOWN}"]),
    (DOOR | {"keys": Unknown()}, [f"keys {NOT_KNOWN}"]),
    (DOOR | {"keys": [KEY, Unknown()]}, [f"keys[1] {NOT_KNOWN}"]),
    (DOOR | {"keys": [{**KEY, "skewSeconds": Unknown()}]}, [f"keys[0].skewSeconds {NOT_KNOWN}"]),
]


@pytest.mark.parametrize(("given", "refusals"), REFUSED)
def test_what_does_not_fit_is_refused_where_it_is(
    given: dict[str, Any], refusals: list[str]
) -> None:
    assert refused(given) == refusals


def test_an_unlike_name_is_answered_with_all_there_are() -> None:
    assert refused(DOOR | {"colour": "red"}) == [
        "colour is no property; there are code, keys, labels, openOnSundays, rateLimit, stageName"
    ]


def test_an_archive_is_passed_on() -> None:
    archive = pulumi.FileArchive("x.zip")
    assert built(DOOR | {"code": archive}).code is archive


def test_what_is_not_known_yet_is_passed_on_where_that_may_be() -> None:
    key: dict[str, Any] = {"issuerName": Unknown(), "audiences": ["b", Unknown()]}
    door = built(DOOR | {"keys": [key], "labels": {"a": Unknown()}})
    assert door.keys
    made = door.keys[0]
    assert isinstance(made.issuer_name, pulumi.Output)
    assert made.audiences[0] == "b"
    assert isinstance(made.audiences[1], pulumi.Output)
    assert door.labels
    assert isinstance(door.labels["a"], pulumi.Output)
