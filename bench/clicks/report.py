"""docs/performance-clicks.md from the results: no figure of that page is typed by hand."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..document import paragraph, table

HEAD = """# Clicks: calls, units, money and time, beside the naive design

Written by `make bench-clicks` from `bench/results/clicks.json`. *Naive* is the design that this
project starts from, built in `bench/naive/` as its article describes it: one transaction a click
(dedupe, counter, day counter), a GetItem, a query of an index, then all posts at once with boto3
in 50 threads. *Ours* is this repository's program, unchanged. Both are deployed on one local cloud,
get the same clicks at the same moments through their own `GET /{code}`, and take turns within each
traffic. Memory, time-outs, batch size and aggregators at a time (__CONCURRENCY__) are equal.

__MACHINE__
Its other work is in the times too: compare a row's two columns, not two rows.

![Click to frame, p95](../bench/results/clicks-latency.svg)
"""

METHOD = """## Method

- A recorder inside the emulator counts each request, each run of a function and each batch; the
  functions know nothing of it. Calls to open and close sockets are left out, posts are counted
  apart from calls.
- Write units are those that DynamoDB reports for a write; a failed condition and a cancelled
  transaction are charged as AWS charges them. Read units are computed from the items' sizes.
- A click is on a screen when the screen first shows its number or a higher one, timed from the
  moment before the redirect is asked, by one clock. Each click and each watcher is a sample.
- `frames backwards` are frames that say less than one before. Ours carry a version, so that a
  client can drop them; naive's cannot be told from right ones.
- Dollars are the whole way of a click, redirect included, at the prices of `bench/prices.json`.
  Lambda's time is the time the functions took here: on a shared machine, without AWS's network.
- The emulator has no conflicts between transactions, no throttling and no network. On AWS the first
  two cost the naive design more: each of its clicks on a hot link is a transaction on one item.
- A batch is the content of the queue when a function was free: the slower design sees larger ones.
  The table by batch size gives both the same.
- Naive's links carry no owner. With one, in the index that its article shares with the watchers,
  each click would cost it one write unit more.
- The figures on this page were recorded before ADRs 0013 and 0015. A count is now one write unit in
  place of four, and each push reads the rows of a link's watchers, which it remembered then.
- Clicks that are put into the queue for the table by batch size are all of one second. Batches of
  one from a backlog are forced: two aggregators count one link side by side.
- Each round starts with a burst, for warm processes, and three clicks at rest.
- Of the calls and units, one each is the channel's state: without it a subscriber gets no snapshot,
  and there is no version and no conflation. Subscribers above the inline budget add their tasks.
"""

ROWS = (
    ("batches, mean", "batches.mean", 1),
    ("AWS calls per click", "calls_per_click", 2),
    ("posts per click", "posts_per_click", 1),
    ("write units per click", "write_units_per_click", 2),
    ("read units per click", "read_units_per_click", 2),
    ("dollars per million clicks", "dollars_per_million_clicks.total", 2),
    ("click to frame, p50 ms", "click_to_frame_ms.p50", 0),
    ("click to frame, p95 ms", "click_to_frame_ms.p95", 0),
    ("click to frame, p99 ms", "click_to_frame_ms.p99", 0),
    ("seconds until all is quiet after the last click", "drain_seconds", 1),
)
INCIDENTS = (
    ("frames backwards", "frames_backwards"),
    ("clicks never shown", "frames_missing"),
    ("screens wrong at the end", "screens_wrong_at_end"),
    ("clicks sent by queue and bus", "clicks_sent_twice"),
)
SIZE_ROWS = ("calls_per_click", "write_units_per_click", "read_units_per_click", "posts_per_click")


def page(results: Mapping[str, Any]) -> str:
    machine = results["machine"]
    taken_on = (
        f"Taken on {machine['processor']}, Python {machine['python']}, with a load average of"
        f" {machine['load_average']} at the start."
    )
    head = HEAD.replace("__CONCURRENCY__", str(results["maximum_concurrency"]))
    parts = [head.replace("__MACHINE__", taken_on)]
    parts += [_by_size(results["batch_sizes"])]
    parts += [_traffic(found) for found in results["traffics"].values()]
    return "\n".join([*parts, METHOD])


def _by_size(sizes: Mapping[str, Any]) -> str:
    rows = list[Sequence[str]]()
    for size in sizes["asked"]:
        found = sizes["found"][str(size)]
        for name in SIZE_ROWS:
            ours, naive = found["ours"][name], found["naive"][name]
            cells = (f"{ours:.2f}", f"{naive:.2f}", _ratio(ours, naive))
            rows.append((str(size), name.replace("_", " "), *cells))
    shown = table(("batch", "", "ours", "naive", "ours / naive"), rows)
    return f"## The same batches for both, one watcher\n\n{shown}\n"


def _traffic(found: Mapping[str, Any]) -> str:
    ours, naive = found["ours"], found["naive"]
    rows = list[Sequence[str]]()
    for title, path, digits in ROWS:
        first, second = _at(ours, path), _at(naive, path)
        cells = (f"{first:,.{digits}f}", f"{second:,.{digits}f}", _ratio(first, second))
        rows.append((title, *cells))
    rows += [(title, str(ours[path]), str(naive[path]), "") for title, path in INCIDENTS]
    shown = table(("", "ours", "naive", "ours / naive"), rows)
    title = found["title"][0].upper() + found["title"][1:]
    samples = f"{ours['clicks']} clicks each; {ours['click_to_frame_ms']['samples']:,} samples each"
    histograms = "; ".join(
        f"{name}: " + ", ".join(f"{count} of {size}" for size, count in _sizes(design))
        for name, design in (("ours", ours), ("naive", naive))
    )
    seen = paragraph(f"{samples}. Batches seen, {histograms}.")
    return "\n\n".join([f"## {title}", shown, seen, _money(ours, naive)]) + "\n"


def _sizes(design: Mapping[str, Any]) -> Iterable[tuple[str, int]]:
    return design["batches"]["by_size"].items()


def _money(ours: Mapping[str, Any], naive: Mapping[str, Any]) -> str:
    first, second = (design["dollars_per_million_clicks"] for design in (ours, naive))
    rows = [
        (
            name.replace("_million", "").replace("_", " "),
            f"{first[name]:.2f}",
            f"{second[name]:.2f}",
        )
        for name in first
    ]
    return table(("dollars per million clicks", "ours", "naive"), rows)


def _at(design: Mapping[str, Any], path: str) -> float:
    value: Any = design
    for name in path.split("."):
        value = value[name]
    return value


def _ratio(ours: float, naive: float) -> str:
    return f"{ours / naive:.2f}" if naive else ""
