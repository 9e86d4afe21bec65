"""A click as it travels from redirect to aggregator: one body, on the bus and on the queue."""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from . import codes

_CLICK_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# 13 digits: milliseconds since 1970 have them from 2001 to 2286, seconds and microseconds not.
_EARLIEST_AT = 10**12
_LATEST_AT = 10**13 - 1


class MalformedClickError(ValueError):
    """The text names the field that is wrong, never its value: a body is not ours to log."""


def day_of(at: int) -> date:
    """The UTC day of a time in ms."""
    return datetime.fromtimestamp(at // 1000, UTC).date()


@dataclass(frozen=True, kw_only=True)
class Click:
    click_id: str
    code: str
    at: int
    """When the link was followed, in ms since the epoch."""

    @property
    def second(self) -> int:
        return self.at // 1000

    @property
    def day(self) -> date:
        """The UTC day the click counts for: its own, not the day it is counted on."""
        return day_of(self.at)


def new(code: str, *, at: int) -> Click:
    return Click(click_id=str(uuid.uuid4()), code=code, at=at)


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
        raise MalformedClickError("click_id must be a UUID in lower case")
    if not isinstance(code, str) or not codes.is_code(code):
        raise MalformedClickError("code must be one that a link can have")
    if type(at) is not int or not _EARLIEST_AT <= at <= _LATEST_AT:  # a bool is an int, too
        raise MalformedClickError("at must be milliseconds since 1970, an integer of 13 digits")
    return Click(click_id=click_id, code=code, at=at)
