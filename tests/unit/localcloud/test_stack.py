import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from localcloud.command.apis import Api, Rule
from localcloud.command.publish import Message, publish
from localcloud.command.stack import RUNNING_VARIABLE, Stack, StackError, announced, find

CHECKOUT = Path(__file__).parents[3]
OUTPUTS = {"region": "eu-west-1", "endpoint": "wss://example.com/dev"}
PULUMI = """#!{python}
import json, pathlib, sys
pathlib.Path({record!r}).write_text(json.dumps(sys.argv[1:]))
sys.stderr.write({refusal!r})
print({answer!r})
sys.exit({code})
"""

Installed = Callable[..., Callable[[], object]]


@pytest.fixture
def pulumi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installed:
    """Puts a recorder in the CLI's place on the PATH; the result reads what it was called with."""

    def installed(refusal: str = "") -> Callable[[], object]:
        record = tmp_path / "arguments.json"
        text = PULUMI.format(
            python=sys.executable,
            record=str(record),
            refusal=refusal,
            answer=json.dumps(OUTPUTS),
            code=int(bool(refusal)),
        )
        (tmp_path / "pulumi").write_text(text)
        (tmp_path / "pulumi").chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))
        return lambda: json.loads(record.read_text())

    return installed


def test_a_stack_is_found_in_the_working_directory_or_in_the_project_that_is_named(
    pulumi: Installed,
) -> None:
    asked = pulumi()
    stack = find("prod")
    assert (stack.name, stack.region) == ("prod", "eu-west-1")
    assert stack.output("endpoint") == "wss://example.com/dev"
    assert asked() == ["--cwd=.", "stack", "output", "--json", "--stack=prod"]
    find("prod", Path("shop"))
    assert asked() == ["--cwd=shop", "stack", "output", "--json", "--stack=prod"]


def test_an_operators_command_finds_the_checkout_from_any_folder(
    pulumi: Installed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = pulumi(refusal="error: no stack named 'prod' found")
    monkeypatch.chdir(tmp_path)
    CliRunner().invoke(app, ["redrive", "--stack=prod"])
    assert asked() == [f"--cwd={CHECKOUT}", "stack", "output", "--json", "--stack=prod"]


@pytest.mark.parametrize(
    "command",
    [["watch", "link:a"], ["publish", "link:a", "{}"], ["load", "first"], ["redrive"], ["purge"]],
)
def test_a_command_asks_for_the_stack_of_the_project_that_is_named(
    pulumi: Installed, command: list[str]
) -> None:
    asked = pulumi(refusal="error: no stack named 'dev' found")
    result = CliRunner().invoke(app, [*command, "--stack=dev", "--project=examples/orders"])
    assert asked() == ["--cwd=examples/orders", "stack", "output", "--json", "--stack=dev"]
    assert result.exit_code == 2
    assert "no stack named 'dev' found" in result.output


def test_a_project_without_a_stack_is_refused() -> None:
    with pytest.raises(StackError, match="--project shop must come with --stack <name>"):
        find(None, Path("shop"))


def test_without_the_cli_it_is_said_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StackError, match="needs the Pulumi CLI, which is not on the PATH"):
        find("prod")


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the local clouds that run, which is empty."""
    monkeypatch.setenv(RUNNING_VARIABLE, str(tmp_path / "running"))
    return tmp_path / "running"


LINKS = Rule(pattern="link:*", access="public", publishers=["me"])
USERS = Rule(pattern="user:{custom:tenant}:{sub}", access="owner")


def api(name: str, *rules: Rule) -> Api:
    return Api(name=name, endpoint=f"ws://{name}", publish_queue_url=f"http://{name}", rules=rules)


def test_an_announced_local_cloud_is_found_as_it_was_announced(running: Path) -> None:
    stack = Stack("dev", "eu-west-1", OUTPUTS, "http://127.0.0.1:1", [api("live", LINKS, USERS)])
    with announced(stack):
        assert find(None).api("link:a").rule("link:a") == LINKS
        assert (find(None).endpoint_url, find(None).outputs) == ("http://127.0.0.1:1", OUTPUTS)
    assert not list(running.iterdir())


def test_of_two_local_clouds_the_newer_is_found_and_a_killed_one_is_not(running: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "pass"]) as ended:
        ended.wait()
    with announced(Stack("mine", "eu-west-1", {})):
        own = running / f"{os.getpid()}.json"
        killed = running / f"{ended.pid}.json"
        killed.write_text(own.read_text().replace("mine", "killed"))
        os.utime(own, (1, 1))
        assert find(None).name == "mine"
        assert not killed.exists()
        other = running / f"{os.getppid()}.json"
        other.write_text(own.read_text().replace("mine", "newer"))
        assert find(None).name == "newer"


def test_without_a_local_cloud_the_refusal_says_how_to_start_one(running: Path) -> None:
    assert not running.exists()
    with pytest.raises(StackError, match="realtime dev <folder>"):
        find(None)


@pytest.mark.parametrize(
    ("channel", "name"),
    [
        ("link:a", "links"),
        ("user:acme:42", "users"),
        ("user:acme", "links"),
        ("link:", "links"),
        ("other", "links"),
    ],
)
def test_the_api_whose_rule_fits_the_channel_is_taken_or_else_the_first(
    channel: str, name: str
) -> None:
    apis = [api("links", LINKS), api("users", USERS)]
    assert Stack("dev", "eu-west-1", {}, apis=apis).api(channel).name == name


def test_an_api_of_pulumis_stack_comes_from_its_reference() -> None:
    rules = json.dumps([{"pattern": "link:*", "access": "public", "publishers": ["me"]}])
    reference = {
        "publish_environment": {"CHANNEL_RULES": rules},
        "publish_queue_url": "https://sqs.eu-west-1.amazonaws.com/1/q.fifo",
    }
    found = Stack("prod", "", {**OUTPUTS, "realtime": reference}).api("link:a")
    assert found.endpoint == "wss://example.com/dev"
    assert found.publish_queue_url == reference["publish_queue_url"]
    assert found.rule("link:a") == LINKS


def test_a_stack_that_exports_no_queue_can_be_watched_and_not_published_to() -> None:
    stack = Stack("prod", "", OUTPUTS)
    assert stack.api("link:a").endpoint == "wss://example.com/dev"
    message = Message(channel="link:a", value={}, id=None, version=None, source=None)
    with pytest.raises(StackError, match="must export publish_queue_url, and exports region, end"):
        publish(stack, message)
