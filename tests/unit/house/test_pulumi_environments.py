"""Before Pulumi runs Python it asks the environment that a project's file names what it holds.

An environment that `uv` made has no pip, and a file that names no toolchain follows a `uv.lock` in
any folder above: both end each command of Pulumi at once.
"""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]
PROJECTS = sorted(
    path.relative_to(ROOT)
    for pattern in ("Pulumi.yaml", "PulumiPolicy.yaml", "PulumiPlugin.yaml")
    for folder in (".", "components", "examples/*", "policy")
    for path in ROOT.glob(f"{folder}/{pattern}")
)


def options(project: Path) -> dict[str, Any]:
    runtime = yaml.safe_load((ROOT / project).read_text())["runtime"]
    assert runtime["name"] == "python"
    return runtime["options"]


def packages(environment: Path) -> set[str]:
    command = [str(environment / "bin" / "python"), "-m", "pip", "list", "--format", "json"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    return {package["name"] for package in json.loads(answer.stdout)}


def test_every_project_of_the_repository_is_held_to_this() -> None:
    assert {str(project) for project in PROJECTS} == {
        *("Pulumi.yaml", "policy/PulumiPolicy.yaml"),
        *("components/PulumiPlugin.yaml", "examples/orders/Pulumi.yaml"),
    }


@pytest.mark.parametrize("project", PROJECTS, ids=str)
def test_no_stray_lock_decides_how_a_project_is_run(project: Path) -> None:
    assert options(project)["toolchain"] == "pip"


@pytest.mark.parametrize(
    ("project", "package"),
    [("Pulumi.yaml", "pulumi_aws"), ("policy/PulumiPolicy.yaml", "pulumi_policy")],
)
def test_an_environment_that_make_setup_makes_says_what_it_holds(
    project: str, package: str
) -> None:
    folder = (ROOT / project).parent
    environment = (folder / options(Path(project))["virtualenv"]).resolve()
    assert environment == ROOT / ".venv"
    assert {"pip", "pulumi", package} <= packages(environment)


def test_the_examples_page_makes_the_environment_that_its_project_names() -> None:
    environment = options(Path("examples/orders/Pulumi.yaml"))["virtualenv"]
    page = (ROOT / "examples/orders/README.md").read_text()
    assert f"\npython3 -m venv {environment}\n{environment}/bin/pip install " in page


def test_a_plugin_runs_in_the_environment_that_pulumi_installs_it_into() -> None:
    assert options(Path("components/PulumiPlugin.yaml"))["virtualenv"] == "venv"
