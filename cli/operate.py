"""The commands for a stack of this program: `load`, `redrive`, `purge`.

Exit codes: 0 done, 1 the stack failed, 2 nothing was tried.
"""

import asyncio
import dataclasses
import json
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from localcloud.command.stack import Stack, StackError, find
from localcloud.command.watch import WatchError

from . import load as loading
from . import purge as purging
from . import redrive as redriving

CHECKOUT = Path(__file__).parents[1]

app = typer.Typer()
console = Console(highlight=False, soft_wrap=True)
errors = Console(stderr=True, highlight=False, soft_wrap=True)

StackName = Annotated[
    str | None,
    typer.Option("--stack", help="Stack of Pulumi's; without it, the local cloud that runs here."),
]
Project = Annotated[
    Path | None,
    typer.Option("--project", help="Folder of the stack's Pulumi.yaml; without it, this checkout."),
]
AsJson = Annotated[bool, typer.Option("--json", help="For programs: JSON on standard output.")]
Code = Annotated[str, typer.Argument(help="Code of a short link.")]


@app.command()
def load(  # noqa: PLR0913 - an option each
    code: Code,
    *,
    sockets: Annotated[int, typer.Option(min=1, max=10_000)] = 100,
    clicks_per_second: Annotated[float, typer.Option(min=0.1, max=1_000)] = 5,
    seconds: Annotated[float, typer.Option(min=1, max=3_600)] = 10,
    stack: StackName = None,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """Opens sockets on a link, clicks it at a rate, and says how late the numbers came."""
    with _refusals(), _progress() as progress:
        found = _find(stack, project)
        plan = loading.Plan(
            endpoint=found.output("endpoint"),
            api_url=found.output("api_url"),
            code=code,
            sockets=sockets,
            clicks_per_second=clicks_per_second,
            seconds=seconds,
        )
        report = asyncio.run(loading.run(plan, progress))
    _print_load(report, as_json=as_json)
    raise typer.Exit(0 if report.is_sound else 1)


@app.command()
def redrive(
    only: Annotated[str | None, typer.Argument(help="Title of a queue; without it, all.")] = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count, and move nothing.")] = False,
    stack: StackName = None,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """Sends dead letters to their queue again, once the cause is fixed."""
    with _refusals():
        found = _find(stack, project)
        chosen = redriving.choose(redriving.queues(found.output("queues")), only)
    sqs = found.client("sqs")
    waiting = {queue.title: redriving.waiting(sqs, queue) for queue in chosen}
    moved = {} if dry_run else {queue.title: _move(sqs, queue, waiting) for queue in chosen}
    _print_counts({"dead letters": waiting, "sent again": moved}, as_json=as_json)


@app.command()
def purge(
    *,
    stack: StackName = None,
    project: Project = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    yes_really: Annotated[
        bool, typer.Option("--yes-really", help="Purge a production stack.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Deletes every link, count, connection and user of a stack, and keeps the stack."""
    with _refusals():
        found = _find(stack, project)
        purging.check(found, yes_really=yes_really)
        doomed = purging.find(found)
        _print_counts({f"to be deleted from {found.name}": doomed.counts()}, as_json=as_json)
        if not doomed.total:
            return
        if not (yes or yes_really):
            typer.confirm(f"Delete these {doomed.total} for good?", abort=True, err=True)
        with _progress() as progress:
            purging.delete(found, doomed, lambda done: progress("Deleting", done, doomed.total))


def _find(stack: str | None, project: Path | None) -> Stack:
    """A stack of this checkout, from any working directory."""
    return find(stack, project or (CHECKOUT if stack else None))


@contextmanager
def _refusals() -> Generator[None]:
    """Prints a refusal as one sentence instead of a stack trace."""
    try:
        yield
    except (StackError, redriving.UnknownQueue, purging.ProductionStack) as error:
        raise _failed(str(error), code=2) from error
    except (WatchError, loading.LoadError, purging.PurgeError) as error:
        raise _failed(str(error), code=1) from error


def _move(sqs: Any, queue: redriving.Queue, waiting: Mapping[str, int]) -> int:
    total = waiting[queue.title]
    with _progress() as progress:
        return redriving.redrive(sqs, queue, total, lambda done: progress(queue.title, done, total))


def _failed(sentence: str, *, code: int) -> typer.Exit:
    errors.print(f"[bold red]Failed:[/] {sentence}")
    return typer.Exit(code)


@contextmanager
def _progress() -> Generator[loading.Progress]:
    """On standard error: a program reads standard output."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=errors, transient=True) as bar:
        task = bar.add_task("", total=1)

        def show(what: str, done: int, total: int) -> None:
            bar.update(task, description=what, completed=done, total=total)

        yield show


def _print_load(report: loading.Report, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(dataclasses.asdict(report)))
        return
    ages = ", ".join(f"{name} {age:,.0f} ms" for name, age in report.click_to_frame_ms.items())
    console.print(
        f"{report.right_at_the_end:,} of {report.sockets:,} sockets ended on the newest value\n"
        f"{report.clicks:,} clicks, {report.clicks_per_second} a second"
        f" ({report.refused_clicks} refused), {report.frames:,} frames\n"
        f"click to frame: {ages or 'no frame came'}"
    )


def _print_counts(columns: dict[str, dict[str, int]], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(columns))
        return
    table = Table(box=None, pad_edge=False)
    table.add_column("")
    for title in columns:
        table.add_column(title, justify="right")
    for name in next(iter(columns.values())):
        counts = (f"{column[name]:,}" if name in column else "" for column in columns.values())
        table.add_row(name, *counts)
    console.print(table)
