"""The schema of docs/protocol.schema.json, as a check that a test may call on any frame."""

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

_SCHEMA = json.loads(
    (Path(__file__).parents[2] / "docs" / "protocol.schema.json").read_text("utf-8")
)


def valid(kind: str, frame: str | bytes) -> Any:
    """The frame's content. `kind` is `push`, `control` or `message`; raises `ValidationError`."""
    content = json.loads(frame)
    validator = Draft202012Validator({**_SCHEMA, "oneOf": [{"$ref": f"#/$defs/{kind}"}]})
    for error in validator.iter_errors(content):  # pyright: ignore[reportUnknownMemberType] - its stub has a bare Mapping
        raise error
    return content
