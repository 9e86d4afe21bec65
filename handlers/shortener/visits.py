"""Tells a click from a request that no person made. The rule is in docs/guarantees.md.

A header is the sender's own word: a program that sends a browser's headers is counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

SPECULATIVE = ("sec-purpose", "purpose", "x-moz", "x-purpose")
"""Headers of a browser that loads a page before a person asks for it; the first is the standard's.
https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Sec-Purpose"""
PREVIEWERS = (
    "discordbot",
    "facebookexternalhit",
    "linkedinbot",
    "skypeuripreview",
    "slackbot",
    "telegrambot",
    "twitterbot",
    "whatsapp/",
)
"""Parts of user agents, in lower case, of services that unfold a link in a message. They are in
https://github.com/monperrus/crawler-user-agents, with the services' own pages. A service that sends
the user agent of a browser cannot be told from a person."""


class Visit(Enum):
    CLICK = "click"
    HEAD = "head"
    """Asks for the headers alone, as link checkers and mail scanners do (RFC 9110, 9.3.2)."""
    PREVIEW = "preview"
    SPECULATION = "speculation"


def visit(method: str, headers: Mapping[str, str]) -> Visit:
    """`headers` have names in lower case, as API Gateway's format 2.0 gives them."""
    for name in SPECULATIVE:
        if headers.get(name, "").lower().startswith(("prefetch", "prerender", "preview")):
            return Visit.SPECULATION
    if method == "HEAD":
        return Visit.HEAD
    agent = headers.get("user-agent", "").lower()
    return Visit.PREVIEW if any(name in agent for name in PREVIEWERS) else Visit.CLICK


def is_person(headers: Mapping[str, str]) -> bool:
    """Whether an answer is for a person to read. A program that says nothing gets JSON."""
    return "text/html" in headers.get("accept", "").lower()
