"""Starts the local cloud's AWS provider, for Pulumi's engine to attach to."""

import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

STOP_SECONDS = 10


class PluginError(RuntimeError):
    """The provider did not start; its words are on stderr."""


@contextmanager
def aws_provider(endpoint: str) -> Generator[int]:
    """Yields the port of a provider that makes resources at `endpoint`.

    The engine attaches to it where `PULUMI_DEBUG_PROVIDERS` is `aws:<port>`. It ends with this
    process, however that ends. Relative paths of assets are those of the working directory.
    """
    package = __name__.rpartition(".")[0]
    command = [sys.executable, "-m", f"{package}.provider", "--endpoint", endpoint]
    root = Path(__file__).parents[len(package.split("."))]
    environment = {**os.environ, "PYTHONPATH": str(root)}  # noqa: TID251 - no function runs here
    with subprocess.Popen(  # noqa: S603 - a fixed command
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        try:
            if not port:
                raise PluginError("the local cloud's AWS provider did not start: stderr says why")
            yield int(port)
        finally:
            _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    try:
        process.communicate(timeout=STOP_SECONDS)  # closes stdin: the sign to stop
    except subprocess.TimeoutExpired:
        process.kill()
        raise
