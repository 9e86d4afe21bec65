"""A link as its META row in the links table has it; `Counters` are its clicks.

A deleted one stays as a tombstone without an owner: its code is never given out again.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Link:
    code: str
    target: str
    owner: str | None
    """None once the link is deleted."""
    live: bool = True
    created_at: int
    """ms since the epoch; the epoch of the link's channel as well."""
    expires_at: int | None = None
    """s since the epoch; None: never."""

    def leads_on(self, *, now_ms: int) -> bool:
        """Whether somebody who follows it now arrives: it is neither deleted nor expired."""
        return self.live and (self.expires_at is None or now_ms < self.expires_at * 1000)
