"""Which addresses a link may lead to.

The text is checked before it is parsed: `urlsplit` silently drops tabs and line breaks, and a
browser reads a backslash as a slash.
"""

from __future__ import annotations

from urllib.parse import urlsplit

MAXIMUM_LENGTH = 2048


class RefusedTargetError(ValueError):
    """Its text is a sentence for the client and does not repeat the target."""


def checked(target: str) -> str:
    """Returns the target, fit for a Location header, or raises `RefusedTargetError`."""
    if len(target) > MAXIMUM_LENGTH:
        raise RefusedTargetError(
            f"the target must have at most {MAXIMUM_LENGTH} characters, it has {len(target)}"
        )
    if any(not "!" <= character <= "~" or character == "\\" for character in target):
        raise RefusedTargetError(
            "the target must be printable ASCII without spaces and backslashes: percent-encode"
            " everything else, and write an international host name in its xn-- form"
        )
    try:
        parts = urlsplit(target)
        _ = parts.port  # parsed on access, and only then refused
    except ValueError as error:
        raise RefusedTargetError(f"the target must be a valid URL: {error}") from error
    if parts.scheme not in {"http", "https"}:
        raise RefusedTargetError("the target must start with http:// or https://")
    if not parts.hostname:
        raise RefusedTargetError("the target must name a host")
    if "@" in parts.netloc:
        raise RefusedTargetError(
            "the target must not carry a user name or password: whoever follows the link sees it"
        )
    return target
