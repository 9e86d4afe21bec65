"""The messages of the delivery queue, as JSON.

None carries a value: a worker reads the current one. A task that comes late or twice is harmless.
"""

import json
from dataclasses import asdict
from typing import Any, cast

from ..model import Position, Range, Retry, Task, Trail


class MalformedTask(ValueError):
    """A message of the delivery queue that this version did not write."""


_KINDS: dict[str, type[Task]] = {kind.__name__: kind for kind in (Trail, Range, Retry)}


def encode(task: Task) -> str:
    return json.dumps({"task": type(task).__name__, **asdict(task)}, separators=(",", ":"))


def decode(text: str) -> Task:
    """Raises `MalformedTask`."""
    try:
        fields = cast("dict[str, Any]", json.loads(text))
        kind = _KINDS[fields.pop("task")]
        if fields.get("position") is not None:
            fields["position"] = Position(**fields["position"])
        if kind is Retry:
            fields["connection_ids"] = tuple(fields["connection_ids"])
        return kind(**fields)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise MalformedTask(
            "a message of the delivery queue must be a task that this engine sent"
        ) from error
