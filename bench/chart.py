"""Bar charts as SVG, small enough to be read in a diff and drawn without any package."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

ROW, BAR, LABELS, WIDTH, NUMBERS = 30, 18, 150, 480, 110


@dataclass(frozen=True)
class Bar:
    """`ours` is drawn in the colour that the eye goes to."""

    label: str
    value: float
    ours: bool = False


def bars(title: str, rows: Sequence[Bar]) -> str:
    """Horizontal bars on one linear scale from zero. Legible on a light and on a dark page."""
    longest = max(row.value for row in rows)
    height = ROW * (len(rows) + 1) + 10
    total = LABELS + WIDTH + NUMBERS
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {total} {height}" role="img"'
        f' font-family="system-ui, sans-serif" font-size="13" aria-label="{escape(title)}">',
        "<style>text{fill:#222}@media(prefers-color-scheme:dark){text{fill:#ddd}}</style>",
        f'<text x="0" y="16" font-weight="600">{escape(title)}</text>',
    ]
    for number, row in enumerate(rows, 1):
        top, length = number * ROW, max(1.0, row.value / longest * WIDTH)
        colour = "#d9480f" if row.ours else "#8097b1"
        lines += [
            f'<text x="{LABELS - 8}" y="{top + 14}" text-anchor="end">{escape(row.label)}</text>',
            f'<rect x="{LABELS}" y="{top}" width="{length:.1f}" height="{BAR}" fill="{colour}"/>',
            f'<text x="{LABELS + length + 6:.1f}" y="{top + 14}">{row.value:,.0f}</text>',
        ]
    return "\n".join([*lines, "</svg>", ""])
