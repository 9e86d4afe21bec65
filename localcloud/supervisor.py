"""Owns one MiniStack and its directory for as long as its parent holds this process's stdin open.

A program: it prints the endpoint as one line once the cloud answers and, when stdin closes,
however its parent ended, leaves no process and no file behind. Standard library only: importing
the project would double the time until the cloud is up.
"""

import contextlib
import enum
import http.client
import json
import os
import queue
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Generator
from pathlib import Path
from types import FrameType

START_SECONDS = 30
STOP_SECONDS = 5
PROBE_SECONDS = 0.5
START_ATTEMPTS = 3
LOG_CHARACTERS = 4000

INHERITED = ("PATH", "LANG", "LD_LIBRARY_PATH")
"""Functions inherit MiniStack's environment; the caller's may hold secrets."""


class End(enum.Enum):
    """Why a MiniStack ends."""

    ASKED = enum.auto()
    DIED = enum.auto()


Ends = queue.SimpleQueue[End]
"""Reasons in the order they came. A signal handler may fill it: its `put` is reentrant."""


def main() -> int:
    """Returns the exit code: 0 when the end was asked for, 1 when MiniStack failed."""
    ends = Ends()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        ends.put(End.ASKED)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, on_signal)
    threading.Thread(target=_watch_stdin, args=(ends,), daemon=True).start()
    with tempfile.TemporaryDirectory(prefix="localcloud-", ignore_cleanup_errors=True) as directory:
        return _serve_until_asked(Path(directory) / "ministack.log", ends)


def _serve_until_asked(log: Path, ends: Ends) -> int:
    for _ in range(START_ATTEMPTS):
        port, token = free_port(), uuid.uuid4().hex
        with _ministack(log, port, token, ends):
            end = _end_before_ready(port, token, ends)
            if end is None:
                print(f"http://127.0.0.1:{port}", flush=True)  # noqa: T201 - it is waited for
                return 0 if ends.get() is End.ASKED else _failed(log)
            if end is End.ASKED:
                return 0
        if "already in use" not in log.read_text(errors="replace"):
            break
    return _failed(log)


def _failed(log: Path) -> int:
    sys.stderr.write(log.read_text(errors="replace")[-LOG_CHARACTERS:] or "MiniStack said nothing")
    return 1


def _watch_stdin(ends: Ends) -> None:
    with contextlib.suppress(OSError):  # no stdin at all: no parent holds it open
        while os.read(0, 4096):
            pass
    ends.put(End.ASKED)


def _end_before_ready(port: int, token: str, ends: Ends) -> End | None:
    deadline = time.monotonic() + START_SECONDS
    while not _answers(port, token):
        with contextlib.suppress(queue.Empty):
            return ends.get(timeout=0.02)
        if time.monotonic() > deadline:
            return End.DIED
    return None


@contextlib.contextmanager
def _ministack(log: Path, port: int, token: str, ends: Ends) -> Generator[None]:
    """MiniStack in a process group of its own, which its Lambda workers are part of."""
    with log.open("wb") as out:
        process = subprocess.Popen(  # noqa: S603 - a fixed command
            [sys.executable, "-P", str(Path(__file__).with_name("emulator.py"))],
            env=_environment(log.parent, port, token),
            cwd=log.parent,  # not the caller's: functions would import from there
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=out,
            process_group=0,
        )
    threading.Thread(target=lambda: (process.wait(), ends.put(End.DIED)), daemon=True).start()
    try:
        yield
    finally:
        _stop(process, port, token)


def _environment(directory: Path, port: int, token: str) -> dict[str, str]:
    inherited = {
        name: value
        for name, value in os.environ.items()  # noqa: TID251 - no function runs here
        if name in INHERITED
    }
    return inherited | {
        "AUTH": "true",
        "BIND_HOST": "127.0.0.1",  # the default is every interface
        "DOCKER_HOST": f"unix://{directory}/none",  # else it removes other MiniStacks' containers
        "GATEWAY_PORT": str(port),
        "HOME": str(directory),  # functions read ~/.aws
        "IOT_MTLS_ENABLED": "0",  # else it listens on 8883 too
        "LOG_LEVEL": "WARNING",
        "MINISTACK_EDITION": token,  # comes back in the health answer
        "MINISTACK_HOST": "localhost",
        "PYTHONDONTWRITEBYTECODE": "",  # else each cold function compiles its imports anew
        "SFTP_ENABLED": "0",
        "TMPDIR": str(directory),  # its directories of functions outlive it otherwise
    }


def free_port() -> int:
    """Free now: MiniStack may find it taken, and another MiniStack may answer on it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _answers(port: int, token: str) -> bool:
    try:
        return json.loads(_request(port, "GET", "health", PROBE_SECONDS))["edition"] == token
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return False


def _request(port: int, method: str, name: str, timeout_seconds: float) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout_seconds)
    with contextlib.closing(connection):
        connection.request(method, f"/_ministack/{name}")
        return connection.getresponse().read()


def _stop(process: subprocess.Popen[bytes], port: int, token: str) -> None:
    """Resets first: with sockets open or workers warm, SIGTERM alone takes eleven seconds."""
    if process.poll() is None:
        if _answers(port, token):  # else it is another one's
            with contextlib.suppress(OSError, http.client.HTTPException):
                _request(port, "POST", "reset", STOP_SECONDS)
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
    with contextlib.suppress(ProcessLookupError):  # workers outlive a MiniStack that died
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdin is not None:
        process.stdin.close()


if __name__ == "__main__":
    sys.exit(main())
