"""A row of the table: how one type of resource is made, changed, read and deleted.

Most types are a call for each, whose request follows from the inputs. A row has the exceptions.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Inputs = dict[str, Any]

ACCOUNT = "000000000000"


@dataclass(frozen=True, kw_only=True)
class Name:
    """How the AWS provider makes up a name that the program leaves out."""

    input: str = "name"
    length: int = 255
    """A longer one is refused, made-up part and all."""
    fifo: str | None = None
    """The input that, when true, has the name end in `.fifo`."""
    lower: bool = False

    @property
    def prefix(self) -> str:
        """The input that has the name begin so: it is made up where it is created, unplanned."""
        return f"{self.input}Prefix"


@dataclass(frozen=True, kw_only=True)
class Created:
    """A resource that the cloud has accepted, or one that is to be changed."""

    id: str
    endpoint: str
    region: str
    inputs: Mapping[str, Any]
    request: Mapping[str, Any]


Further = Callable[[Any, Created], Mapping[str, Any]]
"""A further call, with the service's client; returns outputs that the first call did not know."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """An operation, and its request's members beside the row's `key`; texts in it are templates."""

    operation: str
    members: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, kw_only=True)
class Row:
    """A type as a plan needs it."""

    name: Name | None = None
    replaces: frozenset[str] = frozenset()
    """Inputs of which another value makes another resource; a physical `region` always does."""
    defaults: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """The meaning of an input that is left out: giving the same value is no change."""
    kept: frozenset[str] = frozenset()
    """Inputs, a nested one as `parent.child`, that the provider leaves as they are when the program
    takes them away: those that its schema has as both optional and computed."""
    delete_first: bool = False
    """Two of the resource cannot be there at once: it is deleted before it is made anew."""
    outputs: Mapping[str, str] = field(default_factory=dict[str, str])
    """Output to template. All inputs are outputs too."""
    made_up: frozenset[str] = frozenset()
    """Further outputs, a nested one as `parent.child`: unknown, as all are, until they are made."""


@dataclass(frozen=True, kw_only=True)
class Recipe(Row):
    """Templates are `str.format` texts.

    Those of `id` and `outputs` are over `request`, `response`, `region` and `account`; those of
    calls over `id` and `state`, which holds the resource's inputs and outputs.
    """

    service: str
    operation: str
    id: str
    """Template of the Pulumi id."""
    rename: Mapping[str, str] = field(default_factory=dict[str, str])
    """As for `requests.to_request`."""
    ignore: frozenset[str] = frozenset()
    """Inputs that the request does not have and that are without effect here."""
    prepare: Callable[[Inputs], Inputs] = lambda inputs: inputs
    """Brings the inputs into the request's form where names and shapes are not enough."""
    after: Mapping[str, Further] = field(default_factory=dict[str, Further])
    """Inputs that have a call of their own: made when one is given, and when it changes."""
    computed: Further | None = None
    """Outputs that take another call."""

    key: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """The members that name the resource in a request; texts in it are templates."""
    read: Call
    found: str
    """JMESPath template of the resource in the answer: nothing there means that it is gone."""
    reads: Mapping[str, str] = field(default_factory=dict[str, str])
    """Input to JMESPath in the found resource, where names are not alike."""
    update: str | None = None
    """The operation that takes all of the inputs anew."""
    changes: Mapping[str, Further] = field(default_factory=dict[str, Further])
    """Inputs that creation takes with all others, and a change by a call of its own."""
    delete: Call | Further
    protected: str | None = None
    """JMESPath in the found resource: AWS refuses to delete it, and the emulator does not."""
    refusal: str = ""
    """AWS's words then: a code and a message."""


@dataclass(frozen=True, kw_only=True)
class Accepted(Row):
    """A type of which nothing is made here: it succeeds. Its templates also have `name`, the
    logical one."""

    because: str
