"""What a row of the table says: how one type of resource is created, and what it then offers.

Most types are one API call whose request follows from the inputs. A row says what does not follow.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Inputs = dict[str, Any]

ACCOUNT = "000000000000"


@dataclass(frozen=True, kw_only=True)
class Created:
    """A resource that the cloud has accepted."""

    id: str
    endpoint: str
    region: str
    inputs: Mapping[str, Any]
    request: Mapping[str, Any]


After = Callable[[Any, Created], Mapping[str, Any]]
"""A further call, with the service's client; returns outputs that the first call did not know."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Templates are `str.format` texts over `request`, `response`, `region`, `account`."""

    service: str
    operation: str
    id: str
    """Template of the Pulumi id."""
    outputs: Mapping[str, str] = field(default_factory=dict[str, str])
    """Output to template. All inputs are outputs too."""
    name: str | None = None
    """The input that holds the physical name, made up when the program leaves it out."""
    rename: Mapping[str, str] = field(default_factory=dict[str, str])
    """As for `requests.to_request`."""
    ignore: frozenset[str] = frozenset()
    """Inputs that the request does not have: without effect here, or consumed by `after`."""
    prepare: Callable[[Inputs], Inputs] = lambda inputs: inputs
    """Brings the inputs into the request's form where names and shapes are not enough."""
    after: tuple[After, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """A type of which nothing is created here: it succeeds, with these outputs."""

    because: str
    outputs: Mapping[str, str] = field(default_factory=dict[str, str])
    """Output to template over `name` (the logical one), `region` and `account`."""
