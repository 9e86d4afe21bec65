"""`make bench-scale`: simulates, and writes bench/results/scale.json and the page of its tables."""

import json
from pathlib import Path
from typing import Any

from .measured import post_processor_seconds, row_processor_seconds
from .parameters import LARGE, SMALL, Parameters
from .plot import lines
from .report import page
from .simulate import DESIGNS, ONE, simulate, stream

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "bench" / "results" / "scale.json"
PAGE = ROOT / "docs" / "performance-scale.md"
WATCHERS = (1_000, 10_000, 100_000, 1_000_000)
CLICKS = (ONE, stream(10, 30))
COLD = stream(10, 30, cold=True)
COLD_WATCHERS = 50_000


def main() -> None:
    parameters = Parameters(
        row_processor_seconds=row_processor_seconds(),
        post_processor_seconds=post_processor_seconds("ours"),
        naive_post_processor_seconds=post_processor_seconds("node_sdk"),
    )
    results: dict[str, Any] = {
        "parameters": {name: getattr(parameters, name) for name in Parameters.__annotations__},
        "clicks": {clicks.name: clicks.title for clicks in CLICKS},
        "regions": {},
        "cold": {"watchers": COLD_WATCHERS, "regions": {}},
    }
    for region in (LARGE, SMALL):
        by_clicks: dict[str, Any] = {}
        for clicks in CLICKS:
            by_clicks[clicks.name] = {
                str(watchers): {
                    design: simulate(design, region, watchers, clicks, parameters)
                    for design in DESIGNS
                }
                for watchers in WATCHERS
            }
            print(f"{region.name}, {clicks.title}: done", flush=True)  # noqa: T201 - it takes minutes
        results["regions"][region.name] = by_clicks
        cold = simulate("ours", region, COLD_WATCHERS, COLD, parameters)
        results["cold"]["regions"][region.name] = cold
        name = f"scale-{region.name.replace(',', '').replace(' ', '-')}.svg"
        RESULTS.with_name(name).write_text(_plot(by_clicks[ONE.name]))
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=2) + "\n")
    PAGE.write_text(page(results))


def _plot(by_watchers: dict[str, Any]) -> str:
    series = {
        design: [
            (float(watchers), found[design]["last_watcher_seconds"])
            for watchers, found in by_watchers.items()
            if found[design]["last_watcher_seconds"] is not None
        ]
        for design in DESIGNS
    }
    title = "Seconds until the last watcher sees one click (simulated)"
    return lines(title, series, across="watchers", up="seconds")


if __name__ == "__main__":
    main()
