"""Prints what is checked: `python -m tests.unit.model`, with `--traces` also how things break."""

import sys
import time

from tests.unit.model import every_cases, latest_cases, revoke_cases
from tests.unit.model.cases import Case

TABLES = {
    "latest: must hold": latest_cases.HOLDS,
    "latest: must break": latest_cases.BREAKS,
    "latest: not promised": latest_cases.BEYOND,
    "every: must hold": every_cases.HOLDS,
    "every: must break": every_cases.BREAKS,
    "log out: must hold": revoke_cases.HOLDS,
    "log out: must break": revoke_cases.BREAKS,
}


def line(case: Case, *, traces: bool) -> tuple[str, int, bool]:
    """What to print, how many states were visited, and whether it is as it must be."""
    began = time.process_time()
    verdict = case.check()
    seconds = time.process_time() - began
    right = (verdict.violation is None) == case.must_hold
    found = "holds" if verdict.violation is None else verdict.violation
    text = f"  {case.name:<58} {verdict.states:>9,} {seconds:6.2f} s  {found}"
    if traces and verdict.violation:
        text += "\n" + "\n".join(str(verdict).splitlines()[1:])
    return text + ("" if right else "   <-- WRONG"), verdict.states, right


def main() -> int:
    total, wrong = 0, 0
    for title, cases in TABLES.items():
        sys.stdout.write(f"\n{title:<60} {'states':>9}\n")
        for case in cases:
            text, states, right = line(case, traces="--traces" in sys.argv)
            total, wrong = total + states, wrong + (not right)
            sys.stdout.write(text + "\n")
    sys.stdout.write(f"\n{total:,} states, {wrong} cases wrong\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
