import json
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner
from watchfiles import Change as FileChange

from localcloud import Deployment, StackFileError, State
from localcloud.command import dev
from localcloud.command.apis import API, FUNCTION, LOOPBACK, Api, Rule, allowing
from localcloud.command.main import app
from localcloud.command.project import Project
from localcloud.command.stack import Stack
from localcloud.state import Change

LIVE = Api(
    name="live",
    endpoint="ws://127.0.0.1:1/dev",
    publish_queue_url="http://127.0.0.1:1/queue.fifo",
    rules=[Rule(pattern="user:{sub}", access="owner"), Rule(pattern="link:*", access="public")],
    allowed_origins=["https://app.example.com"],
)
DEPLOYED = Deployment(exports={"a": 1}, components={}, resources=86, seconds=4.94)


def test_the_summary_has_what_connects_and_what_publishes_ready_to_paste() -> None:
    text = dev.summary(DEPLOYED, [LIVE])
    assert "86 resources in 4.9 s" in text
    assert f"publish queue  {LIVE.publish_queue_url}" in text
    assert "origins        https://app.example.com" in text
    assert "npx wscat --connect 'ws://127.0.0.1:1/dev?channel=link:first'" in text
    assert 'new WebSocket("ws://127.0.0.1:1/dev?channel=link:first")' in text
    assert "realtime publish link:first" in text


def test_a_program_without_an_api_is_told_so() -> None:
    assert "has no RealtimeApi" in dev.summary(DEPLOYED, [])


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ([], "Nothing to deploy (1.0 s)"),
        (["a"], "Deployed in 1.0 s: 1 updated (a)"),
        (list("abcdef"), "Deployed in 1.0 s: 6 updated (a, b, c, d, e, …)"),
    ],
)
def test_a_redeployment_is_told_in_a_line(changes: list[str], text: str) -> None:
    state = State()
    state.changes += [Change(verb="updated", type_=FUNCTION, name=name) for name in changes]
    assert dev.changed(state, 1.0) == text


def test_a_command_gets_the_addresses_and_the_local_clouds_credentials() -> None:
    stack = Stack("dev", "eu-west-1", {"a": 1}, "http://127.0.0.1:1", [LIVE])
    variables = dev.environment(stack)
    assert variables["REALTIME_ENDPOINT"] == LIVE.endpoint
    assert variables["REALTIME_PUBLISH_QUEUE_URL"] == LIVE.publish_queue_url
    assert variables["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1"
    assert json.loads(variables["REALTIME_OUTPUTS"]) == {"a": 1}


def authorizer(origins: list[str]) -> dict[str, Any]:
    return {"environment": {"variables": {"ALLOWED_ORIGINS": json.dumps(origins), "OTHER": "1"}}}


def test_pages_of_this_machine_join_the_origins_that_a_program_lists() -> None:
    allowed = allowing(["https://more.example"], FUNCTION, authorizer(["https://app.example"]))
    assert allowed == authorizer(["https://app.example", *LOOPBACK, "https://more.example"])


@pytest.mark.parametrize(
    "inputs", [authorizer([]), {"environment": {"variables": {}}}, {"memorySize": 128}]
)
def test_a_program_that_lets_every_origin_in_is_deployed_as_it_is(inputs: dict[str, Any]) -> None:
    assert allowing(["https://more.example"], FUNCTION, inputs) == inputs


def test_an_http_apis_pages_may_be_of_any_origin() -> None:
    cors = {"allowOrigins": ["https://app.example"], "allowMethods": ["POST"]}
    allowed = allowing([], API, {"corsConfiguration": cors})
    assert allowed["corsConfiguration"] == {**cors, "allowOrigins": ["*"]}


def test_a_folder_without_any_file_of_pulumis_has_a_name_and_a_region(tmp_path: Path) -> None:
    (tmp_path / "__main__.py").write_text("")
    config = Project(tmp_path, "dev").config()
    assert (config.project, config.stack, config.region) == (tmp_path.name, "dev", "us-east-1")


def test_the_files_of_a_project_decide_where_there_are_some(tmp_path: Path) -> None:
    (tmp_path / "__main__.py").write_text("")
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nconfig: {size: {default: 1}}\n")
    assert Project(tmp_path, "dev").config().values["shop:size"] == "1"
    (tmp_path / "Pulumi.dev.yaml").write_text("config: {aws:region: eu-west-1, size: 2}\n")
    config = Project(tmp_path, "dev").config()
    assert (config.region, config.values["shop:size"]) == ("eu-west-1", "2")


def test_a_program_in_another_language_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StackFileError, match=r"has no __main__\.py"):
        Project(tmp_path, "dev").config()


def test_a_program_runs_with_its_modules_as_they_are_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.chdir(tmp_path)
    seen = tmp_path / "seen"
    (tmp_path / "__main__.py").write_text(
        f"import shop_settings, pathlib\n"
        f"pathlib.Path({str(seen)!r}).write_text(shop_settings.NAME)\n"
    )
    project = Project(tmp_path, "dev")
    project.enter()
    for name in ("one", "two"):
        (tmp_path / "shop_settings.py").write_text(f"NAME = {name!r}\n")
        project.run()
        assert seen.read_text() == name


@pytest.mark.parametrize(
    ("path", "watched"),
    [
        ("handlers/orders.py", True),
        ("Pulumi.dev.yaml", True),
        ("__pycache__/x.pyc", False),
        (".venv/lib/x.py", False),
        ("build/layer.zip", False),
        ("node_modules/x.js", False),
    ],
)
def test_only_files_of_the_program_redeploy_it(path: str, *, watched: bool) -> None:
    is_of_it = dev._is_of_the_program(FileChange.modified, f"/shop/{path}")  # pyright: ignore[reportPrivateUsage] - watchfiles calls it
    assert is_of_it == watched


def test_a_command_without_once_is_refused(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["dev", str(tmp_path), "--", "pytest"])
    assert result.exit_code == 2
    assert "with --once only" in result.output


@pytest.mark.parametrize("value", ["{", "[1]", "1"])
def test_a_value_that_is_no_object_is_refused_before_anything_is_sent(value: str) -> None:
    result = CliRunner().invoke(app, ["publish", "link:a", value])
    assert result.exit_code == 2
    assert "the value must be" in result.output
