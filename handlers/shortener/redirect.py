"""`GET /{code}`: sends the visitor on and emits the click. The visitor never waits for the click.

A person waits for this function, so it makes its three calls without boto3 and logs without
Powertools. A link that was just deleted leads on while the cache keeps it, ten seconds at most.
"""

from __future__ import annotations

import functools
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from cachetools import TTLCache

from .. import aws, environment, lines
from ..signed_http.json_calls import DYNAMODB, EVENTS, SQS, CallError, JsonCalls
from . import click, table
from .emit import Emitter, Way
from .link import Link, is_code
from .visits import Visit, is_person, visit

CACHE_ENTRIES = 10_000
CACHE_SECONDS = 10
READ_ATTEMPTS = 3
READ_SECONDS = 1.0
"""For one attempt."""
READ_PAUSE_SECONDS = 0.05

LOST = {Way.QUEUE: "ClicksDiverted", Way.NONE: "ClicksLost"}
ALLOWED = {"allow": "GET, HEAD, OPTIONS"}

aws.tls()


@dataclass(frozen=True)
class Environment:
    links_table: str
    event_bus_name: str
    click_queue_url: str


@dataclass(frozen=True)
class Redirect:
    links: JsonCalls
    table: str
    emitter: Emitter
    cache: TTLCache[str, Link]

    def follow(self, code: str, kind: Visit, headers: Mapping[str, str]) -> dict[str, Any]:
        if kind is Visit.SPECULATION:
            # A browser never uses this answer when the person follows the link: it asks again.
            # https://github.com/web-platform-tests/wpt/blob/master/speculation-rules/prefetch/prefetch-status.https.html
            # A redirect, or any 2xx, would be used without another request. A 5xx would do as well,
            # but an alarm counts those.
            return _refusal(403, "speculative", "Ask again when the link is followed.", headers)
        now_ms = time.time_ns() // 1_000_000
        link = self.find(code) if is_code(code) else None
        if link is None:
            return _refusal(404, "not_found", "There is no such link.", headers)
        if not link.leads_on(now_ms=now_ms):
            return _refusal(410, "gone", "This link has expired or was deleted.", headers)
        if kind is Visit.CLICK:
            way = self.emitter.emit(click.new(code, at=now_ms))
            if way in LOST:
                lines.count(LOST[way])
        elif kind is Visit.PREVIEW:
            lines.count("LinkPreviews")
        return _answer(302, "", {"location": link.target})

    def find(self, code: str) -> Link | None:
        """Read consistently. A miss is not kept: a link leads on as soon as it is made."""
        link = self.cache.get(code)
        if link is None and (item := self._read(code)):
            link = self.cache[code] = table.link_of(item)
        return link

    def _read(self, code: str) -> table.Item | None:
        key = {"TableName": self.table, "Key": table.link_key(code), "ConsistentRead": True}
        attempt = 1
        while True:
            try:
                return self.links.call("GetItem", key, seconds=READ_SECONDS).get("Item")
            except CallError as error:
                if not error.retryable or attempt == READ_ATTEMPTS:
                    raise
            time.sleep(aws.full_jitter(attempt, first=READ_PAUSE_SECONDS))
            attempt += 1


def links_cache() -> TTLCache[str, Link]:
    # By the wall clock: the monotonic one may stand still while Lambda keeps the process frozen,
    # and a deleted link would then lead on for as long as the process lives.
    return TTLCache(maxsize=CACHE_ENTRIES, ttl=CACHE_SECONDS, timer=time.time)


@functools.cache
def redirect() -> Redirect:
    variables = environment.read(Environment)
    emitter = Emitter(
        aws.json_calls(EVENTS),
        aws.json_calls(SQS),
        bus_name=variables.event_bus_name,
        queue_url=variables.click_queue_url,
    )
    return Redirect(aws.json_calls(DYNAMODB), variables.links_table, emitter, links_cache())


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    method, headers = event["requestContext"]["http"]["method"], event.get("headers", {})
    if method == "OPTIONS":  # a preflight; API Gateway adds the headers of its CORS configuration
        return _answer(204, "", ALLOWED)
    if method not in {"GET", "HEAD"}:
        return _refusal(405, "method_not_allowed", "A link can be followed only.", headers, ALLOWED)
    # A code is typed in any case, and software appends a slash.
    code = str(event["rawPath"]).strip("/").lower()
    try:
        answer = redirect().follow(code, visit(method, headers), headers)
    except Exception:  # noqa: BLE001 - the edge: logged, and answered without details
        lines.log_exception("redirect failed", function_request_id=context.aws_request_id)
        message = "The link could not be followed. Try again later."
        answer = _refusal(500, "internal", message, headers)
    return {**answer, "body": ""} if method == "HEAD" else answer


def _answer(status: int, body: str, headers: Mapping[str, str]) -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": {"cache-control": "no-store", **headers},
        "body": body,
    }


def _refusal(
    status: int,
    code: str,
    message: str,
    asked: Mapping[str, str],
    more: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """A page for a person, JSON for a program: by the request's `Accept`."""
    if not is_person(asked):
        body = json.dumps({"error": {"code": code, "message": message}})
        return _answer(status, body, {"content-type": "application/json", **(more or {})})
    page = (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><meta name="color-scheme"'
        f' content="light dark"><title>{escape(message)}</title><h1>{escape(message)}</h1></html>'
    )
    sent = {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": "default-src 'none'",
        **(more or {}),
    }
    return _answer(status, page, sent)
