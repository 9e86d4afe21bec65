"""A click on its way from the redirect to the aggregator: one body, on the bus and on the queue."""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from .link import is_code

# A UUID of version 7: 48 bits of milliseconds, then random ones.
_CLICK_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
# 13 digits: milliseconds since 1970 have them from 2001 to 2286, seconds and microseconds not.
_EARLIEST_AT = 10**12
_LATEST_AT = 10**13 - 1


class MalformedClickError(ValueError):
    """Names the field that is wrong, never its value, which may be personal data."""


def day_of(at: int) -> date:
    """The UTC day of a time in ms."""
    return datetime.fromtimestamp(at // 1000, UTC).date()


@dataclass(frozen=True, kw_only=True)
class Click:
    click_id: str
    code: str
    at: int
    """When the visitor followed the link, in ms since the epoch."""

    @property
    def key(self) -> str:
        """The id as 32 hexadecimal digits. Keys sort by time."""
        return self.click_id.replace("-", "")

    @property
    def day(self) -> date:
        """The UTC day of the click itself, not of its counting."""
        return day_of(self.at)


def time_of(key: str) -> int:
    """The ms since the epoch that a click's key begins with."""
    return int(key[:12], 16)


def new(code: str, *, at: int) -> Click:
    """With an id of its own: a UUIDv7 of the click's time, RFC 9562 section 5.7."""
    a, b = secrets.randbits(12), secrets.randbits(62)
    key = f"{at:012x}{0x7 << 12 | a:04x}{0x2 << 62 | b:016x}"
    click_id = f"{key[:8]}-{key[8:12]}-{key[12:16]}-{key[16:20]}-{key[20:]}"
    return Click(click_id=click_id, code=code, at=at)


def to_body(click: Click) -> str:
    body = {"click_id": click.click_id, "code": click.code, "at": click.at}
    return json.dumps(body, separators=(",", ":"))


def from_body(body: str) -> Click:
    """Raises `MalformedClickError`. Ignores unknown keys, so that a newer redirect can add one."""
    try:
        fields: Any = json.loads(body)
        click_id, code, at = fields["click_id"], fields["code"], fields["at"]
    except (ValueError, RecursionError, TypeError, KeyError):
        # Without the cause, which quotes the body.
        raise MalformedClickError(
            "a click must be a JSON object with click_id, code and at"
        ) from None
    if not isinstance(click_id, str) or not _CLICK_ID.fullmatch(click_id):
        raise MalformedClickError("click_id must be a UUID of version 7 in lower case")
    if not isinstance(code, str) or not is_code(code):
        raise MalformedClickError("code must be one that a link can have")
    if type(at) is not int or not _EARLIEST_AT <= at <= _LATEST_AT:  # a bool is an int, too
        raise MalformedClickError("at must be milliseconds since 1970, an integer of 13 digits")
    if time_of(click_id.replace("-", "")) != at:
        raise MalformedClickError("at must be the time that click_id begins with")
    return Click(click_id=click_id, code=code, at=at)
