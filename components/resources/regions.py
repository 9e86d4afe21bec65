"""AWS's default quotas of every commercial region, as data. An account's own can differ.

`regions.toml` holds the figures with their sources; where AWS's pages disagree, the lower one.
"""

import functools
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

DATA = Path(__file__).with_name("regions.toml")
SUPPORT_CASE = "support case"


@dataclass(frozen=True, kw_only=True, slots=True)
class Quota:
    """A quota, and the page that states it."""

    label: str
    """A few words, for a table."""

    title: str
    unit: str
    service: str
    """As Service Quotas names it."""

    adjustable: bool
    source: str
    """Page of AWS that states the figures."""

    code: str = SUPPORT_CASE
    """By which Service Quotas knows it, or that it does not."""

    note: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """Why some figures are lower than another page says."""

    quotas: tuple[str, ...]
    regions: tuple[str, ...]
    text: str
    source: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """The quotas of an account in one region. The names are those of the quotas."""

    api_requests_per_second: int
    api_burst: int
    web_socket_connects_per_second: int
    web_socket_connects_burst: int
    put_events_per_second: int
    event_invocations_per_second: int
    step_functions_start_burst: int
    step_functions_starts_per_second: int
    step_functions_transitions_burst: int
    lambda_concurrency: int
    lambda_concurrency_of_new_accounts: int
    web_socket_integrations: int
    queue_messages_in_flight: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Region:
    code: str
    title: str
    defaults: Figures


@dataclass(frozen=True, kw_only=True, slots=True)
class Regions:
    """All that the file says."""

    quotas: Mapping[str, Quota]
    """By the name of the figure."""

    regions: Mapping[str, Region]
    notes: tuple[Note, ...]

    def notes_on(self, quota: str, region: str) -> list[Note]:
        return [note for note in self.notes if quota in note.quotas and region in note.regions]

    def nearest(self, code: str) -> list[str]:
        """Regions of the same part of the world, for a refusal to propose."""
        return sorted(r for r in self.regions if r.partition("-")[0] == code.partition("-")[0])


@functools.cache
def regions() -> Regions:
    """The file is read once."""
    data = tomllib.loads(DATA.read_text(encoding="utf-8"))
    everywhere = {
        name: quota["everywhere"] for name, quota in data["quotas"].items() if "everywhere" in quota
    }
    columns: list[str] = data["figures"]["columns"]
    rows: dict[str, dict[str, Any]] = data["figures"]["regions"]
    return Regions(
        quotas={
            name: Quota(**{key: value for key, value in row.items() if key != "everywhere"})
            for name, row in data["quotas"].items()
        },
        regions={
            code: Region(
                code=code,
                title=row["title"],
                defaults=Figures(**everywhere, **dict(zip(columns, row["figures"], strict=True))),
            )
            for code, row in rows.items()
        },
        notes=tuple(
            Note(
                quotas=tuple(row["quotas"]),
                regions=tuple(row["regions"]),
                text=row["text"],
                source=row["source"],
            )
            for row in data["notes"]
        ),
    )


def figure_names() -> Iterable[str]:
    return (field.name for field in fields(Figures))
