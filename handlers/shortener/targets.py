"""Addresses that a link may lead to, as a browser reads and writes them.

The parser is the one of the WHATWG URL standard, which browsers follow and `urllib` does not:
https://url.spec.whatwg.org/#concept-url-parser
"""

from __future__ import annotations

from collections.abc import Callable

import can_ada

MAXIMUM_LENGTH = 2048


class RefusedTargetError(ValueError):
    """A sentence for the client, which does not repeat the target."""


def checked(target: str, is_own: Callable[[str], bool] = lambda _: False) -> str:
    """The target as a browser sends it, fit for a Location header. Raises `RefusedTargetError`.

    `is_own` is asked whether a host is this shortener's. It gets a port where the scheme implies
    another one.
    """
    try:
        protocol, credentials, host, href = _parts(target)
    except (ValueError, TypeError) as error:
        raise RefusedTargetError(
            "the target must be an address that a browser can open, like https://example.com/page"
        ) from error
    if protocol not in {"http:", "https:"}:
        raise RefusedTargetError("the target must start with http:// or https://")
    if credentials:
        raise RefusedTargetError(
            "the target must not carry a user name or a password: every visitor would see them"
        )
    if is_own(host.replace(".:", ":").rstrip(".")):
        raise RefusedTargetError(
            "the target must not be an address of this shortener: a link to a short link may never"
            " end, and each visit would count several clicks"
        )
    if len(href) > MAXIMUM_LENGTH:
        raise RefusedTargetError(
            f"the target must have at most {MAXIMUM_LENGTH} characters as a browser sends it,"
            f" it has {len(href)}"
        )
    return href


def _parts(target: str) -> tuple[str, str, str, str]:
    """As texts, so that no traceback keeps the parser's object, which it reports as a leak."""
    url = can_ada.parse(target)
    return url.protocol, url.username + url.password, url.host, url.href
