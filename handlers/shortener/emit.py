"""Sends a click to the bus, else straight to the queue behind it, within one deadline.

Both ways carry the same body: a click that the bus took but confirmed too late arrives twice and is
counted once. A click that neither takes is lost, because no visitor waits for a third attempt.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from enum import Enum
from typing import Any

from .. import lines
from ..signed_http.json_calls import JsonCalls
from . import click
from .click import Click

EVENT_SOURCE = "shortener"
EVENT_TYPE = "click"

BUS_SECONDS = 0.3
EMIT_SECONDS = 0.5
"""For both ways together. Only the look-up of a name is not in it."""


class Way(Enum):
    BUS = "bus"
    QUEUE = "queue"
    NONE = "none"


class EntryRefusedError(RuntimeError):
    """The bus answered, and did not confirm the event; the text is its error code."""


class Emitter:
    def __init__(self, bus: JsonCalls, queue: JsonCalls, *, bus_name: str, queue_url: str) -> None:
        self._bus = bus
        self._queue = queue
        self._bus_name = bus_name
        self._queue_url = queue_url

    def emit(self, clicked: Click) -> Way:
        """Returns the way that the click went. Raises nothing: an error costs the click alone."""
        body = click.to_body(clicked)
        ends = time.monotonic() + EMIT_SECONDS
        ways: list[tuple[Way, Callable[[str, float], None], float]] = [
            (Way.BUS, self._to_bus, BUS_SECONDS),
            (Way.QUEUE, self._to_queue, EMIT_SECONDS),
        ]
        for way, send, seconds in ways:
            try:
                send(body, min(seconds, ends - time.monotonic()))
            except Exception as error:  # noqa: BLE001 - an answer may have any shape
                lines.log(
                    "WARNING",
                    "click not sent",
                    way=way.value,
                    code=clicked.code,
                    click_id=clicked.click_id,
                    error=f"{type(error).__name__}: {error}",
                )
            else:
                return way
        return Way.NONE

    def _to_bus(self, body: str, seconds: float) -> None:
        entry = {
            "Source": EVENT_SOURCE,
            "DetailType": EVENT_TYPE,
            "Detail": body,
            "EventBusName": self._bus_name,
        }
        answer = self._bus.call("PutEvents", {"Entries": [entry]}, seconds=seconds)
        # PutEvents answers 200 when it rejects an entry.
        if answer.get("FailedEntryCount") != 0:
            entries: Any = answer.get("Entries") or [{}]
            raise EntryRefusedError(str(entries[0].get("ErrorCode", "no error code")))

    def _to_queue(self, body: str, seconds: float) -> None:
        self._queue.call(
            "SendMessage", {"QueueUrl": self._queue_url, "MessageBody": body}, seconds=seconds
        )
