"""From the times of clicks and of frames to how long a click took to a screen.

Totals say how many clicks they hold, not which. The n-th click that was made is on a screen when
the screen first says n or more: exact while clicks are counted in order, and the same rule for all.
"""

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate


@dataclass(frozen=True)
class Frame:
    at: float
    """When it was received, in seconds of the clock that the clicks are timed by."""
    clicks: int


@dataclass(frozen=True)
class Seen:
    seconds: Sequence[float]
    """For each click that got to the screen."""
    missing: int
    """Clicks that no frame held."""
    backwards: int
    """Frames that said less than one before them, as a screen without versions would show."""


def seen(clicked: Sequence[float], frames: Sequence[Frame], before: int) -> Seen:
    """`clicked` are the times of a link's clicks in order; it had `before` clicks at the start."""
    highest = list(accumulate((frame.clicks for frame in frames), max))
    seconds = list[float]()
    for number, at in enumerate(clicked, start=before + 1):
        first = bisect_left(highest, number)
        if first < len(frames):
            seconds.append(frames[first].at - at)
    backwards = sum(frame.clicks < top for frame, top in zip(frames, highest, strict=True))
    return Seen(seconds, len(clicked) - len(seconds), backwards)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of the values that at least `share` of them do not exceed."""
    return sorted(values)[max(0, math.ceil(len(values) * share) - 1)]
