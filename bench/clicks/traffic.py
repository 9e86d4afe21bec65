"""What is clicked when, and how many watch it. The same for both designs, and in every run."""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

QUIET_SECONDS = 0.35
"""Between two clicks: more than a channel's interval, so that nothing is conflated."""


@dataclass(frozen=True)
class Traffic:
    name: str
    title: str
    links: Sequence[str]
    watchers: Mapping[str, int]
    """By link."""
    clicks: Sequence[tuple[float, str]]
    """Seconds from the start, and the link."""
    rounds: int
    """How often it is repeated, each design in turn."""


def quiet() -> Traffic:
    """Nothing to conflate and nothing to batch: what a design costs by itself."""
    random_ = random.Random(1)  # noqa: S311 - repeatable, not secret
    clicks = [(number * QUIET_SECONDS + random_.uniform(0, 0.1), "quiet00") for number in range(30)]
    return Traffic(
        "quiet",
        "one link, one watcher, a click now and then",
        ["quiet00"],
        {"quiet00": 1},
        clicks,
        4,
    )


def hot(clicks_per_second: float, seconds: float) -> Traffic:
    """Clicks come as strangers do, independently of each other."""
    # Of its own: made again under the same epoch, a link's first numbers would be old ones.
    code = f"hotlink{clicks_per_second:g}"
    title = f"one link, 200 watchers, clicks at {clicks_per_second:g} a second"
    name = f"hot_{clicks_per_second:g}"
    clicks = [(at, code) for at in _arrivals(clicks_per_second, seconds, seed=2)]
    return Traffic(name, title, [code], {code: 200}, clicks, 2)


def zipf(clicks_per_second: float, seconds: float) -> Traffic:
    """The n-th link of a thousand is clicked and watched 1/n as often as the first."""
    links = [f"zipf{number:04}" for number in range(1, 1001)]
    weights = [1 / number for number in range(1, 1001)]
    random_ = random.Random(3)  # noqa: S311 - repeatable, not secret
    arrivals = _arrivals(clicks_per_second, seconds, seed=4)
    clicked = random_.choices(links, weights, k=len(arrivals))
    watched = Counter(random_.choices(links, weights, k=200))
    title = f"1,000 links, clicked and watched by Zipf's law, {clicks_per_second:g} clicks a second"
    return Traffic("zipf", title, links, watched, list(zip(arrivals, clicked, strict=True)), 2)


def _arrivals(per_second: float, seconds: float, *, seed: int) -> Sequence[float]:
    random_ = random.Random(seed)  # noqa: S311 - repeatable, not secret
    arrivals = list[float]()
    at = random_.expovariate(per_second)
    while at < seconds:
        arrivals.append(at)
        at += random_.expovariate(per_second)
    return arrivals
