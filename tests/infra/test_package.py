"""The wheel, installed into an environment with nothing but what it asks for itself."""

import itertools
import json
import os
import re
import shlex
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from components.version import VERSION
from handlers.realtime.channels import Rules
from handlers.realtime.ingress import admit, from_queue
from tests.fakes.delivery import Fakes
from tests.infra.harness import ROOT, Cloud, Deployment
from tests.infra.provider_inputs import YAML
from tests.infra.provider_monitor import engine, provider
from tests.infra.recorded import SCHEMA, text
from tests.infra.test_existing_realtime_api import OtherStack

pytestmark = pytest.mark.xdist_group("package")

UV = ROOT / ".tools" / "bin" / "uv"
PAGE = (ROOT / "docs" / "consuming.md").read_text()
PROGRAMS = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
OWN = ("__init__.py", "command.py", "publisher.py", "py.typed")
"""Files of the package itself, beside its folders."""
NOT_SHIPPED = {"__pycache__", "node_modules", "test", "tests", "venv"}
CHECK = """
import json, os, sys
from realtime_platform.publisher import Publisher
from websockets.sync.client import connect

with connect(os.environ["REALTIME_ENDPOINT"] + "?channel=link:first") as socket:
    queue = os.environ["REALTIME_PUBLISH_QUEUE_URL"]
    Publisher(queue, source="me").send("link:first", {"hello": "world"})
    value = json.loads(socket.recv(timeout=60))
print(value.pop("realtime")["channel"], "has", value, flush=True)
sys.exit(7)
"""
DEPLOY = """
import asyncio, runpy, sys
from pulumi.runtime import settings
from pulumi.runtime.stack import run_in_stack

async def deploy(program, address):
    engine = {"monitor": address, "engine": address}
    settings.configure(settings.Settings(project="shop", stack="dev", dry_run=False, **engine))
    await run_in_stack(lambda: runpy.run_path(program))

asyncio.run(deploy(*sys.argv[1:]))
"""


def run(*command: str | Path) -> str:
    """What the command says. It sees none of this process's paths."""
    ran = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    assert (ROOT / "build" / "layer.zip").is_file(), "the layer is missing; run: make build"
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of an environment that was empty before. The versions are those that all tests run with."""
    environment = tmp_path_factory.mktemp("consumer") / "environment"
    run(UV, "venv", "--quiet", "--python", sys.executable, environment)
    pins = ROOT / "requirements" / "dev.txt"
    run(UV, "pip", "install", "--quiet", "--python", environment, "--constraint", pins, wheel)
    return environment / "bin" / "python"


@pytest.fixture(scope="module")
def installed(python: Path) -> Path:
    (folder,) = python.parents[1].glob("lib/python*/site-packages/realtime_platform")
    return folder.resolve()


Deploy = Callable[..., Deployment]


@pytest.fixture(scope="module")
def deploy(python: Path, tmp_path_factory: pytest.TempPathFactory) -> Deploy:
    """Deploys files, `__main__.py` among them, with the environment's Python and nothing else."""

    def deploy(files: dict[str, str], cloud: Cloud | None = None) -> Deployment:
        folder = tmp_path_factory.mktemp("program")
        for name, content in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(content)
        with engine(cloud=cloud) as (address, deployment):
            run(python, "-I", "-c", DEPLOY, folder / "__main__.py", address)
        deployment.exports = deployment.outputs[""]
        return deployment

    return deploy


@pytest.fixture(scope="module")
def first(deploy: Deploy) -> Deployment:
    return deploy({"__main__.py": PROGRAMS[0]})


def test_the_wheel_holds_every_file_of_its_folders(wheel: Path) -> None:
    files = (
        path.relative_to(ROOT)
        for folder in ("components", "dashboard", "handlers", "localcloud")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and not NOT_SHIPPED & set(path.relative_to(ROOT).parts)
    )
    wanted = {f"realtime_platform/{path.as_posix()}" for path in files}
    wanted |= {f"realtime_platform/{name}" for name in OWN}
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
        layer = archive.read("realtime_platform/build/layer.zip")
    assert names == wanted | {"realtime_platform/build/layer.zip"}
    assert layer == (ROOT / "build" / "layer.zip").read_bytes()


def test_the_command_names_the_extra_that_it_misses(python: Path) -> None:
    command = [str(python.with_name("realtime")), "dev", "."]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert "pip install 'realtime-platform[local]'" in ran.stderr


def test_a_teams_own_test_runs_against_its_program_on_the_local_cloud(
    wheel: Path, tmp_path: Path
) -> None:
    """From an empty environment, with `realtime dev --once` as docs/consuming.md has it."""
    environment, program = tmp_path / "environment", tmp_path / "shop"
    run(UV, "venv", "--quiet", "--python", sys.executable, environment)
    pins = ROOT / "requirements" / "dev.txt"
    with_extra = f"{wheel}[local]"
    python = environment / "bin" / "python"
    run(UV, "pip", "install", "--quiet", "--python", python, "--constraint", pins, with_extra)
    program.mkdir()
    (program / "__main__.py").write_text(PROGRAMS[0])
    (program / "check.py").write_text(CHECK)
    once = ("dev", program, "--once", "--", python, program / "check.py")
    ran = subprocess.run(
        [str(part) for part in (environment / "bin" / "realtime", *once)],
        capture_output=True,
        text=True,
        check=False,
        env={"HOME": str(tmp_path), "PATH": os.environ["PATH"]},  # noqa: TID251 - the tests' own
    )
    assert ran.returncode == 7, ran.stdout + ran.stderr
    assert "link:first has {'hello': 'world'}" in ran.stdout


def test_the_installed_package_knows_its_version(python: Path) -> None:
    said = run(python, "-I", "-c", "import realtime_platform; print(realtime_platform.__version__)")
    assert said.strip() == VERSION


def test_what_runs_needs_nothing_of_what_describes(python: Path) -> None:
    said = run(
        *(python, "-I", "-c"),
        "import sys, realtime_platform.handlers.realtime.channels; print('pulumi' in sys.modules)",
    )
    assert said.strip() == "False"


def test_the_programs_first_page_fits_eleven_lines() -> None:
    lines = [line for line in PROGRAMS[0].splitlines() if line]
    assert len(lines) <= 11


def test_a_program_of_eleven_lines_is_deployed_from_an_empty_environment(first: Deployment) -> None:
    assert first.exports["endpoint"].startswith("wss://realtime-stage.")
    assert first.exports["realtime"]["version"] == 1
    types = {resource.type for resource in first.resources}
    assert {"aws:dynamodb/table:Table", "aws:apigatewayv2/stage:Stage"} <= types


def test_the_first_program_publishes_what_the_page_has_the_shell_send(first: Deployment) -> None:
    (listen, send) = re.findall(r"^```sh\n((?:npx|aws) .*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    words = shlex.split(send)
    options = dict(itertools.pairwise(words))
    variables = first.named("realtime-publish-function").inputs["environment"]["variables"]
    request = from_queue(options["--message-body"], sent_at=0)
    rules = Rules.parse(variables["CHANNEL_RULES"])
    update = admit(replace(Fakes(now=0).engine, rules=rules), request)
    assert update.value == {"hello": "world"}
    assert f"channel={update.channel}" in listen
    assert options["--message-group-id"] == update.channel
    outputs = set(re.findall(r"pulumi stack output (\w+)", listen + send))
    assert outputs == {"endpoint", "publish_queue_url"} <= first.exports.keys()


def test_handlers_and_layer_ship_from_where_the_package_is_installed(
    first: Deployment, installed: Path
) -> None:
    for function in first.of("aws:lambda/function:Function"):
        for name, asset in function.inputs["code"].assets.items():
            assert Path(asset.path) == installed / name
            assert Path(asset.path).is_file()
    layer = first.one("aws:lambda/layerVersion:LayerVersion").inputs["code"]
    assert Path(layer.path) == installed / "build" / "layer.zip"


def test_a_consumers_own_function_ships_its_own_handlers(deploy: Deploy) -> None:
    packages = dict.fromkeys(["handlers/__init__.py", "handlers/orders/__init__.py"], "")
    files = {"__main__.py": PROGRAMS[1], "handlers/orders/place.py": PROGRAMS[2], **packages}
    place = deploy(files).named("place-function").inputs
    assert place["code"].assets.keys() == files.keys() - {"__main__.py"}
    assert place["handler"] == "handlers.orders.place.handler"
    queue = place["environment"]["variables"]["PUBLISH_QUEUE_URL"]
    assert queue.endswith("/realtime-publish-queue-source")


def test_a_program_beside_another_stack_gets_its_grant(deploy: Deploy, first: Deployment) -> None:
    beside = deploy({"__main__.py": PROGRAMS[3]}, OtherStack(first.exports))
    policy = json.loads(beside.named("realtime-orders-send-policy").inputs["policy"])
    assert policy == json.loads(first.outputs["realtime"]["send_policy"])
    assert beside.exports == {"publish_queue_url": first.outputs["realtime"]["publish_queue_url"]}


def test_a_transform_of_a_program_changes_the_table(deploy: Deploy) -> None:
    table = deploy({"__main__.py": PROGRAMS[4]}).named("realtime-rows-table").inputs
    assert table["serverSideEncryption"]["kmsKeyArn"].startswith("arn:aws:kms:")


def test_the_unpacked_wheel_is_a_provider_of_the_recorded_schema(
    wheel: Path, python: Path, tmp_path: Path
) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    package = tmp_path / "realtime_platform"
    with (
        engine() as (address, deployment),
        provider(package / "components", address, python=python) as process,
    ):
        assert text(process.schema()) == SCHEMA.read_text()
        outputs = process.construct("RealtimeApi", "live", YAML, address)
    assert outputs["endpoint"].startswith("wss://live-stage.")
    code = deployment.named("live-connect-function").inputs["code"].assets
    assert Path(code["handlers/realtime/functions/connect.py"].path).is_relative_to(package)
    layer = deployment.one("aws:lambda/layerVersion:LayerVersion").inputs["code"]
    assert Path(layer.path) == package / "build" / "layer.zip"
