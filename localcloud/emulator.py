"""MiniStack, for as long as the supervisor that started it holds its stdin open.

A program, and the leader of a process group: when the supervisor is killed and can clean up
nothing, the whole group ends, functions included.
"""

import os
import runpy
import signal
import threading


def _end_with_supervisor() -> None:
    os.read(0, 1)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    threading.Thread(target=_end_with_supervisor, daemon=True).start()
    runpy.run_module("ministack", run_name="__main__")
