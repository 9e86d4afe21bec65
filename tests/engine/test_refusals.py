"""A plan that cannot work ends in the preview: one sentence for each reason, and no resource."""

from collections.abc import Callable
from typing import Any

import pytest
import yaml

from tests.engine.conftest import ROOT
from tests.engine.driver import Engine

Config = dict[str, Any]
PROGRAM = f"""import runpy, sys
sys.path.insert(0, {str(ROOT)!r})
runpy.run_path({str(ROOT / "__main__.py")!r}, run_name="__main__")
"""


def plan(config: Config) -> Config:
    return config["realtime:regions"]["eu-west-1"]


def wrong_settings(config: Config) -> None:
    config["realtime:tier"] = "prod"
    config["realtime:tracin"] = "true"
    config["realtime:logRetentionDays"] = 8
    plan(config)["throttle"]["messagesPerSeconds"] = 10
    del plan(config)["caps"]


def over_the_regions_limits(config: Config) -> None:
    plan(config)["throttle"]["messagesPerSecond"] = 1_000_000
    plan(config)["push"]["postsPerSecond"] = 1_000_000
    plan(config)["concurrency"]["reserved"] = {"aggregate": 1}
    plan(config)["promise"]["watchersPerLink"] = 1_000_000


def an_unknown_region(config: Config) -> None:
    config["realtime:regions"]["eu-west-99"] = plan(config)


WRONG: dict[Callable[[Config], None], set[str]] = {
    wrong_settings: {
        "realtime:tier",
        "realtime:tracin",
        "realtime:logRetentionDays",
        "realtime:regions.eu-west-1.throttle.messagesPerSeconds",
        "realtime:regions.eu-west-1.caps",
    },
    over_the_regions_limits: {
        "realtime:regions.eu-west-1.throttle",
        "realtime:regions.eu-west-1.throttle.connectsPerSecond",
        "realtime:regions.eu-west-1.push.postsPerSecond",
        "realtime:regions.eu-west-1.concurrency",
        "realtime:regions.eu-west-1.concurrency.workers",
        "realtime:regions.eu-west-1.concurrency.reserved.aggregate",
    },
    an_unknown_region: {"realtime:regions"},
}
"""Each with the settings that its sentences are about."""


@pytest.mark.parametrize("change", WRONG, ids=lambda change: change.__name__)
def test_each_reason_is_one_sentence_of_one_error_and_nothing_is_planned(
    engine: Engine, change: Callable[[Config], None]
) -> None:
    document = yaml.safe_load((ROOT / "Pulumi.dev.yaml").read_text())
    change(document["config"])
    name = change.__name__.replace("_", "-")
    files = {"__main__.py": PROGRAM, f"Pulumi.{name}.yaml": yaml.safe_dump(document)}
    run = engine.stack_of("realtime", name, files).refused_preview()

    reason, unavoidable = run.said
    assert "exited with non-zero exit code" in unavoidable
    about = [sentence.partition(" ")[0] for sentence in reason.splitlines()]
    assert sorted(about) == sorted(WRONG[change]), reason
    assert all("pulumi config " in sentence for sentence in reason.splitlines()), reason
    assert {step.type for step in run.steps} <= {"pulumi:pulumi:Stack"}
