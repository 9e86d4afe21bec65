"""What a process remembers of channels that are held, to join them without a claim that is refused.

A hint: to join is right at any time, and to claim too. A wrong memory costs a call or a flush.
"""

from collections import OrderedDict

MAXIMUM = 1_000


class Holds:
    def __init__(self, maximum: int = MAXIMUM) -> None:
        self._maximum = maximum
        self._until: OrderedDict[str, int] = OrderedDict()
        """The channel that was remembered last comes last."""

    def until(self, channel: str) -> int:
        """In ms; long ago if nothing is known."""
        return self._until.get(channel, 0)

    def remember(self, channel: str, until: int) -> None:
        """In ms; the channels that were not heard of for longest are forgotten."""
        self._until[channel] = until
        self._until.move_to_end(channel)
        if len(self._until) > self._maximum:
            self._until.popitem(last=False)
