"""`realtime cost`: the cost of a day of clicks, line by line, naive beside ours.

A click's calls and units are those that `make bench-clicks` measured, posts follow from arithmetic.
Lambda's time was measured on one machine without AWS's network, so it is the least certain line.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from components.resources.regions import regions

BENCH = Path(__file__).parents[1] / "bench"
MILLION = 1_000_000
DAY_SECONDS = 86_400
DAYS = 30
INTERVAL_SECONDS = 0.2
"""Between two pushes of a link: `push.minIntervalMs` of both stacks."""
HEARTBEAT_SECONDS = 300
ROW_BYTES = 136
"""Of a subscription; a query reads those of all watchers."""
READ_UNIT_BYTES = 4096
HEARTBEAT = {
    "web_socket_million_messages": 2,
    "lambda_million_requests": 1,
    "dynamodb_million_write_units": 2,
    "dynamodb_million_read_units": 1,
}
"""A watcher asks whether its row is still there, which naive's never find out."""
NOT_OF_CLICKS = frozenset({"sqs_fifo_million_requests"})
FLUSH_QUEUE_REQUESTS = 3
"""Send, receive and delete of the message that ends an interval."""

app = typer.Typer()
console = Console(highlight=False, soft_wrap=True)

Counts = dict[str, float]
"""Of single things a day, by the name of their price."""


@dataclass(frozen=True, kw_only=True)
class Load:
    clicks_per_day: int
    watchers: int
    """Of each link, at all times."""
    links: int
    """That share the clicks evenly."""

    @property
    def clicks_per_second(self) -> float:
        """Of one link."""
        return self.clicks_per_day / self.links / DAY_SECONDS


@dataclass(frozen=True, kw_only=True)
class Price:
    label: str
    dollars: float
    per: int


@dataclass(frozen=True, kw_only=True)
class Line:
    """A day of one thing. `price` is of one million, or of one where `per` is 1."""

    title: str
    price: float
    per: int
    naive: float
    ours: float

    @property
    def naive_dollars(self) -> float:
        return self.naive / self.per * self.price

    @property
    def our_dollars(self) -> float:
        return self.ours / self.per * self.price


@app.command()
def cost(
    *,
    clicks_per_day: Annotated[int, typer.Option(min=1, max=10**12)],
    watchers: Annotated[int, typer.Option(min=0, help="Of each link, all day.")],
    links: Annotated[int, typer.Option(min=1, help="That share the clicks evenly.")] = 1,
    region: Annotated[str, typer.Option(help="Region of AWS.")] = "us-east-1",
    as_json: Annotated[
        bool, typer.Option("--json", help="For programs: JSON on standard output.")
    ] = False,
) -> None:
    """The cost of a day of clicks, line by line: the naive design beside ours."""
    if region not in regions().regions:
        known = ", ".join(sorted(regions().regions))
        console.print(f"--region must be a commercial region of AWS, got {region!r}: {known}.")
        raise typer.Exit(2)
    load = Load(clicks_per_day=clicks_per_day, watchers=watchers, links=links)
    prices = _read("prices.json")
    lines = compute(load, _read("results/clicks.json"), prices)
    if as_json:
        console.print_json(json.dumps(_plain(lines, region, prices["region"])))
    else:
        _print(lines, _assumptions(load, prices["region"], region))


def compute(load: Load, results: Mapping[str, Any], listed: Mapping[str, Any]) -> list[Line]:
    """`results` and `listed` are bench/results/clicks.json and bench/prices.json."""
    prices = {
        name: Price(
            label=entry["label"],
            dollars=entry["dollars"],
            per=MILLION if "_million_" in name else 1,
        )
        for name, entry in listed["prices"].items()
        if name not in NOT_OF_CLICKS
    }
    naive, ours = _naive(load, results, prices), _ours(load, results, prices)
    lines = [
        Line(title=p.label, price=p.dollars, per=p.per, naive=naive[name], ours=ours[name])
        for name, p in prices.items()
    ]
    beats = load.watchers * load.links * DAY_SECONDS / HEARTBEAT_SECONDS
    each = sum(prices[name].dollars * count for name, count in HEARTBEAT.items())
    return [*lines, Line(title="heartbeats", price=each, per=MILLION, naive=0, ours=beats)]


def pushes_per_click(clicks_per_second: float) -> float:
    """Of a link whose clicks come at random: after a push the next waits for its interval.

    A click in that time is sent when it ends, any number of them as one; without one the next
    click is sent at once.
    """
    quiet = math.exp(-clicks_per_second * INTERVAL_SECONDS)
    seconds_between = INTERVAL_SECONDS + quiet / clicks_per_second
    return 1 / (seconds_between * clicks_per_second)


def _naive(load: Load, results: Mapping[str, Any], prices: Mapping[str, Price]) -> Counts:
    """Each click is posted to each watcher; the index is read at half the price, and all of it."""
    each = _measured(results, "naive", prices)
    each["dynamodb_million_read_units"] += _more_rows(load, units=0.5)
    each["web_socket_million_messages"] = load.watchers
    return _connected(load, each)


def _ours(load: Load, results: Mapping[str, Any], prices: Mapping[str, Price]) -> Counts:
    each = _measured(results, "ours", prices)
    pushes = pushes_per_click(load.clicks_per_second)
    flushes = pushes * (1 - math.exp(-load.clicks_per_second * INTERVAL_SECONDS))
    for units, price in (
        ("write_units_per_click", "dynamodb_million_write_units"),
        ("read_units_per_click", "dynamodb_million_read_units"),
    ):
        each[price] = _conflated(results, units, pushes)
    each["dynamodb_million_read_units"] += pushes * _more_rows(load, units=1)
    each["sqs_million_requests"] += flushes * FLUSH_QUEUE_REQUESTS
    each["lambda_million_requests"] += flushes
    each["web_socket_million_messages"] = pushes * load.watchers
    return _connected(load, each)


def _measured(
    results: Mapping[str, Any], design: str, prices: Mapping[str, Price]
) -> dict[str, float]:
    """Counts of a click alone, one watcher: from the dollars that each was charged."""
    charged = results["traffics"]["quiet"][design]["dollars_per_million_clicks"]
    return {
        name: charged.get(name, 0) / MILLION * price.per / price.dollars
        for name, price in prices.items()
    }


def _conflated(results: Mapping[str, Any], units: str, pushes: float) -> float:
    """Between a click alone and clicks so dense that they were measured to share their pushes."""
    alone = results["traffics"]["quiet"]["ours"]
    dense = results["batch_sizes"]["found"]["1"]["ours"]
    share = min(1.0, (1 - pushes) / (1 - dense["posts_per_click"]))
    return alone[units] + (dense[units] - alone[units]) * share


def _more_rows(load: Load, *, units: float) -> float:
    """Read units of a query above those of one watcher."""
    return units * (max(1, math.ceil(load.watchers * ROW_BYTES / READ_UNIT_BYTES)) - 1)


def _connected(load: Load, each: Mapping[str, float]) -> Counts:
    counts = {name: count * load.clicks_per_day for name, count in each.items()}
    minutes = load.watchers * load.links * DAY_SECONDS / 60
    return counts | {"web_socket_million_connection_minutes": minutes}


def _read(name: str) -> Any:
    return json.loads((BENCH / name).read_text(encoding="utf-8"))


def _plain(lines: Sequence[Line], region: str, price_region: str) -> Mapping[str, Any]:
    dollars = [
        {**asdict(line), "naive_dollars": line.naive_dollars, "our_dollars": line.our_dollars}
        for line in lines
    ]
    return {
        "region": region,
        "price_region": price_region,
        "lines_of_a_day": dollars,
        "naive_dollars_a_day": sum(line.naive_dollars for line in lines),
        "our_dollars_a_day": sum(line.our_dollars for line in lines),
    }


def _print(lines: Sequence[Line], assumptions: Sequence[str]) -> None:
    table = Table()
    for heading in ("a day", "price", "naive", "$", "ours", "$"):
        table.add_column(heading, justify="left" if heading == "a day" else "right", no_wrap=True)
    for line in lines:
        price = f"{line.price:.3f}/M" if line.per == MILLION else f"{line.price * MILLION:.2f}/M"
        naive, ours = f"{line.naive_dollars:.2f}", f"{line.our_dollars:.2f}"
        table.add_row(line.title, price, _short(line.naive), naive, _short(line.ours), ours)
    table.add_section()
    naive, ours = (
        sum(line.naive_dollars for line in lines),
        sum(line.our_dollars for line in lines),
    )
    for title, days in (("a day", 1), (f"{DAYS} days", DAYS)):
        table.add_row(title, "", "", f"{naive * days:,.2f}", "", f"{ours * days:,.2f}")
    console.print(table)
    for assumption in assumptions:
        console.print(assumption)


def _short(count: float) -> str:
    return f"{count / MILLION:,.3f} M" if count >= MILLION / 10 else f"{count:,.0f}"


def _assumptions(load: Load, price_region: str, region: str) -> list[str]:
    rate, pushes = load.clicks_per_second, pushes_per_click(load.clicks_per_second)
    elsewhere = "" if region == price_region else f" {region} can be dearer."
    return [
        f"Dollars at the prices of {price_region}, without free tiers, logs and"
        f" traffic.{elsewhere}",
        f"{load.links:,} {'link' if load.links == 1 else 'links'} with {load.watchers:,} watchers,"
        f" {rate:,.2f} clicks/s each at random: {pushes:.2f} pushes a click, one in"
        f" {INTERVAL_SECONDS * 1000:.0f} ms at most.",
        "Counts of a click are measured (bench/results/clicks.json), posts are computed; Lambda's"
        " time is that of one machine without AWS's network.",
    ]
