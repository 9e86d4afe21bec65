"""MiniStack, for as long as the supervisor that started it holds its stdin open.

A program, and the leader of a process group: when the supervisor is killed and can clean up
nothing, the whole group ends, functions included.
"""

import fcntl
import os
import runpy
import signal
import struct
import termios
import threading
import time
from typing import Any

from ministack.core import lambda_runtime

WORKER: Any = lambda_runtime.Worker
wait_for_a_line: Any = WORKER._drain_stderr_bounded
QUIET_TURNS = 3


def _end_with_supervisor() -> None:
    os.read(0, 1)
    os.killpg(0, signal.SIGKILL)


def _log_of_a_run(worker: Any, **waits: float) -> str:
    """What a run has logged; it is in the pipe, or was read from there, when its answer is.

    MiniStack waits 50 ms for a first line, which a function that logs no success never writes.
    """
    pipe = worker._proc and worker._proc.stderr
    if waits or not pipe:
        return wait_for_a_line(worker, **waits)
    quiet = 0
    while quiet < QUIET_TURNS:  # MiniStack's own thread takes the lines out of the pipe meanwhile
        (unread,) = struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)))
        quiet = 0 if unread else quiet + 1
        time.sleep(0.001)
    return worker._drain_stderr()


if __name__ == "__main__":
    threading.Thread(target=_end_with_supervisor, daemon=True).start()
    WORKER._drain_stderr_bounded = _log_of_a_run
    runpy.run_module("ministack", run_name="__main__")
