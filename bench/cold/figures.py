"""From single cold starts to figures: medians, and ratios of neighbours in time."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Times:
    """CPU seconds from before the import: to its end, and to the first call of AWS."""

    import_seconds: float
    first_call_seconds: float


@dataclass(frozen=True)
class Round:
    """One function's cold starts, taken directly after one another."""

    ours: Times
    compiled: Times
    """Ours with bytecode beside all of its source, which neither bundle nor layer has today."""
    plain: Times


@dataclass(frozen=True)
class Figures:
    """Milliseconds of CPU, medians. A ratio is ours / plain: below one, ours is the cheaper one."""

    import_ms: float
    plain_import_ms: float
    import_ratio: float
    first_call_ms: float
    plain_first_call_ms: float
    first_call_ratio: float
    compiled_import_ms: float
    compiled_first_call_ms: float
    zip_bytes: int
    plain_zip_bytes: int
    zip_ratio: float


def figures(rounds: Sequence[Round], zip_bytes: int, plain_zip_bytes: int) -> Figures:
    return Figures(
        import_ms=_ms([each.ours.import_seconds for each in rounds]),
        plain_import_ms=_ms([each.plain.import_seconds for each in rounds]),
        import_ratio=_ratio(
            [(each.ours.import_seconds, each.plain.import_seconds) for each in rounds]
        ),
        first_call_ms=_ms([each.ours.first_call_seconds for each in rounds]),
        plain_first_call_ms=_ms([each.plain.first_call_seconds for each in rounds]),
        first_call_ratio=_ratio(
            [(each.ours.first_call_seconds, each.plain.first_call_seconds) for each in rounds]
        ),
        compiled_import_ms=_ms([each.compiled.import_seconds for each in rounds]),
        compiled_first_call_ms=_ms([each.compiled.first_call_seconds for each in rounds]),
        zip_bytes=zip_bytes,
        plain_zip_bytes=plain_zip_bytes,
        zip_ratio=round(zip_bytes / plain_zip_bytes, 1),
    )


def _ms(seconds: Sequence[float]) -> float:
    return round(1000 * median(seconds), 1)


def _ratio(pairs: Sequence[tuple[float, float]]) -> float:
    return round(median(ours / plain for ours, plain in pairs), 2)
