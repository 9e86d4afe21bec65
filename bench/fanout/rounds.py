"""From single measurements to figures: medians over rounds, and ratios taken within a round.

Every round measures every client once, one after the other, so that what else the machine does
falls on all of them alike; a ratio compares neighbours in time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

OURS, FLOOR = "ours", "floor"


@dataclass(frozen=True)
class Measured:
    """One client in one round."""

    posts_per_cpu_second: float
    posts_per_wall_second: float
    server_cpu_seconds_per_post: float


@dataclass(frozen=True)
class Figures:
    """Medians. A ratio is one of posts per CPU-second, taken within each round."""

    posts_per_cpu_second: int
    posts_per_wall_second: int
    cpu_microseconds_per_post: float
    share_of_floor: float
    times_slower_than_ours: float
    server_cpu_microseconds_per_post: float
    rounds_posts_per_cpu_second: list[int]


Round = Mapping[str, Measured]


def figures(rounds: Sequence[Round]) -> dict[str, Figures]:
    """Client -> its figures, the fastest first."""
    found = {name: _of(name, rounds) for name in rounds[0]}
    return dict(sorted(found.items(), key=lambda item: -item[1].posts_per_cpu_second))


def _of(name: str, rounds: Sequence[Round]) -> Figures:
    speeds = [each[name].posts_per_cpu_second for each in rounds]
    return Figures(
        posts_per_cpu_second=round(median(speeds)),
        posts_per_wall_second=round(median(each[name].posts_per_wall_second for each in rounds)),
        cpu_microseconds_per_post=round(1e6 / median(speeds), 1),
        share_of_floor=round(median(_ratio(each, name, FLOOR) for each in rounds), 3),
        times_slower_than_ours=round(median(_ratio(each, OURS, name) for each in rounds), 2),
        server_cpu_microseconds_per_post=round(
            1e6 * median(each[name].server_cpu_seconds_per_post for each in rounds), 1
        ),
        rounds_posts_per_cpu_second=[round(speed) for speed in speeds],
    )


def _ratio(measured: Round, name: str, other: str) -> float:
    return measured[name].posts_per_cpu_second / measured[other].posts_per_cpu_second
