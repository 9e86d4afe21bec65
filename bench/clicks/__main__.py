"""`make bench-clicks`: measures, and writes bench/results/clicks.json and the page with its tables.

`--only batches` and the like run a part, print it and write nothing.
"""

import argparse
import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..chart import Bar, bars
from ..machine import described
from . import traffic
from .batch_sizes import SIZES, by_batch_size
from .cloud import Cloud, cloud
from .measure import measure
from .report import page
from .summary import summary
from .traffic import Traffic

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "bench" / "results" / "clicks.json"
PLOT = RESULTS.with_name("clicks-latency.svg")
PAGE = ROOT / "docs" / "performance-clicks.md"

TRAFFICS: dict[str, Callable[[], Traffic]] = {
    "quiet": traffic.quiet,
    "hot_1": lambda: traffic.hot(1, 15),
    "hot_10": lambda: traffic.hot(10, 5),
    "zipf": lambda: traffic.zipf(20, 8),
}


def main() -> None:
    parts = argparse.ArgumentParser(description=__doc__)
    parts.add_argument("--only", choices=[*TRAFFICS, "batches"])
    only: str | None = parts.parse_args().only
    started = time.perf_counter()
    with cloud() as both:
        results = asyncio.run(_run(both, only))
    results["seconds"] = round(time.perf_counter() - started)
    text = json.dumps(results, indent=2) + "\n"
    if only:
        print(text)  # noqa: T201 - what was asked for
    else:
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(text)
        PLOT.write_text(_plot(results))
        PAGE.write_text(page(results))


async def _run(both: Cloud, only: str | None) -> dict[str, Any]:
    results: dict[str, Any] = {
        "machine": described(),
        "maximum_concurrency": both.maximum_concurrency,
        "traffics": {},
    }
    for name, make in TRAFFICS.items():
        if only in (None, name):
            planned = make()
            print(f"{planned.title} ...", flush=True)  # noqa: T201 - it takes minutes
            measured = await measure(both, planned)
            results["traffics"][name] = {
                "title": planned.title,
                **{design: summary(result) for design, result in measured.items()},
            }
    if only in (None, "batches"):
        results["batch_sizes"] = {"asked": SIZES, "found": await by_batch_size(both)}
    return results


def _plot(results: dict[str, Any]) -> str:
    rows = [
        Bar(f"{design}, {name}", found[design]["click_to_frame_ms"]["p95"], ours=design == "ours")
        for name, found in results["traffics"].items()
        for design in ("ours", "naive")
    ]
    return bars("Click to frame, p95 in ms", rows)


if __name__ == "__main__":
    main()
