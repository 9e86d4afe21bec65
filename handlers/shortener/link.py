"""A link, its counters, and its code, which is an alias or drawn at random.

The counters of the newest day are in `Counters`; a day that has ended, and a late click, are in a
row of the day. The clicks of a day are the sum of both.
"""

from __future__ import annotations

import re
import secrets
import string
from dataclasses import dataclass
from datetime import date

RESERVED = frozenset({"links", "watch", "tickets", "health"})
"""Paths of the HTTP API and of the dashboard: never codes."""
NO_FLOOR = "0" * 32

_CODE = re.compile(r"[a-z0-9_-]{3,32}")
_DRAWN_FROM = string.digits + string.ascii_lowercase
_DRAWN_LENGTH = 8


@dataclass(frozen=True, kw_only=True)
class Link:
    """The META row. A deleted link stays as a tombstone, so that its code is never given again."""

    code: str
    target: str
    owner: str | None
    """None once the link is deleted."""
    live: bool = True
    created_at: int
    """ms since the epoch; the epoch of the link's channel as well."""
    expires_at: int | None = None
    """s since the epoch; None: never."""

    def leads_on(self, *, now_ms: int) -> bool:
        """Whether a visitor is redirected now: the link is neither deleted nor expired."""
        return self.live and (self.expires_at is None or now_ms < self.expires_at * 1000)


@dataclass(frozen=True, kw_only=True)
class Counters:
    """The COUNT row. Two invariants make counting exact: every counted id above `floor` is in
    `ids`, and every counted id at or below it is in the row of evicted ids that covers it."""

    epoch: int
    """Of the link's channel: when the link was made, in ms."""
    day: date
    live: bool = True
    """False once the link is deleted. A link that has expired stays live: clicks from before its
    end still count."""
    clicks: int = 0
    """Of all days. Every click makes it larger, so it is the version of the link's channel."""
    day_clicks: int = 0
    ids: frozenset[str] = frozenset()
    """Of clicks: 32 hexadecimal digits, which sort by time."""
    floor: str = NO_FLOOR


def is_code(text: str) -> bool:
    """Whether a link can have this code. All of it may stand in a key, a path and a channel.

    A code has no upper case, so that no two links differ by case alone: the redirect and the links
    API take a typed code in any case.
    """
    return _CODE.fullmatch(text) is not None and text not in RESERVED


def random_code() -> str:
    """One of 36^8 (2.8 * 10^12), unguessable. It may be taken: the write of the link finds out."""
    while True:
        code = "".join(secrets.choice(_DRAWN_FROM) for _ in range(_DRAWN_LENGTH))
        if is_code(code):
            return code
