"""Each target makes what it needs: the first command on a fresh clone may be any of them."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
TARGETS = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
IMPORTS_THE_EXAMPLES = {"check", "demo-orders", "prove", "record", "test", "test-browser"}
PACKAGES = r"uv pip (sync|install) .*--python \.venv .*requirements/(dev|demo)\.txt"
WHEEL = r"uv pip install .*dist/\*\.whl"
USE = r"^(\S+=\S+ )?\.venv/bin/"


def commands(target: str) -> list[str]:
    """What the target would run if nothing were there yet."""
    done = subprocess.run(
        ["make", "--dry-run", "--always-make", "--no-print-directory", target],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.replace("\\\n", " ").splitlines()


def places(lines: list[str], pattern: str) -> list[int]:
    return [place for place, line in enumerate(lines) if re.search(pattern, line)]


@pytest.mark.parametrize("target", TARGETS)
def test_a_target_installs_the_packages_before_it_uses_them(target: str) -> None:
    lines = commands(target)
    used = places(lines, USE)
    assert not used or places(lines, PACKAGES)[0] < used[0]


@pytest.mark.parametrize("target", sorted(IMPORTS_THE_EXAMPLES))
def test_a_target_that_imports_the_examples_installs_the_wheel_last(target: str) -> None:
    lines = commands(target)
    (installed,) = places(lines, WHEEL)
    assert places(lines, PACKAGES)[-1] < installed < places(lines, USE)[0]
