"""Each function of the shop runs with nothing but the layer and Lambda's own boto3 beside it."""

import json
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from examples.orders.tests.program import HANDLERS, ROOT, deploy_orders
from tests.infra.harness import Deployment

RUNTIME = ROOT.parents[1] / "build" / "runtime"
IN_LAMBDA = ("boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "urllib3")
pytestmark = pytest.mark.xdist_group("orders-program")

# Runs without site-packages: only the listed folders can be imported.
IMPORT = """
import importlib, json, sys
folders, names = json.loads(sys.argv[1])
sys.path[:0] = folders
for name in names:
    importlib.import_module(name)
assert callable(importlib.import_module(names[-1]).handler)
"""


@pytest.fixture(scope="module")
def dev() -> Deployment:
    return deploy_orders("dev")


@pytest.mark.parametrize("module", HANDLERS)
def test_a_function_runs_from_its_bundle_alone(
    dev: Deployment, module: str, tmp_path: Path
) -> None:
    (function,) = (
        f
        for f in dev.of("aws:lambda/function:Function")
        if f.inputs["handler"] == f"handlers.{module}.handler"
    )
    code, lambdas = tmp_path / "code", tmp_path / "lambda"
    lambdas.mkdir()
    for name in IN_LAMBDA:
        spec = find_spec(name)
        assert spec is not None, name
        assert spec.origin is not None, name
        origin = Path(spec.origin)
        path = origin.parent if spec.submodule_search_locations else origin
        (lambdas / path.name).symlink_to(path)
    shipped = function.inputs["code"].assets
    for name, asset in shipped.items():
        (code / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(asset.path, code / name)
    names = [n.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for n in shipped]
    folders = [str(code), str(RUNTIME), str(lambdas)]
    ordered = [*names, f"handlers.{module}"]
    ran = subprocess.run(
        [sys.executable, "-ISB", "-c", IMPORT, json.dumps([folders, ordered])],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr
