"""Pulumi writes stack files anew; what it finds in its own form it leaves, and no diff appears."""

from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[3]
FILES = [*ROOT.glob("Pulumi.*.yaml"), *ROOT.glob("examples/*/Pulumi.*.yaml")]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_setting_is_a_text_a_list_or_an_object_as_pulumi_writes_it(path: Path) -> None:
    config = yaml.safe_load(path.read_text(encoding="utf-8"))["config"]
    assert {type(value) for value in config.values()} <= {str, list, dict}
