import importlib.metadata
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[3]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
GROUPS: dict[str, list[Any]] = PROJECT["dependency-groups"]
EXTRA = [Requirement(line) for line in PROJECT["project"]["optional-dependencies"]["local"]]
FILES = sorted((ROOT / "requirements").glob("*.txt"), key=str)


def pins(name: str) -> dict[str, str]:
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    return dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", text, re.MULTILINE))


def wanted(group: str) -> Iterable[Requirement]:
    for entry in GROUPS[group]:
        if isinstance(entry, str):
            yield Requirement(entry)
        else:
            yield from wanted(entry["include-group"])


@pytest.mark.parametrize("group", ["runtime", "demo", "dev", "docs"])
def test_every_dependency_of_a_group_is_pinned_to_a_version_that_it_allows(group: str) -> None:
    pinned = pins(group)
    alone = {"runtime", "docs"}
    library: list[str] = PROJECT["project"]["dependencies"] if group not in alone else []
    extra = EXTRA if group not in alone else []
    wrong = [
        str(requirement)
        for requirement in [*wanted(group), *extra, *map(Requirement, library)]
        if not requirement.specifier.contains(pinned.get(requirement.name.lower(), "0"))
    ]
    assert not wrong, "run `make lock`"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_pins_are_hashed_and_name_no_host(path: Path) -> None:
    text = path.read_text()
    assert "://" not in text
    entries = re.findall(r"^[a-z0-9._-]+==.*(?:\n    --hash=sha256:[0-9a-f]{64}.*)*", text, re.M)
    assert entries
    assert all("--hash=" in entry for entry in entries)


def test_what_the_demo_and_the_layer_install_is_what_the_tests_ran_with() -> None:
    tested = pins("dev").items()
    assert pins("demo").items() <= tested
    assert pins("runtime").items() <= tested


def test_the_local_cloud_of_a_consumer_runs_functions_with_the_layers_packages() -> None:
    library = {str(Requirement(line)) for line in PROJECT["project"]["dependencies"]}
    assert {str(one) for one in wanted("runtime")} <= {str(one) for one in EXTRA} | library


def test_the_layer_leaves_boto3_to_the_lambda_runtime() -> None:
    assert not {"boto3", "botocore", "s3transfer"} & pins("runtime").keys()


def test_botocore_is_the_release_that_ministack_was_made_for() -> None:
    needed = map(Requirement, importlib.metadata.requires("ministack") or [])
    (botocore,) = (r for r in needed if r.name == "botocore" and not r.marker)
    assert botocore.specifier.contains(importlib.metadata.version("botocore"))
