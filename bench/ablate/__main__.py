"""`make bench-ablate`: writes bench/results/ablate.json and a table of docs/performance.md.

All of it is simulated with constant parameters, so that a second run on any machine writes the
same figures.
"""

import functools
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..document import RESULTS, table, write
from ..scale.parameters import LARGE, SMALL, Parameters, Region
from ..scale.simulate import Clicks, simulate, stream
from . import churn
from .churn import Traffic
from .mechanisms import MECHANISMS, without

CLICKS = stream(10, 30)
CROWDED = Region("crowded", 10_000, 5_000, used_by_others=8_000)
COMING_AND_GOING = (Traffic(20, 200, 600, 300), Traffic(20, 2_000, 60, 60))
AS_IT_IS = "as it is"


def one_link(region: Region, watchers: int, clicks: Clicks = CLICKS) -> dict[str, Any]:
    found = simulate("ours", region, watchers, clicks, Parameters())
    return {"seconds": found["last_watcher_seconds"], **found}


TRAFFICS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "200 watchers": functools.partial(one_link, LARGE, 200),
    "1,000": functools.partial(one_link, LARGE, 1_000),
    "10,000": functools.partial(one_link, LARGE, 10_000),
    "10,000, 2,500 rps": functools.partial(one_link, SMALL, 10_000),
    "10,000, others use 8,000 rps": functools.partial(one_link, CROWDED, 10_000),
    "50,000 never counted": functools.partial(one_link, LARGE, 50_000, stream(10, 30, cold=True)),
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
    first = [f"{found['seconds']:.2f} s, ${found['dollars']:.4g}" for found in base.values()]
    rows: list[Sequence[str]] = [(AS_IT_IS, *first)]
    for name in MECHANISMS:
        cells = [_cell(found[name], base[title]) for title, found in results.items()]
        rows.append((name, *cells))
    return table(("without", *results), rows)


def _cell(found: Mapping[str, Any], base: Mapping[str, Any]) -> str:
    """Time and money as multiples of what they are with the mechanism; nothing within 0.5 %."""
    if found["seconds"] is None:
        return "never"
    time, money = (found[name] / base[name] for name in ("seconds", "dollars"))
    if max(abs(time - 1), abs(money - 1)) < 0.005:
        return ""
    return f"{time:.2f}, {money:.2f}"


if __name__ == "__main__":
    main()
