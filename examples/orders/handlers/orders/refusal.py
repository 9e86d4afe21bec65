"""How a service says no: as an answer to the saga, never as an error, which would be retried."""

from collections.abc import Mapping


class Refused(Exception):
    """The answer is no, and asking again would change nothing; holds the reason."""


DONE: Mapping[str, str] = {"outcome": "done"}


def answer(refusal: Refused) -> Mapping[str, str]:
    return {"outcome": "refused", "reason": str(refusal)}
