"""A property is true or false on a loaded machine too: hypothesis measures no time."""

import ast
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).parents[3]
MODULES = sorted(
    path.relative_to(ROOT)
    for folder in ("tests", "examples")
    for path in (ROOT / folder).rglob("*.py")
    if "hypothesis" in path.read_text(encoding="utf-8")
)


def test_a_property_has_no_deadline() -> None:
    assert settings.default is not None
    assert settings.default.deadline is None


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_no_test_sets_a_deadline_of_its_own(path: Path) -> None:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    of_hypothesis = [call for call in calls if "settings" in ast.unparse(call.func)]
    named = {keyword.arg for call in of_hypothesis for keyword in call.keywords}
    assert "deadline" not in named
