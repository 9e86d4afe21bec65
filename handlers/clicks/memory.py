"""What links' figures will be when the next clicks come, and whether to bet on it.

A guess is a condition of the write that relies on it, so a wrong one costs money and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cachetools import LRUCache

from ..shortener.click import Click
from ..shortener.tally import Tally

_LINKS = 1_000
"""Some 300 kB. A link that is forgotten is guessed from its clicks' messages alone."""


@dataclass(frozen=True)
class Guess:
    tally: Tally
    trusted: bool
    """Whether to count on it. A refused transaction costs its 4 write units; the read that a right
    guess saves costs a read unit, a fifth of a write unit, and a call. So after a wrong guess a
    link is counted and read, which tells for nothing whether a guess would have been right, until
    one would have been. If others write between two counts with probability q, q(1 - q) of the
    counts are refused: a quarter at worst, 1 unit a count, half of what the day's row used to cost.
    """


class Memory:
    """Of one process, which sees some of the clicks."""

    def __init__(self) -> None:
        self._guesses: LRUCache[str, Guess] = LRUCache(_LINKS)

    def guess(self, code: str, clicks: Sequence[Click]) -> Guess | None:
        """The newest of what is remembered and what the first of these clicks expects."""
        remembered = self._guesses.get(code)
        hints = [click.expected for click in clicks if click.expected is not None]
        if not hints:
            return remembered
        hint = min(hints, key=lambda tally: tally.clicks)
        if remembered is None:
            return Guess(hint, trusted=True)
        newest = max(remembered.tally, hint, key=lambda tally: tally.clicks)
        return Guess(newest, trusted=remembered.trusted)

    def keep(self, code: str, tally: Tally, *, guessed_right: bool) -> None:
        self._guesses[code] = Guess(tally, trusted=guessed_right)
