import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from cli.stack import StackError, find

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


def test_a_stack_is_found_in_the_checkout_from_any_folder(
    pulumi: Installed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = pulumi()
    monkeypatch.chdir(tmp_path)
    stack = find("prod")
    assert (stack.name, stack.region) == ("prod", "eu-west-1")
    assert stack.output("endpoint") == "wss://example.com/dev"
    assert asked() == [f"--cwd={CHECKOUT}", "stack", "output", "--json", "--stack=prod"]


@pytest.mark.parametrize("command", [["watch", "first"], ["load", "first"], ["redrive"], ["purge"]])
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
