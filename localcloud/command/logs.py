"""The log lines of a local cloud's functions, as they come, without those that Lambda adds."""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from botocore.exceptions import BotoCoreError
from rich.console import Console
from rich.markup import escape

POLL_SECONDS = 0.5
WINDOW_SECONDS = 60
"""How far back a poll reads: the longest invocation that logs at its end."""
LEVELS = ("WARNING", "ERROR", "CRITICAL")
REJECTIONS = ("refused", "rejected")
"""How a line begins or ends that says that a client or a publisher was turned away."""
PLATFORM = ("START RequestId", "END RequestId", "REPORT RequestId", "INIT_START")
OWN_KEYS = frozenset(
    {
        *("cold_start", "function_arn", "function_memory_size", "function_name"),
        *("function_request_id", "level", "location", "message", "service", "timestamp"),
        *("xray_trace_id", "exception", "exception_name", "stack_trace"),
    }
)
"""Keys of a Powertools line that every line has, or that are shown apart."""


@dataclass(frozen=True, kw_only=True)
class Line:
    function: str
    text: str
    details: Mapping[str, Any]
    is_bad: bool
    """A rejection, a warning or an error."""
    trace: str = ""


def parsed(function: str, message: str) -> Line | None:
    """None for a line of Lambda itself, and for metrics."""
    message = message.rstrip("\n")
    if not message or message.startswith(PLATFORM):
        return None
    try:
        document = json.loads(message)
    except ValueError:
        return Line(function=function, text=message, details={}, is_bad=False)
    if not isinstance(document, dict):
        return Line(function=function, text=message, details={}, is_bad=False)
    entry = cast("dict[str, Any]", document)
    if "_aws" in entry:
        return None
    text = str(entry.get("message", message))
    rejected = text.startswith(REJECTIONS) or text.endswith(REJECTIONS)
    return Line(
        function=function,
        text=text,
        details={key: part for key, part in entry.items() if key not in OWN_KEYS},
        is_bad=rejected or entry.get("level") in LEVELS,
        trace=str(entry.get("exception", "")),
    )


def rendered(line: Line) -> str:
    details = "  ".join(f"{key}={part}" for key, part in line.details.items())
    shown = f"{escape(line.text)}  {escape(details)}".rstrip()
    if line.trace:
        shown += f"\n{escape(line.trace)}"
    return f"[cyan]{line.function}[/]  " + (f"[red]{shown}[/]" if line.is_bad else shown)


class Follower:
    """Prints new lines of the functions from a thread of its own, until it is closed."""

    def __init__(self, console: Console, client: Any) -> None:
        self._console, self._client = console, client
        self._groups: Mapping[str, str] = {}
        self._seen: dict[str, int] = {}
        """Lines read of each stream. The local cloud makes a stream for each invocation."""
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)

    def follow(self, groups: Mapping[str, str]) -> None:
        """Function's name to its log group; a later call replaces the groups."""
        self._groups = groups
        if not self._thread.is_alive():
            self._thread.start()

    def close(self) -> None:
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()

    def _follow(self) -> None:
        while not self._ended.wait(POLL_SECONDS):
            try:
                for line in self.new_lines():
                    self._console.print(rendered(line), soft_wrap=True)
            except BotoCoreError as error:
                self._console.print(f"[red]the local cloud no longer answers: {error}[/]")
                return

    def new_lines(self) -> Iterator[Line]:
        since = int((time.time() - WINDOW_SECONDS) * 1000)
        for function, group in self._groups.items():
            for stream, messages in self._streams(group, since).items():
                for message in messages[self._seen.get(stream, 0) :]:
                    if line := parsed(function, message):
                        yield line
                self._seen[stream] = len(messages)

    def _streams(self, group: str, since: int) -> Mapping[str, list[str]]:
        try:
            answer = self._client.filter_log_events(logGroupName=group, startTime=since)
        except self._client.exceptions.ResourceNotFoundException:
            return {}  # until the first invocation, or because a deployment deleted the group
        streams: dict[str, list[str]] = {}
        for event in answer["events"]:
            streams.setdefault(event["logStreamName"], []).append(event["message"])
        return streams
