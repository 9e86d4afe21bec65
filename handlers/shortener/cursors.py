"""The cursor of a list of links: opaque to the client, and good for its owner only.

It is not signed: an owner that makes one up starts a page elsewhere in their own links.
"""

from __future__ import annotations

import base64
import json
from typing import Any

from .link import is_code
from .table import Position

_LATEST_CREATED_AT = 10**13 - 1


class RefusedCursorError(ValueError):
    """A sentence for the client."""


def encode(position: Position, *, owner: str) -> str:
    text = json.dumps([owner, position.created_at, position.code], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode(cursor: str, *, owner: str) -> Position:
    """Raises `RefusedCursorError` unless `encode` could have made it for this owner."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        fields: Any = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        made_for, created_at, code = fields
    except (ValueError, TypeError, RecursionError) as error:
        raise _refused() from error
    if made_for != owner:
        raise _refused()
    if type(created_at) is not int or not 0 <= created_at <= _LATEST_CREATED_AT:
        raise _refused()
    if not isinstance(code, str) or not is_code(code):
        raise _refused()
    return Position(created_at, code)


def _refused() -> RefusedCursorError:
    return RefusedCursorError(
        "cursor must be one from an earlier answer to you: leave it out to start at the newest link"
    )
