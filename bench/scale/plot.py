"""Lines on two logarithmic scales, as SVG without any package."""

import math
from collections.abc import Mapping, Sequence
from html import escape

LEFT, TOP, WIDTH, HEIGHT = 60, 40, 480, 260
COLOURS = {"ours": "#d9480f"}
OTHER = "#8097b1"

Points = Sequence[tuple[float, float]]


def lines(title: str, series: Mapping[str, Points], across: str, up: str) -> str:
    """What is named ours has the colour that the eye goes to. A line may end early."""
    xs = [x for points in series.values() for x, _ in points]
    ys = [y for points in series.values() for _, y in points]
    left, right = _decades(xs)
    bottom, top = _decades(ys)

    def place(x: float, y: float) -> tuple[float, float]:
        share_x = (math.log10(x) - left) / (right - left)
        share_y = (math.log10(y) - bottom) / (top - bottom)
        return LEFT + share_x * WIDTH, TOP + HEIGHT - share_y * HEIGHT

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + 80}'
        f' {TOP + HEIGHT + 50}" role="img" font-family="system-ui, sans-serif" font-size="13"'
        f' aria-label="{escape(title)}">',
        "<style>text{fill:#222}@media(prefers-color-scheme:dark){text{fill:#ddd}}</style>",
        f'<text x="0" y="16" font-weight="600">{escape(title)}</text>',
        f'<text x="{LEFT + WIDTH / 2}" y="{TOP + HEIGHT + 40}" text-anchor="middle">'
        f"{escape(across)}</text>",
        f'<text x="0" y="{TOP - 6}">{escape(up)}</text>',
    ]
    for power in range(left, right + 1):
        x, y = place(10**power, 10**bottom)
        parts.append(
            f'<text x="{x:.0f}" y="{y + 18:.0f}" text-anchor="middle">{10**power:,}</text>'
        )
    for power in range(bottom, top + 1):
        x, y = place(10**left, 10**power)
        parts.append(
            f'<path d="M{x:.0f} {y:.0f}h{WIDTH}" stroke="#8884"/>'
            f'<text x="{x - 6:.0f}" y="{y + 4:.0f}" text-anchor="end">{10.0**power:,g}</text>'
        )
    for name, points in series.items():
        parts.append(_line(name, [place(x, y) for x, y in points]))
    return "\n".join([*parts, "</svg>", ""])


def _line(name: str, points: Points) -> str:
    colour = COLOURS.get(name, OTHER)
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    x, y = points[-1]
    return (
        f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2.5"/>'
        f'<text x="{x + 8:.1f}" y="{y + 4:.1f}">{escape(name)}</text>'
    )


def _decades(values: Sequence[float]) -> tuple[int, int]:
    """The powers of ten around them, at least two."""
    low = math.floor(math.log10(min(values)))
    return low, max(low + 1, math.ceil(math.log10(max(values))))
