"""A service rejects a step in its answer to the saga. An exception would be retried."""

from collections.abc import Mapping


class Rejected(Exception):
    """The step cannot be done, and no retry would change that. Its text is the reason."""


DONE: Mapping[str, str] = {"outcome": "done"}


def answer(rejection: Rejected) -> Mapping[str, str]:
    return {"outcome": "rejected", "reason": str(rejection)}
