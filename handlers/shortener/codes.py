"""Codes of links: an alias or drawn at random. Never a word that the HTTP API routes itself."""

from __future__ import annotations

import re
import secrets
import string

RESERVED = frozenset({"links", "watch", "tickets", "health"})

_CODE = re.compile(r"[A-Za-z0-9_-]{3,32}")
_BASE62 = string.digits + string.ascii_letters
_RANDOM_LENGTH = 7


def is_code(text: str) -> bool:
    """Whether a link can have it. All of it may stand in a key, in a path and in a channel."""
    return _CODE.fullmatch(text) is not None and text.lower() not in RESERVED


def random_code() -> str:
    """One of 62^7 (3.5 * 10^12), unguessable. It may be taken: who writes it finds out."""
    while True:
        code = "".join(secrets.choice(_BASE62) for _ in range(_RANDOM_LENGTH))
        if is_code(code):
            return code
