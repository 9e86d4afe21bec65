"""Who watches a channel, as a process remembers it, to push without reading the rows again.

Right as long as the state has the name that the audience was read under. Whoever comes to watch
writes a row and takes the name away; whoever claims or flushes gives a nameless audience a new one
and reads the rows after that. So a row that is not in what is remembered under a name is younger
than the name, and its writer either takes the name away or finds what is published in the state.
"""

import secrets
from collections.abc import Sequence

from cachetools import LRUCache

from ..ports import Subscription

MAXIMUM_ROWS = 20_000
"""Some 10 MB. An audience without rows counts as one."""


class Remembered:
    def __init__(self, maximum_rows: int = MAXIMUM_ROWS) -> None:
        self._audiences: LRUCache[str, tuple[str, Sequence[Subscription]]] = LRUCache(
            maximum_rows, getsizeof=lambda audience: len(audience[1]) + 1
        )
        """By channel, each with its name."""

    def new_name(self) -> str:
        """Never one of before: under that, a row may be missing."""
        return secrets.token_urlsafe(9)

    def find(self, channel: str, name: str | None) -> Sequence[Subscription] | None:
        """Those who have come since are missing, unless the state had the name just now."""
        known = self._audiences.get(channel)
        return known[1] if known and known[0] == name else None

    def keep(self, channel: str, name: str | None, rows: Sequence[Subscription]) -> None:
        """All rows of the channel, read after the state had the name."""
        if name is not None and len(rows) < self._audiences.maxsize:
            self._audiences[channel] = name, rows
