"""What happens on the `latest` channel of a case: who publishes, who watches, what goes wrong."""

from dataclasses import dataclass
from typing import Literal

from tests.unit.model.latest_messages import CatchUp, Click, Flush, Forget, Publish, Range, Rest


@dataclass(frozen=True)
class Scenario:
    publishing: tuple[Publish | Click, ...] = (Publish("a", 1), Publish("b", 2))
    watcher: Literal["subscribes", "plain", "plain, then subscribes"] = "subscribes"
    crashes: int = 0
    duplicates: int = 0
    duplicated: tuple[type, ...] = (Flush, Range, Rest, CatchUp, Forget)
    faults: int = 0
    large_audience: bool = False
    first_version: int = 0
    """STATE as it is before anything happens."""
    since: int | None = None
    """A plain client's own position, given in its handshake."""

    @property
    def last_version(self) -> int:
        clicks = sum(isinstance(message, Click) for message in self.publishing)
        versions = (m.version for m in self.publishing if isinstance(m, Publish))
        return max(self.first_version + clicks, *versions, 0)
