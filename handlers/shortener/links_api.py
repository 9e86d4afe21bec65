"""The links API: a signed-in user makes, lists, reads and deletes links of their own.

The HTTP API's JWT authorizer has checked the token; the owner is its `sub`. A link of another owner
is answered with 404, as if there were none.
"""

from __future__ import annotations

import base64
import functools
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response, content_types
from aws_lambda_powertools.event_handler.exceptions import NotFoundError

from .. import aws, environment
from . import click, cursors, new_link
from .link import Counters, Link, is_code, random_code
from .new_link import NewLink
from .store import BusyError, LinkStore

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

_MAXIMUM_BODY_BYTES = 8 * 1024
_DEFAULT_LIMIT = 25
_LIMIT = re.compile(r"[1-9][0-9]?|100")
_DRAWS = 5
_DAYS_SHOWN = 30
"""Today and the days before it, in UTC. A link's answer lists those of them with a click."""

logger = Logger()
aws.dynamodb()
app = APIGatewayHttpResolver()

Answer = Response[Any]


@dataclass(frozen=True)
class Environment:
    links_table: str
    public_url: str


@functools.cache
def _environment() -> Environment:
    return environment.read(Environment)


@functools.cache
def _links() -> LinkStore:
    return LinkStore(aws.dynamodb(), _environment().links_table)


class RefusedError(Exception):
    """The error that a request is answered with. The code is stable, the message is not."""

    def __init__(self, status: HTTPStatus, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    answer = app.resolve(event, context)
    logger.info("answered", extra={"route": event["routeKey"], "status": answer["statusCode"]})
    return answer


@app.post("/links")
def create() -> Answer:
    owner = _owner()
    try:
        wanted = new_link.parse(_body(), _is_own)
    except new_link.RefusedLinkError as error:
        raise RefusedError(HTTPStatus.BAD_REQUEST, "bad_request", str(error)) from error
    link = _created(wanted, owner, now_ms=time.time_ns() // 1_000_000)
    shown = _shown(link, clicks=0)
    return _answer(HTTPStatus.CREATED, shown, {"location": shown["short_url"]})


@app.get("/links")
def list_links() -> Answer:
    owner = _owner()
    query = app.current_event.query_string_parameters
    limit, cursor = query.get("limit", str(_DEFAULT_LIMIT)), query.get("cursor")
    if not _LIMIT.fullmatch(limit):
        message = "limit must be a whole number from 1 to 100"
        raise RefusedError(HTTPStatus.BAD_REQUEST, "bad_request", message)
    try:
        after = None if cursor is None else cursors.decode(cursor, owner=owner)
    except cursors.RefusedCursorError as error:
        raise RefusedError(HTTPStatus.BAD_REQUEST, "bad_cursor", str(error)) from error
    page, end = _links().page(owner, limit=int(limit), after=after)
    clicks = _links().clicks([link.code for link in page])
    # The index may still name a link that has just been deleted.
    shown = [_shown(link, clicks[link.code]) for link in page if link.code in clicks]
    following = None if end is None else cursors.encode(end, owner=owner)
    return _answer(HTTPStatus.OK, {"links": shown, "cursor": following})


@app.get("/links/<code>")
def read(code: str) -> Answer:
    owner = _owner()
    code = code.lower()
    found = _links().with_days(code) if is_code(code) else None
    if found is None or found[0].owner != owner:
        raise _no_such_link()
    link, clicks, days = found
    oldest = click.day_of(time.time_ns() // 1_000_000) - timedelta(days=_DAYS_SHOWN - 1)
    counts = [
        {"date": day.date.isoformat(), "clicks": day.clicks} for day in days if day.date >= oldest
    ]
    return _answer(HTTPStatus.OK, {**_shown(link, clicks), "days": counts})


@app.delete("/links/<code>")
def delete(code: str) -> Answer:
    owner = _owner()
    code = code.lower()
    if not is_code(code) or not _links().delete(code, owner=owner):
        raise _no_such_link()
    logger.info("link deleted", extra={"code": code})
    return Response(status_code=HTTPStatus.NO_CONTENT, body="")


@app.exception_handler(RefusedError)
def refused(error: RefusedError) -> Answer:
    return _error(error.status, error.code, str(error))


@app.exception_handler(BusyError)
def unavailable(error: BusyError) -> Answer:
    logger.error("table busy", extra={"reason": str(error)})
    message = "The links cannot be read or changed just now. Try again in a moment."
    return _error(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", message)


@app.exception_handler(Exception)
def failed(_: Exception) -> Answer:
    logger.exception("request failed")
    message = "Something went wrong on our side. Try again later."
    return _error(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", message)


@app.exception_handler(NotFoundError)
def no_route(_: NotFoundError) -> Answer:
    return _error(HTTPStatus.NOT_FOUND, "not_found", "There is no such resource.")


def _owner() -> str:
    authorizer = app.current_event.request_context.authorizer
    subject = authorizer.jwt_claim.get("sub") if authorizer else None
    if not subject:
        message = "The request must carry a token of a signed-in user."
        raise RefusedError(HTTPStatus.UNAUTHORIZED, "unauthorized", message)
    return str(subject)


def _body() -> bytes:
    event = app.current_event
    text = event.body or ""
    # API Gateway encodes a body whose content type it takes for binary.
    body = base64.b64decode(text) if event.is_base64_encoded else text.encode()
    if len(body) > _MAXIMUM_BODY_BYTES:
        message = f"The body must have at most {_MAXIMUM_BODY_BYTES} bytes, it has {len(body)}."
        raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "payload_too_large", message)
    return body


def _is_own(host: str) -> bool:
    """Whether a host is an address of this API: its public name, or the one that AWS gave it."""
    context = app.current_event.request_context
    public = urlsplit(_environment().public_url).netloc.lower()
    return host in {public, context.domain_name} or host.startswith(
        f"{context.api_id}.execute-api."
    )


def _created(wanted: NewLink, owner: str, *, now_ms: int) -> Link:
    drawn = (random_code() for _ in range(_DRAWS))
    for code in [wanted.alias] if wanted.alias is not None else drawn:
        link = Link(
            code=code,
            target=wanted.target,
            owner=owner,
            created_at=now_ms,
            expires_at=int(wanted.expires_at.timestamp()) if wanted.expires_at else None,
        )
        if _links().create(link, Counters(epoch=now_ms, day=click.day_of(now_ms))):
            logger.info("link made", extra={"code": code})
            return link
    if wanted.alias is None:
        raise RuntimeError(f"{_DRAWS} random codes in a row were taken: make codes longer")
    message = f"The alias {wanted.alias} is taken or was; choose another."
    raise RefusedError(HTTPStatus.CONFLICT, "alias_taken", message)


def _no_such_link() -> RefusedError:
    return RefusedError(HTTPStatus.NOT_FOUND, "not_found", "You have no such link.")


def _shown(link: Link, clicks: int) -> dict[str, Any]:
    expires_at = None if link.expires_at is None else _iso(link.expires_at * 1000)
    return {
        "code": link.code,
        "target": link.target,
        "short_url": f"{_environment().public_url}/{link.code}",
        "clicks": clicks,
        "created_at": _iso(link.created_at),
        "expires_at": expires_at,
    }


def _iso(ms: int) -> str:
    moment = datetime.fromtimestamp(ms / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _error(status: HTTPStatus, code: str, message: str) -> Answer:
    return _answer(status, {"error": {"code": code, "message": message}})


def _answer(
    status: HTTPStatus, body: dict[str, Any], headers: dict[str, str | list[str]] | None = None
) -> Answer:
    return Response(status, content_types.APPLICATION_JSON, body, headers or {})
