"""A plan that cannot work ends in the preview: one sentence for each reason, and no resource."""

import re
import shlex
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml

from tests.engine.conftest import ROOT
from tests.engine.driver import Engine, Stack

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
    plan(config)["expectedLoad"]["watchersPerLink"] = 1_000_000


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


def command_of(sentence: str) -> list[str]:
    """What the sentence would have a person run."""
    (command,) = re.findall(r"(?:pulumi) (config (?:set|rm) .*)$", sentence)
    return shlex.split(command)


def type_in(stack: Stack, command: list[str]) -> None:
    workspace = stack.pulumi.workspace
    workspace.pulumi_command.run(command, str(stack.folder), workspace.env_vars)


@pytest.fixture(scope="module")
def stack(engine: Engine) -> Stack:
    settings = (ROOT / "Pulumi.dev.yaml").read_text()
    return engine.stack_of("realtime", "dev", {"__main__.py": PROGRAM, "Pulumi.dev.yaml": settings})


@pytest.fixture
def settings(stack: Stack) -> Iterator[Config]:
    """The stack's, which are back as they were when the test ends."""
    before = stack.file.read_text()
    yield stack.configuration()
    stack.file.write_text(before)


def test_the_commands_of_a_refusal_lead_to_a_plan_once_aws_has_granted_it(
    stack: Stack, settings: Config
) -> None:
    plan(settings)["throttle"]["messagesPerSecond"] = 20_000
    stack.configure(regions=settings["realtime:regions"])
    for state in ("which counts once it is granted", "is not granted yet"):
        reason, _ = stack.refused_preview().said
        assert state in reason
        type_in(stack, command_of(reason))
    assert stack.preview().operations() == {"create"}


def test_a_secret_that_cannot_be_is_refused_and_not_shown(stack: Stack, settings: Config) -> None:
    assert settings["realtime:tier"] == "development"
    type_in(stack, ["config", "set", "--stack", "dev", "--secret", "realtime:tier", "hush"])
    reason, _ = stack.refused_preview().said
    assert "hush" not in reason
    assert "realtime:tier must be 'development' or 'production', got a secret." in reason
