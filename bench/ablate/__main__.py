"""`make bench-ablate`: writes bench/results/ablate.json and a table of docs/performance.md.

All of it is simulated with constant parameters, so that a second run on any machine writes the
same figures.
"""

import functools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..document import RESULTS, table, write
from ..scale.parameters import LARGE, SMALL, Parameters, Region
from ..scale.simulate import Clicks, simulate, stream
from . import churn
from .churn import Traffic
from .mechanisms import MECHANISMS, without

CLICKS = stream(10, 30)
BUSY = replace(LARGE, others_requests_per_second=4_000)
BUSY_SMALL = replace(SMALL, others_requests_per_second=1_000)
CROWDED = replace(LARGE, others_requests_per_second=8_000)
COMING_AND_GOING = (Traffic(20, 200, 600, 300), Traffic(20, 2_000, 60, 60))
AS_IT_IS = "as it is"


def hot(region: Region, watchers: int, clicks: Clicks = CLICKS, links: int = 1) -> dict[str, Any]:
    found = simulate("ours", region, watchers, clicks, Parameters(), links)
    refused = found["others_refused"] / found["others"]
    return {"seconds": found["mean_seconds"], "others_refused_share": refused, **found}


TRAFFICS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "200 watchers": functools.partial(hot, BUSY, 200),
    "1,000": functools.partial(hot, BUSY, 1_000),
    "10,000": functools.partial(hot, BUSY, 10_000),
    "10,000, 2,500 rps": functools.partial(hot, BUSY_SMALL, 10_000),
    "10,000, others at 8,000 rps": functools.partial(hot, CROWDED, 10_000),
    "10 links with 1,000 each": functools.partial(hot, BUSY, 10_000, stream(50, 30), links=10),
    "20,000 never counted": functools.partial(hot, BUSY, 20_000, stream(10, 30, cold=True)),
    **{
        traffic.title: functools.partial(churn.simulate, traffic, Parameters())
        for traffic in COMING_AND_GOING
    },
}


def main() -> None:
    results: dict[str, Any] = {}
    for title, simulated in TRAFFICS.items():
        results[title] = {AS_IT_IS: simulated()}
        for name in MECHANISMS:
            with without(name):
                results[title][name] = simulated()
        print(f"{title}: done", flush=True)  # noqa: T201 - it takes minutes
    RESULTS.joinpath("ablate.json").write_text(json.dumps(results, indent=2) + "\n")
    write("ablate", _table(results))


def _table(results: Mapping[str, Any]) -> str:
    base = {title: found[AS_IT_IS] for title, found in results.items()}
    rows: list[Sequence[str]] = [(AS_IT_IS, *(_absolute(found) for found in base.values()))]
    for name in MECHANISMS:
        cells = [_relative(found[name], base[title]) for title, found in results.items()]
        rows.append((name, *cells))
    return table(("without", *results), rows)


def _absolute(found: Mapping[str, Any]) -> str:
    return f"{found['seconds']:.2f} s, ${found['dollars']:.3g}{_refused(found)}"


def _relative(found: Mapping[str, Any], base: Mapping[str, Any]) -> str:
    """Time and money as multiples of what they are with the mechanism; nothing within 2 %."""
    time, money = (found[name] / base[name] for name in ("seconds", "dollars"))
    if max(abs(time - 1), abs(money - 1)) < 0.02 and _refused(found) == _refused(base):
        return ""
    return f"{time:.2f}, {money:.2f}{_refused(found)}"


def _refused(found: Mapping[str, Any]) -> str:
    share = found.get("others_refused_share", 0)
    return f", {share:.1%} refused" if share >= 0.001 else ""


if __name__ == "__main__":
    main()
