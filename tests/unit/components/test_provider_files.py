import re
import tomllib
from pathlib import Path

import yaml
from packaging.requirements import Requirement

from components.version import VERSION

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "components"


def test_pulumi_installs_for_the_provider_what_the_package_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = (FOLDER / "requirements.txt").read_text().splitlines()
    asked = {str(Requirement(line)) for line in lines if not line.startswith("#")}
    assert asked == {str(Requirement(text)) for text in project["dependencies"]}


def test_pulumi_starts_the_folder_with_python() -> None:
    assert yaml.safe_load((FOLDER / "PulumiPlugin.yaml").read_text())["runtime"]["name"] == "python"
    assert (FOLDER / "__main__.py").is_file()


def test_the_version_is_a_version() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", VERSION)
