"""docs/performance-scale.md from the results: no figure of that page is typed by hand."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..document import paragraph, table

HEAD = """# Scale: one link, 1,000 to 1,000,000 watchers

Written by `make bench-scale` from `bench/results/scale.json`. **This is a simulation**, in discrete
events: no AWS account was used, and no socket is open.

Real parts, simulated parts, and the terms of the tables:

- Real: the engine's code. Leading push, defer and trailing push, the workers, the
  split into ranges and the rate limit run as they are, on an event loop whose time is simulated.
  The table is the in-memory fake that passes the same tests as DynamoDB's adapter.
- Simulated: the times of DynamoDB, SQS and API Gateway (constant, below), Lambda's cold starts, its
  share of a processor and the ramp of a queue's functions, and the account's bucket of requests,
  which answers 429 when it is empty. Nothing else uses the account. Every watcher takes its posts.
- Naive is the first seed's aggregator with the JavaScript SDK: all posts of a click at once, from
  one function. It is treated better than it is written: it reads all pages of the index, where the
  original reads the first, some 7,000 watchers, and never reaches the others; its counters never
  conflict; its functions may run for Lambda's longest, 15 minutes.
- Ours may use half of the account's rate for posts; naive takes all that it gets. Both have 512 MB.
- Each run but the cold ones starts with a click that every watcher has seen, on a channel that has
  been quiet since. So its subscribers have been counted, and one environment of each function is
  warm. Seconds are from the last click until a watcher has the last number. A watcher waits an hour
  at most: `never` is a number that did not come by then, or was lost. `timed out` are runs that
  Lambda ended; `dead` are messages given up after five runs that ended so or raised.
- Dollars are of the push path, from the click's queue on, by `bench/prices.json`: mostly posts.
"""

COLUMNS = (
    "watchers",
    "",
    "half of them",
    "last one",
    "without it",
    "posts",
    "429",
    "timed out",
    "dead",
    "runs",
    "at once",
    "dollars",
)


def page(results: Mapping[str, Any]) -> str:
    parts = [HEAD]
    for region, by_clicks in results["regions"].items():
        for clicks, by_watchers in by_clicks.items():
            parts += [
                f"## {results['clicks'][clicks][0].upper()}{results['clicks'][clicks][1:]},"
                f" in a region with {region}\n",
                table(COLUMNS, _rows(by_watchers)) + "\n",
            ]
        plot = f"scale-{region.replace(',', '').replace(' ', '-')}.svg"
        parts.append(f"![Seconds until the last watcher sees one click](../bench/results/{plot})\n")
    parts += [_cold(results["cold"]), "## Assumptions\n", _assumed(results)]
    return "\n".join(parts) + "\n"


def _cold(cold: Mapping[str, Any]) -> str:
    rows = [
        (
            region,
            _seconds(found["half_of_watchers_seconds"]),
            _seconds(found["last_watcher_seconds"]),
            f"{found['posts']:,}",
            f"{found['posts'] / cold['watchers']:.1f}",
        )
        for region, found in cold["regions"].items()
    ]
    columns = ("region", "half of them", "last one", "posts", "each watcher")
    return (
        f"## The first 30 seconds of a link with {cold['watchers']:,} watchers\n\n"
        "Ten clicks a second on a channel whose subscribers were never counted:\nthe adaptive "
        f"interval is known only after a worker has read its rows.\n\n{table(columns, rows)}\n"
    )


def _rows(by_watchers: Mapping[str, Any]) -> list[Sequence[str]]:
    return [
        (
            f"{int(watchers):,}",
            design,
            _seconds(found["half_of_watchers_seconds"]),
            _seconds(found["last_watcher_seconds"]),
            f"{found['watchers_without']:,}",
            f"{found['posts']:,}",
            f"{found['refused']:,}",
            str(found.get("timeouts", 0)),
            str(found.get("dead", 0)),
            f"{found['invocations']:,}",
            f"{found['functions_at_once']}",
            f"{found['dollars']:.4f}",
        )
        for watchers, designs in by_watchers.items()
        for design, found in designs.items()
    ]


def _seconds(seconds: float | None) -> str:
    return "never" if seconds is None else f"{seconds:,.1f} s"


def _assumed(results: Mapping[str, Any]) -> str:
    rows = [(name.replace("_", " "), f"{value:g}") for name, value in results["parameters"].items()]
    return f"{table(('parameter', 'value'), rows)}\n\n" + paragraph(
        "Sources, and which of them are assumptions, are in `bench/scale/parameters.py`. AWS"
        " publishes no latency of a post to a connection. Processor times of posts are those of"
        " `bench/results/fanout.json` over TLS; reading a row was measured on this machine."
    )
