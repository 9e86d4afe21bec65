"""What the recorder counts, and the path at which it hands it out."""

from dataclasses import dataclass

PATH = "/_bench/records"
CLIENT = "client"
"""The caller that is no function."""


@dataclass(frozen=True)
class Call:
    """A request to AWS."""

    caller: str
    """A function's name, or `CLIENT`."""
    service: str
    operation: str
    status: int
    entries: int = 1
    """Messages or events in it."""
    write_units: float = 0
    read_units: float = 0


@dataclass(frozen=True)
class Execution:
    """A run of a function."""

    function: str
    seconds: float
    memory_mb: int
    messages: int
    """Of a queue; 0 if no queue called it."""


@dataclass(frozen=True)
class Records:
    calls: list[Call]
    executions: list[Execution]
