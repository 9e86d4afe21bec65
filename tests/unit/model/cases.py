"""A case: what is checked, and whether its promise must hold or must be seen to break."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

from tests.unit.model.checker import Verdict, check
from tests.unit.model.system import System


@dataclass(frozen=True)
class Case:
    name: str
    scenario: Hashable
    system: System[Any]
    at_least: int = 0
    """How many states must be visited to count as checked; 0 where the promise must break."""

    @property
    def must_hold(self) -> bool:
        return self.at_least > 0

    def check(self) -> Verdict:
        return check(self.system)

    def __str__(self) -> str:
        return self.name
