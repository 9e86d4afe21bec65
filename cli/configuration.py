"""docs/configuration.md from the settings themselves: `realtime configuration` prints the page."""

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from components.resources.regions import regions
from components.stack.demand import UNRESERVED_EXECUTIONS
from components.stack.region_settings import RegionSettings
from components.stack.setting_errors import nested
from components.stack.settings import Settings

# A link and no copy: Pulumi and the owners of the stacks write into these files.
EXAMPLE = """## An example

[`Pulumi.dev.yaml`](../Pulumi.dev.yaml) and [`Pulumi.prod.yaml`](../Pulumi.prod.yaml) set every key.
Pulumi writes both back in its own form, with `"90"` and `"false"` for 90 and false, and adds
`encryptionsalt`. Both forms mean the same; commit what Pulumi wrote.
"""

app = typer.Typer()

HEAD = """# Configuration

Written by `.venv/bin/python -m cli configuration > docs/configuration.md`; a test compares it with
the settings in `components/stack/settings.py` and `components/stack/region_settings.py`.

A stack's file, `Pulumi.<stack>.yaml`, sets every key: nothing follows from the stack's name. A
missing, unknown or wrong key is an error before anything is built; one error lists all of them,
each with the command that repairs it. The stack is built in every region under `realtime:regions`,
in each under its own limits. `aws:region` names the primary region, whose addresses are exported
first. `pulumi config set --secret` encrypts a setting in the stack's file. In the stack's state
only `alarmEmails` stays encrypted: the others decide which resources are built, and are readable.
"""

CHECKS = f"""## Rejected plans

A plan that its region cannot carry is rejected before anything is built. The error names the
regions whose plans do not fit:

- **One bucket.** API Gateway counts HTTP requests, WebSocket messages and posts to connections
  together. `redirectsPerSecond` + `messagesPerSecond` + `postsPerSecond`, or the expected load
  where that is more, stay within the region's rate.
- **New connections.** `connectsPerSecond` stays within the region's rate. Open connections have no
  quota: each lives two hours at most, so a rate of 500/s bounds them at 3.6 million.
- **Events.** Each click is one PutEvents request and one delivery.
- **Expected load.** Posts are the sum over all watched links of watchers times pushes. A link is
  pushed as often as it is clicked, at most once in `minIntervalMs`; the check assumes evenly spread
  clicks, which is the worst case. Silent watchers send a heartbeat every eight minutes and come
  back after two hours. Functions at work are arrivals a second times seconds each; the assumed
  durations stand in `components/stack/demand.py`.
- **Names.** A host leads to one API or dashboard of the stack, in one of its regions.
- **Reserved executions** are as many as the queue starts functions, and
  {UNRESERVED_EXECUTIONS} of the region's stay unreserved.
- **Raised quotas** count once they are `granted: true`. Until then the plan has to fit the quotas
  that the account has.

`realtime quotas --region <region>` compares a stack's plan with the account as it is now. With
`--request` it asks AWS for the raised quotas that are not granted yet.
"""


@app.command(hidden=True)
def configuration() -> None:
    """Prints docs/configuration.md."""
    typer.echo(page(), nl=False)


def page() -> str:
    parts = [
        HEAD,
        "## The stack\n",
        _table(Settings, "realtime:"),
        "## A region\n\nEach under `realtime:regions.<region>`.\n",
        *_groups(RegionSettings),
        CHECKS,
        _regions(),
        EXAMPLE,
    ]
    return "\n".join(parts)


def _groups(model: type[BaseModel]) -> Iterator[str]:
    single = [name for name, field in model.model_fields.items() if not nested(field)]
    yield _table(model, "", only=single)
    for field in model.model_fields.values():
        if inner := nested(field):
            yield f"### `{field.alias}`\n\n{_sentence(inner)}\n"
            yield _table(inner, f"{field.alias}.")


def _sentence(model: type[BaseModel]) -> str:
    return _wrapped(model.__doc__ or "")


def _wrapped(text: str, *, indent: int = 0) -> str:
    """Lines of a page: no link and no word with a hyphen is cut in two."""
    return textwrap.fill(
        " ".join(text.split()),
        100,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _table(model: type[BaseModel], prefix: str, only: list[str] | None = None) -> str:
    rows = ["| key | value | default | meaning |", "|---|---|---|---|"]
    for name in model.model_fields:
        if only is None or name in only:
            rows += _rows(model, name, prefix)
    return "\n".join(rows) + "\n"


def _rows(model: type[BaseModel], name: str, prefix: str) -> Iterator[str]:
    """A group within a group is shown by its members."""
    field = model.model_fields[name]
    inner, key = nested(field), f"{prefix}{field.alias}"
    if inner and field.annotation is inner:
        if field.is_required():
            members = ", ".join(f"`{member.alias}`" for member in inner.model_fields.values())
            yield f"| `{key}` | {members}, or `{{}}` | required | {field.description} |"
        for member in inner.model_fields:
            yield from _rows(inner, member, f"{key}.")
        return
    default = "required" if field.is_required() else "none"
    schema = model.model_json_schema()["properties"][field.alias]
    kind = "see below" if prefix.endswith(":") and inner else _kind(field, inner, schema)
    yield f"| `{key}` | {kind} | {default} | {field.description} |"


def _kind(field: FieldInfo, inner: type[BaseModel] | None, schema: Mapping[str, Any]) -> str:
    if inner:
        return ", ".join(f"`{member.alias}`" for member in inner.model_fields.values())
    if "enum" in schema:
        return " or ".join(f"`{choice}`" for choice in schema["enum"])
    first = schema.get("anyOf", [schema])[0]
    if first.get("type") == "boolean":
        return "`true` or `false`"
    if isinstance((field.examples or [None])[0], list):
        return "list of texts"
    return "text" if first.get("type") == "string" else _range(first)


def _range(schema: Mapping[str, int]) -> str:
    least = schema.get("minimum", schema.get("exclusiveMinimum", -1) + 1)
    if "maximum" in schema:
        return f"{least:,} to {schema['maximum']:,}"
    return f"{least:,} or more" if least else "number"


def _regions() -> str:
    """The quotas that a plan takes from, in every region."""
    names = (
        *("api_requests_per_second", "api_burst", "web_socket_connects_per_second"),
        *("put_events_per_second", "event_invocations_per_second", "lambda_concurrency"),
    )
    quotas = regions().quotas
    head = " | ".join(f"{quotas[name].label} ({quotas[name].code})" for name in names)
    rows = [
        "## AWS's defaults\n",
        "From `components/resources/regions.toml`, with sources. Where AWS's pages disagree, the"
        " lower figure.\n",
        f"| region | {head} |",
        "|---|" + "--:|" * len(names),
    ]
    for code, region in regions().regions.items():
        figures = " | ".join(f"{getattr(region.defaults, name):,}" for name in names)
        rows.append(f"| {code}, {region.title} | {figures} |")
    notes = [
        _wrapped(f"- {', '.join(note.regions)}: {note.text} ([source]({note.source}))", indent=2)
        for note in regions().notes
    ]
    return "\n".join([*rows, "", *notes, ""])
