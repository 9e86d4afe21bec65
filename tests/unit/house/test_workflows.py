"""GitHub runs the workflows and nothing here can: these are the mistakes that a reader can make."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))


@pytest.fixture(params=WORKFLOWS, ids=[path.stem for path in WORKFLOWS])
def workflow(request: pytest.FixtureRequest) -> dict[Any, Any]:
    return yaml.safe_load(request.param.read_text(encoding="utf-8"))


def steps(workflow: dict[Any, Any]) -> list[dict[str, Any]]:
    return [step for job in workflow["jobs"].values() for step in job.get("steps", [])]


def test_there_are_workflows_for_check_preview_and_up() -> None:
    assert {path.stem for path in WORKFLOWS} == {"check", "preview", "up", "deploy"}


def test_no_workflow_has_more_rights_than_it_names(workflow: dict[Any, Any]) -> None:
    assert workflow["permissions"]["contents"] == "read"
    writes = {right for right, access in workflow["permissions"].items() if access == "write"}
    assert writes <= {"id-token", "pull-requests"}


def test_no_workflow_holds_a_key_of_aws(workflow: dict[Any, Any]) -> None:
    assert "aws_secret_access_key" not in str(workflow).lower()
    for step in steps(workflow):
        if "configure-aws-credentials" in step.get("uses", ""):
            assert "role-to-assume" in step["with"]
            assert workflow["permissions"]["id-token"] == "write"


def test_what_a_workflow_runs_exists_in_the_makefile(workflow: dict[Any, Any]) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for step in steps(workflow):
        command = step.get("run", "")
        if command.startswith("make "):
            assert all(f"\n{target}:" in makefile for target in command.split()[1:])
        elif command:
            assert (ROOT / command).is_file()


def readme_deploy() -> list[str]:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^## Deploy it\n.*?^```\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return block.splitlines()


def hosted(name: str) -> list[str]:
    """The workflow's steps as the commands that a person would type."""
    workflow = yaml.safe_load((ROOT / ".github/workflows" / f"{name}.yml").read_text("utf-8"))
    typed: list[str] = []
    for step in steps(workflow):
        if "run" in step:
            typed.append(step["run"])
        elif step["uses"].startswith("pulumi/actions@"):
            given = step["with"]
            if given.get("upsert"):
                typed.append("pulumi stack init dev")
            typed.append(
                f"pulumi {given['command']} --stack dev --policy-pack {given['policyPacks']}"
            )
    return typed


def test_a_deployment_by_github_is_the_readmes_step_by_step() -> None:
    assert hosted("deploy") == readme_deploy()


def test_a_preview_by_github_is_the_readmes_but_changes_nothing() -> None:
    setup, build, _, up = readme_deploy()
    assert hosted("preview") == [setup, build, up.replace(" up ", " preview ")]


def test_every_job_ends(workflow: dict[Any, Any]) -> None:
    for job in workflow["jobs"].values():
        assert "uses" in job or job["timeout-minutes"] <= 30


def test_each_stack_is_previewed_and_deployed_in_its_own_region() -> None:
    def regions(name: str) -> dict[str, str]:
        path = ROOT / ".github/workflows" / f"{name}.yml"
        jobs = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]
        if name == "preview":
            entries = jobs["preview"]["strategy"]["matrix"]["include"]
        else:
            entries = [job["with"] for job in jobs.values()]
        return {entry["stack"]: entry["region"] for entry in entries}

    files = {path.suffixes[0][1:]: path for path in ROOT.glob("Pulumi.*.yaml")}
    configured = {
        stack: yaml.safe_load(path.read_text(encoding="utf-8"))["config"]["aws:region"]
        for stack, path in files.items()
    }
    assert regions("preview") == regions("up") == configured
