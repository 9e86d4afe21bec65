"""Cold starts as JSON and as a table in docs/performance.md."""

import json
from collections.abc import Mapping
from dataclasses import asdict

from .. import document
from ..machine import sentence
from .figures import Figures


def write(
    found: Mapping[str, Figures], *, rounds: int, layer_zip_bytes: int, machine: dict[str, str]
) -> str:
    """Returns what it wrote into the document."""
    results = {
        "functions": {name: asdict(each) for name, each in found.items()},
        "conditions": {
            "rounds": rounds,
            "layer_zip_bytes": layer_zip_bytes,
            "machine": machine,
        },
    }
    document.RESULTS.mkdir(exist_ok=True)
    (document.RESULTS / "cold.json").write_text(json.dumps(results, indent=2) + "\n")
    content = (
        f"{table(found)}\n\nThe layer that all functions of a stack share is "
        f"{layer_zip_bytes / 1e6:.1f} MB as a zip; the plain ones need none. "
        f"{sentence(machine, rounds)}\n"
    )
    document.write("cold", content)
    return content


def table(found: Mapping[str, Figures]) -> str:
    head = (
        "function",
        "import",
        "plain",
        "ratio",
        "first call",
        "plain",
        "ratio",
        "compiled: import, first call",
        "zip",
        "plain",
    )
    return document.table(head, (_row(name, each) for name, each in found.items()))


def _row(name: str, each: Figures) -> list[str]:
    return [
        f"`{name}`",
        f"{each.import_ms:.0f} ms",
        f"{each.plain_import_ms:.0f} ms",
        f"{each.import_ratio:.2f}",
        f"{each.first_call_ms:.0f} ms",
        f"{each.plain_first_call_ms:.0f} ms",
        f"{each.first_call_ratio:.2f}",
        f"{each.compiled_import_ms:.0f} ms, {each.compiled_first_call_ms:.0f} ms",
        f"{each.zip_bytes / 1000:.1f} kB",
        f"{each.plain_zip_bytes / 1000:.1f} kB",
    ]
