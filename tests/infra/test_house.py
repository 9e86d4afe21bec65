"""Limits that keep the project readable, over all of its own Python."""

import ast
from functools import cache
from pathlib import Path

from tests.infra.harness import ROOT

NOT_OURS = {"build", "dist", "node_modules"}
MODULES = sorted(
    path.relative_to(ROOT)
    for path in ROOT.rglob("*.py")
    if not any(part.startswith(".") or part in NOT_OURS for part in path.relative_to(ROOT).parts)
)
TESTS = [path for path in MODULES if path.parts[0] == "tests"]


@cache
def functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [node for node in ast.walk(tree(path)) if isinstance(node, kinds)]


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text())


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def test_the_whole_project_is_looked_at() -> None:
    folders = {path.parts[0] for path in MODULES}
    assert {"__main__.py", "cli", "components", "handlers", "localcloud", "tests"} <= folders


def test_a_module_is_300_lines_at_most() -> None:
    lines = {path: len((ROOT / path).read_text().splitlines()) for path in MODULES}
    assert {path: count for path, count in lines.items() if count > 300} == {}


def test_a_function_is_50_lines_at_most() -> None:
    found = ((path, node.name, length(node)) for path in MODULES for node in functions(path))
    assert [function for function in found if function[-1] > 50] == []


def test_the_program_says_what_there_is_in_under_60_lines() -> None:
    assert len((ROOT / "__main__.py").read_text().splitlines()) < 60


def asserting_where_a_failure_would_be_lost(path: Path) -> list[str]:
    """Functions that are given to `apply`: an assertion in one fails where nobody looks."""
    applied = {
        argument.id
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "apply"
        for argument in node.args
        if isinstance(argument, ast.Name)
    }
    return [
        function.name
        for function in functions(path)
        if function.name in applied
        and any(isinstance(node, ast.Assert) for node in ast.walk(function))
    ]


def test_no_test_asserts_where_a_failure_would_be_lost() -> None:
    found = {path: asserting_where_a_failure_would_be_lost(path) for path in TESTS}
    assert {path: names for path, names in found.items() if names} == {}


def test_every_test_module_is_collected() -> None:
    others = [path for path in TESTS if not path.name.startswith("test_")]
    names = {path: {node.name for node in functions(path)} for path in others}
    tests = {path: [name for name in names[path] if name.startswith("test_")] for path in others}
    assert {path: lost for path, lost in tests.items() if lost} == {}


def test_no_module_is_named_for_nothing() -> None:
    nothing = {"utils", "util", "helpers", "common", "misc", "constants"}
    assert [path for path in MODULES if path.stem in nothing] == []
