"""The body of `POST /links`. A body that cannot be used is rejected in one sentence."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    PlainValidator,
    ValidationError,
    ValidationInfo,
)

from . import targets
from .link import RESERVED, is_code

if TYPE_CHECKING:
    from collections.abc import Callable


class RefusedLinkError(ValueError):
    """A sentence for the client, which does not repeat the body."""


def _target(target: str, info: ValidationInfo) -> str:
    is_own: Callable[[str], bool] = info.context  # pyright: ignore[reportAssignmentType] - by `parse`
    return targets.checked(target, is_own)


def _alias(alias: str) -> str:
    code = alias.lower()
    if not is_code(code):
        raise ValueError(
            "must be 3 to 32 of a-z, 0-9, _ and -, in any case, and none of "
            + ", ".join(sorted(RESERVED))
        )
    return code


def _expiry(text: Any) -> datetime:
    # pydantic's own datetime takes a number in a string for seconds since 1970.
    must = "must be a date and time in ISO 8601 with an offset, 2031-05-17T12:00:00Z"
    if not isinstance(text, str):
        raise ValueError(must)
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError(must)
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(must) from error
    if moment <= datetime.now(UTC):
        raise ValueError("must be in the future")
    return moment


class NewLink(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    target: Annotated[str, AfterValidator(_target)]
    alias: Annotated[str, AfterValidator(_alias)] | None = None
    expires_at: Annotated[datetime, PlainValidator(_expiry)] | None = None


def parse(body: bytes, is_own: Callable[[str], bool]) -> NewLink:
    """Raises `RefusedLinkError` about the first field that is wrong. `is_own`: see `targets`."""
    try:
        return NewLink.model_validate_json(body, context=is_own)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "body"
        message = first["msg"].removeprefix("Value error, ")
        # Not `from error`: pydantic's text quotes the body.
        raise RefusedLinkError(f"{where}: {message}") from None
