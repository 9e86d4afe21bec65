"""The body of `POST /links`, and what is wrong with one, in a sentence."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, PlainValidator, ValidationError

from . import codes, targets


class RefusedLinkError(ValueError):
    """Its text is a sentence for the client and does not repeat the body."""


def _alias(alias: str) -> str:
    if not codes.is_code(alias):
        raise ValueError(
            "must be 3 to 32 of A-Z, a-z, 0-9, _ and - and none of "
            + ", ".join(sorted(codes.RESERVED))
        )
    return alias


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

    target: Annotated[str, AfterValidator(targets.checked)]
    alias: Annotated[str, AfterValidator(_alias)] | None = None
    expires_at: Annotated[datetime, PlainValidator(_expiry)] | None = None


def parse(body: bytes) -> NewLink:
    """Raises `RefusedLinkError`, about the first thing that is wrong."""
    try:
        return NewLink.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "body"
        message = first["msg"].removeprefix("Value error, ")
        # Not `from error`: pydantic's text quotes the body.
        raise RefusedLinkError(f"{where}: {message}") from None
