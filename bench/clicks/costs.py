"""Dollars from counts, by the price list in `bench/prices.json`."""

import functools
import json
from collections.abc import Mapping
from pathlib import Path

MILLION = 1_000_000
PRICES = Path(__file__).parents[1] / "prices.json"


@functools.cache
def prices() -> Mapping[str, float]:
    listed = json.loads(PRICES.read_text())["prices"]
    return {name: entry["dollars"] for name, entry in listed.items()}


def dollars(counts: Mapping[str, float]) -> dict[str, float]:
    """`counts` are of single things, by the name of their price; `total` comes with the rest."""
    lines = {
        name: count * prices()[name] / (MILLION if "_million_" in name else 1)
        for name, count in counts.items()
    }
    return {**lines, "total": sum(lines.values())}
