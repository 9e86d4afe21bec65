"""`realtime quotas`: a stack's plan beside AWS's limits in a region, and the parts that do not fit.

Of a region that the stack does not name, the plan is that of its primary region, moved unchanged.
"""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from botocore.exceptions import NoCredentialsError
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from components.resources.regions import Figures, Region, figure_names, regions
from components.stack.demand import demand, posts_per_second
from components.stack.limits import Place, capacity, violations
from components.stack.region_settings import RegionSettings
from components.stack.settings import Settings, sentences
from localcloud import StackConfig, StackFileError, stack_config

from . import live_quotas
from .live_quotas import Live
from .quota_requests import Request, request

ROOT = Path(__file__).parents[1]
OFFLINE = Live(values={})

app = typer.Typer()
console = Console(highlight=False, soft_wrap=True)
errors = Console(stderr=True, highlight=False, soft_wrap=True)


class QuotasError(Exception):
    """There is no plan or no region to compare; the message lists those that exist."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One quota. One that the plan does not use has no `plan`."""

    quota: str
    label: str
    unit: str
    default: int
    allowed: int
    """With granted raises, and with AWS's answers where it was asked."""
    live: int | None
    plan: int | None
    raised: str
    code: str
    adjustable: bool
    notes: tuple[str, ...]

    @property
    def fits(self) -> bool:
        return self.plan is None or self.plan <= self.allowed


@dataclass(frozen=True, kw_only=True)
class Report:
    """All that the command prints."""

    region: str
    stack: str
    moved_from: str | None
    plan: Mapping[str, Any]
    """The region's settings, as in the stack file."""
    lines: tuple[Line, ...]
    violations: tuple[str, ...]
    problems: tuple[str, ...]
    requests: tuple[Request, ...] = ()


@app.command()
def quotas(
    *,
    region: Annotated[str, typer.Option(help="Region of AWS, as in eu-west-1.")],
    stack: Annotated[str, typer.Option(help="Stack whose plan is compared.")] = "dev",
    offline: Annotated[bool, typer.Option("--offline", help="Do not ask AWS.")] = False,
    ask_for_more: Annotated[
        bool, typer.Option("--request", help="Ask AWS to raise what the stack's file says.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="For programs: JSON on standard output.")
    ] = False,
) -> None:
    """Our plan, AWS's quotas and each misfit. Exits with 1 if something does not, or if AWS
    refuses to be asked."""
    try:
        config = stack_config(ROOT, stack)
        report = compare(config, region, OFFLINE if offline else _live(region))
        if ask_for_more:
            report = dataclasses.replace(report, requests=_requests(config, region))
    except (QuotasError, StackFileError) as error:
        errors.print(f"[red]{error}[/]")
        raise typer.Exit(2) from error
    _print(report, as_json=as_json)
    refused = any(each.refused for each in report.requests)
    raise typer.Exit(1 if report.violations or refused else 0)


def compare(config: StackConfig, code: str, live: Live) -> Report:
    """Raises `QuotasError`."""
    region, place = _region(code), Place(region=code, stack=config.stack)
    plan, moved_from = _plan(config, code)
    granted = capacity(region.defaults, plan.raised)
    allowed = dataclasses.replace(granted, **live.values)
    return Report(
        region=code,
        stack=config.stack,
        moved_from=moved_from,
        plan=plan.model_dump(by_alias=True, exclude_none=True),
        lines=tuple(
            _line(name, region, plan, allowed, live.values.get(name)) for name in figure_names()
        ),
        violations=tuple(refusal.sentence for refusal in violations(plan, allowed, place)),
        problems=live.problems,
    )


def _live(code: str) -> Live:
    return live_quotas.ask(live_quotas.clients(_region(code).code))


def _requests(config: StackConfig, code: str) -> tuple[Request, ...]:
    plan, moved_from = _plan(config, code)
    if moved_from:
        raise QuotasError(
            f"--request needs a region of stack {config.stack}, got {code!r}: the stack's file"
            " raises nothing there."
        )
    place = Place(region=code, stack=config.stack)
    try:
        asked = tuple(request(live_quotas.clients(code), plan.raised, place))
    except NoCredentialsError as error:
        raise QuotasError("There are no AWS credentials: nothing was asked for.") from error
    none = "Nothing was asked for: under `raised` the stack's file has nothing that is not granted."
    return asked or (Request(sentence=none),)


def _region(code: str) -> Region:
    if code not in regions().regions:
        near = regions().nearest(code) or sorted(regions().regions)
        raise QuotasError(
            f"--region must be a commercial region of AWS, got {code!r}. There are"
            f" {', '.join(near)}."
        )
    return regions().regions[code]


def _plan(config: StackConfig, code: str) -> tuple[RegionSettings, str | None]:
    """The plan, and the region that it is moved from if the stack does not name this one."""
    namespaced = ((*key.partition(":"), value) for key, value in config.values.items())
    values = {key: value for space, _, key, value in namespaced if space == config.project}
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        raise QuotasError("\n".join(sentences(error, config.stack))) from None
    if code in settings.regions:
        return settings.regions[code], None
    primary = config.region if config.region in settings.regions else next(iter(settings.regions))
    return settings.regions[primary], primary


def _line(
    name: str, region: Region, plan: RegionSettings, allowed: Figures, live: int | None
) -> Line:
    quota, asked = regions().quotas[name], getattr(plan.raised, name, None)
    raised = f"{asked.value:,}{'' if asked.granted else ' not'} granted" if asked else ""
    return Line(
        quota=name,
        label=quota.label,
        unit=quota.unit,
        default=getattr(region.defaults, name),
        allowed=getattr(allowed, name),
        live=live,
        plan=demand(plan).get(name),
        raised=raised,
        code=quota.code,
        adjustable=quota.adjustable,
        notes=tuple(note.text for note in regions().notes_on(name, region.code)),
    )


def _print(report: Report, *, as_json: bool) -> None:
    if as_json:
        lines = [{**asdict(line), "fits": line.fits} for line in report.lines]
        whole = {**asdict(report), "lines": lines, "fits": not report.violations}
        console.print_json(json.dumps(whole))
        return
    moved = f", moved from {report.moved_from}," if report.moved_from else ""
    region = regions().regions[report.region]
    console.print(f"Stack [bold]{report.stack}[/]{moved} in {report.region}, {region.title}")
    console.print(_told(RegionSettings.model_validate(report.plan)))
    console.print(_table(report))
    for note in dict.fromkeys(note for line in report.lines for note in line.notes):
        console.print(f"Note: {note}")
    for problem in report.problems:
        console.print(f"[yellow]{problem}[/]")
    for sentence in report.violations:
        console.print(f"[red]Does not fit:[/] {sentence}")
    if not report.violations:
        console.print("[green]The plan fits.[/]")
    for each in report.requests:
        console.print(f"[red]{each.sentence}[/]" if each.refused else each.sentence)


def _told(plan: RegionSettings) -> str:
    throttle, push, load = plan.throttle, plan.push, plan.expected_load
    return (
        f"Budget: {throttle.redirects_per_second:,} redirects/s,"
        f" {throttle.messages_per_second:,} messages/s with {throttle.connects_per_second:,}"
        f" connects/s, {push.posts_per_second:,} posts/s\n"
        f"Expected load: {load.watched_links:,} links with {load.watchers_per_link:,} watchers,"
        f" {load.clicks_per_second:,} clicks/s, which take"
        f" {posts_per_second(load, push.min_interval_ms):,.0f} posts/s"
    )


def _table(report: Report) -> Table:
    """Columns of which nothing is known are left out."""
    columns: dict[str, list[str]] = {
        "quota": [line.label for line in report.lines],
        "plan": [_number(line.plan) for line in report.lines],
        "default": [_number(line.default) for line in report.lines],
        "raised": [line.raised for line in report.lines],
        "now": [_number(line.live) for line in report.lines],
        "fits": [_verdict(line) for line in report.lines],
        "raise by": [line.code if line.adjustable else "cannot be" for line in report.lines],
    }
    shown = {heading: cells for heading, cells in columns.items() if any(cells)}
    table = Table()
    for heading in shown:
        numbers = heading in ("plan", "default", "now")
        table.add_column(heading, justify="right" if numbers else "left", no_wrap=True)
    for row in zip(*shown.values(), strict=True):
        table.add_row(*row)
    return table


def _number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def _verdict(line: Line) -> str:
    if line.plan is None:
        return ""
    return "yes" if line.fits else "[red]no[/]"
