"""README's "Deploy it", typed as it stands into a fresh copy of the repository."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import Cloud
from tests.engine.conftest import ROOT
from tests.engine.driver import Engine

BLOCK = re.compile(r"^## Deploy it\n.*?^```\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a clone of this working tree would hold: no environment, nothing that was built."""
    folder = tmp_path_factory.mktemp("checkout")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for file in filter(None, listed.stdout.split("\0")):
        if (ROOT / file).is_file():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / file, folder / file)
    return folder


def run(command: str, checkout: Path, engine: Engine) -> str:
    environment = {
        **os.environ,  # noqa: TID251 - the tests' own
        **engine.environment,
        "PYTHON": sys.executable,
        "PULUMI_SKIP_CONFIRMATIONS": "true",  # no terminal asks here
    }
    done = subprocess.run(
        command.split(), cwd=checkout, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


@pytest.mark.timeout(600)
def test_the_readmes_commands_deploy_the_stack_with_its_policies(
    checkout: Path, engine: Engine, cloud: Cloud
) -> None:
    found = BLOCK.search((ROOT / "README.md").read_text())
    assert found is not None
    *before, up = found[1].splitlines()
    assert up.startswith("pulumi up ")
    for command in before:
        run(command, checkout, engine)
    printed = run(up, checkout, engine)

    assert "realtime@v" in printed, "the policy pack has said nothing"
    assert "[advisory]" not in printed
    tables = cloud.client("dynamodb", "eu-west-1").list_tables()["TableNames"]
    assert run("pulumi stack output links_table --stack dev", checkout, engine).strip() in tables
    watched = run("./realtime quotas --region eu-west-1 --stack dev --offline", checkout, engine)
    assert "eu-west-1" in watched
    aws = f"env AWS_ENDPOINT_URL={cloud.endpoint} AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test"
    counted = run(f"{aws} ./realtime redrive --stack dev --dry-run", checkout, engine)
    assert {"clicks", "delivery", "events", "publish"} <= set(counted.split())
