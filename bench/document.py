"""Writes a measured table into a document, between two comments, and leaves the prose alone."""

import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
PERFORMANCE = ROOT / "docs" / "performance.md"
RESULTS = ROOT / "bench" / "results"


class MissingSection(Exception):
    """The document has no place for the table."""


def paragraph(text: str) -> str:
    return textwrap.fill(text, 100, break_long_words=False, break_on_hyphens=False)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Markdown; every column but the first holds numbers."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def replaced(text: str, section: str, content: str) -> str:
    """The text with what stands between `<!-- section -->` and `<!-- /section -->` replaced."""
    start, end = f"<!-- {section} -->\n", f"<!-- /{section} -->"
    before, found, rest = text.partition(start)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise MissingSection(
            f"the document must have the comments {start.strip()} and {end}: the table goes there"
        )
    return f"{before}{start}{content}\n{end}{after}"


def write(section: str, content: str) -> None:
    PERFORMANCE.write_text(replaced(PERFORMANCE.read_text(), section, content))
