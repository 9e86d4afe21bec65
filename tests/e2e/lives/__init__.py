"""What every type that the local cloud makes is tried with."""

from tests.e2e.lives import apis, functions, messages
from tests.e2e.lives.case import Case

CASES: dict[str, Case] = {**apis.CASES, **functions.CASES, **messages.CASES}
