"""The figures as JSON, as tables in docs/performance.md, and as a chart."""

import json
from collections.abc import Mapping
from dataclasses import asdict

from .. import document
from ..chart import Bar, bars
from .rounds import FLOOR, OURS, Figures

LABELS = {
    FLOOR: "floor: pre-signed bytes",
    OURS: "ours",
    "ours_uvloop": "ours on uvloop",
    "pycurl": "libcurl + our signer",
    "awscrt": "awscrt",
    "aiohttp": "aiohttp + signer",
    "node_sdk": "JavaScript SDK v3",
    "boto3": "boto3 in threads",
}
KINDS = {"plain": "Plain TCP", "tls": "TLS"}


def write(
    measured: Mapping[str, Mapping[str, Figures]], conditions: Mapping[str, object], below: str
) -> str:
    """Returns what it wrote into the document."""
    results: dict[str, object] = {
        kind: {name: asdict(each) for name, each in found.items()}
        for kind, found in measured.items()
    }
    document.RESULTS.mkdir(exist_ok=True)
    text = json.dumps({**results, "conditions": conditions}, indent=2) + "\n"
    (document.RESULTS / "fanout.json").write_text(text)
    tables: list[str] = []
    for kind, found in measured.items():
        chart = bars(f"Posts per CPU-second, {KINDS[kind]}", chart_rows(found))
        (document.RESULTS / f"fanout-{kind}.svg").write_text(chart)
        image = f"![Posts per CPU-second, {KINDS[kind]}](../bench/results/fanout-{kind}.svg)"
        tables.append(f"**{KINDS[kind]}**\n\n{table(found)}\n\n{image}\n")
    content = "\n".join([*tables, below, ""])
    document.write("fanout", content)
    return content


def chart_rows(found: Mapping[str, Figures]) -> list[Bar]:
    return [
        Bar(LABELS[name], each.posts_per_cpu_second, ours=name == OURS)
        for name, each in found.items()
    ]


def table(found: Mapping[str, Figures]) -> str:
    head = (
        "client",
        "posts per CPU-second",
        "CPU a post",
        "posts per second",
        "of the floor",
        "ours is",
    )
    return document.table(head, (_row(name, each) for name, each in found.items()))


def _row(name: str, each: Figures) -> list[str]:
    return [
        LABELS[name],
        f"{each.posts_per_cpu_second:,}",
        f"{each.cpu_microseconds_per_post:,.0f} µs",
        f"{each.posts_per_wall_second:,}",
        f"{each.share_of_floor:.1%}",
        "" if name in (OURS, FLOOR) else f"{each.times_slower_than_ours:.1f} x",
    ]
