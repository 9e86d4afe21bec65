"""The body of `POST /orders`. A body that cannot be used is rejected in one sentence."""

from __future__ import annotations

import uuid
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

ORDER_ID = r"^[A-Za-z0-9_-]{8,64}$"  # it becomes the name of a Step Functions execution


class RejectedOrder(ValueError):
    """A sentence for the client, which does not repeat the body."""


class NewOrder(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    order_id: Annotated[str, Field(pattern=ORDER_ID)] = Field(
        default_factory=lambda: str(uuid.uuid4())
    )
    """The client's own, so that it may send an order again without ordering twice."""
    item: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,64}$")]
    quantity: Annotated[int, Field(ge=1, le=100)]


def parse(body: bytes) -> NewOrder:
    """Raises `RejectedOrder` about the first field that is wrong."""
    try:
        return NewOrder.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "body"
        # Not `from error`: pydantic's text quotes the body.
        raise RejectedOrder(f"{where}: {first['msg']}") from None
