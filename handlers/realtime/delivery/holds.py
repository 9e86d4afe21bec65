"""What a process remembers of channels that are held, to join them without a claim that is refused.

A hint: to join is right at any time, and to claim too. A wrong memory costs a call or a flush.
"""

from cachetools import LRUCache

MAXIMUM = 1_000


class Holds:
    def __init__(self, maximum: int = MAXIMUM) -> None:
        self._until: LRUCache[str, int] = LRUCache(maximum)
        """The channels that were not heard of for longest are forgotten."""

    def until(self, channel: str) -> int:
        """In ms; long ago if nothing is known."""
        return self._until.get(channel, 0)

    def remember(self, channel: str, until: int) -> None:
        """In ms."""
        self._until[channel] = until
