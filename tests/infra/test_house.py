"""Limits that keep the project readable, over all of its own Python."""

import ast
from pathlib import Path

import pytest

from tests.infra.harness import ROOT

NOT_OURS = {"build", "dist", "node_modules"}
MODULES = sorted(
    path.relative_to(ROOT)
    for path in ROOT.rglob("*.py")
    if not any(part.startswith(".") or part in NOT_OURS for part in path.relative_to(ROOT).parts)
)
TESTS = [path for path in MODULES if path.parts[0] == "tests"]


def functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse((ROOT / path).read_text())
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [node for node in ast.walk(tree) if isinstance(node, kinds)]


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def test_the_whole_project_is_looked_at() -> None:
    folders = {path.parts[0] for path in MODULES}
    assert {"__main__.py", "cli", "components", "handlers", "localcloud", "tests"} <= folders


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_a_module_is_300_lines_at_most(path: Path) -> None:
    assert len((ROOT / path).read_text().splitlines()) <= 300


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_a_function_is_50_lines_at_most(path: Path) -> None:
    assert {node.name: length(node) for node in functions(path) if length(node) > 50} == {}


def test_the_program_says_what_there_is_in_under_60_lines() -> None:
    assert len((ROOT / "__main__.py").read_text().splitlines()) < 60


@pytest.mark.parametrize("path", TESTS, ids=str)
def test_no_test_asserts_where_a_failure_would_be_lost(path: Path) -> None:
    """An assertion in a function that is given to `apply` fails where nobody looks."""
    applied = {
        argument.id
        for node in ast.walk(ast.parse((ROOT / path).read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "apply"
        for argument in node.args
        if isinstance(argument, ast.Name)
    }
    for function in functions(path):
        asserts = any(isinstance(node, ast.Assert) for node in ast.walk(function))
        assert not (function.name in applied and asserts), function.name


@pytest.mark.parametrize("path", TESTS, ids=str)
def test_every_test_module_is_collected(path: Path) -> None:
    tests = [node.name for node in functions(path) if node.name.startswith("test_")]
    assert path.name.startswith("test_") or not tests


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_no_module_is_named_for_nothing(path: Path) -> None:
    assert path.stem not in {"utils", "util", "helpers", "common", "misc", "constants"}
