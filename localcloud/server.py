"""Starts a local cloud for as long as a `with` block lasts, or the process does.

The cloud belongs to a supervisor process, so that it ends with this one even when this one is
killed and no `finally` runs.
"""

import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

STOP_SECONDS = 20
"""The supervisor's own deadlines add up to less."""


class ServerError(RuntimeError):
    """The local cloud did not start, or ended by itself; holds the end of its log."""


@contextmanager
def server() -> Generator[str]:
    """Yields the endpoint of an empty cloud, `http://127.0.0.1:<port>`, all its own."""
    # By its path and with -P: from any working directory, and without what lies beside it.
    command = [sys.executable, "-P", str(Path(__file__).with_name("supervisor.py"))]
    with subprocess.Popen(  # noqa: S603 - a fixed command
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for the caller, whose end then stops the cloud in order
        text=True,
    ) as supervisor:
        assert supervisor.stdout is not None
        endpoint = supervisor.stdout.readline().strip()
        try:
            if endpoint:
                yield endpoint
        finally:
            _end(supervisor, started=bool(endpoint))


def _end(supervisor: subprocess.Popen[str], *, started: bool) -> None:
    try:
        _, log = supervisor.communicate(timeout=STOP_SECONDS)  # closes stdin: the sign to stop
    except subprocess.TimeoutExpired as error:
        supervisor.kill()
        raise ServerError(
            f"the local cloud should stop within {STOP_SECONDS} s and did not: it was killed, "
            "and a folder localcloud-* may be left where temporary files are"
        ) from error
    if supervisor.returncode or not started:
        what = "ended by itself" if started else "did not start"
        raise ServerError(f"the local cloud {what}; the end of its log:\n{log}")
