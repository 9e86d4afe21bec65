"""What one client process is asked to do, and how it measures itself.

The clock runs only while posts do: interpreter, imports, connections and the first posts (a JIT
compiles them, a pool opens its sockets) come before it.
"""

import json
import resource
import ssl
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Self


@dataclass(frozen=True, kw_only=True)
class Job:
    """`ids` are `prefix` and a number; the first `warm_up` of them are posted before the clock."""

    endpoint: str
    certificate: str | None
    access_key: str
    secret_key: str
    token: str
    region: str
    data: str
    prefix: str
    warm_up: int
    posts: int
    batch: int
    concurrency: int

    @classmethod
    def read(cls, argument: str) -> Self:
        return cls(**json.loads(argument))

    def text(self) -> str:
        return json.dumps(asdict(self))

    def ids(self) -> list[str]:
        """As API Gateway makes them: fourteen characters and an equals sign, to be escaped."""
        return [f"{self.prefix}{number:07d}=" for number in range(self.warm_up + self.posts)]

    def tls(self) -> ssl.SSLContext | None:
        return ssl.create_default_context(cafile=self.certificate) if self.certificate else None


@dataclass(frozen=True)
class Used:
    """What the posts after the warm-up took, of all threads of the process."""

    cpu_seconds: float
    wall_seconds: float


def main(prepare: Callable[[Job], Callable[[Sequence[str]], int]]) -> None:
    """Runs the job of the command line; `prepare` gives what posts a batch and counts the 200s."""
    job = Job.read(sys.argv[1])
    sys.stdout.write(json.dumps(asdict(measured(job, prepare(job)))) + "\n")


def measured(job: Job, post_batch: Callable[[Sequence[str]], int]) -> Used:
    ids = job.ids()
    _post(post_batch, ids[: job.warm_up], job.batch)
    wall, cpu = time.perf_counter(), _cpu_seconds()
    _post(post_batch, ids[job.warm_up :], job.batch)
    return Used(_cpu_seconds() - cpu, time.perf_counter() - wall)


def _post(post_batch: Callable[[Sequence[str]], int], ids: Sequence[str], size: int) -> None:
    for start in range(0, len(ids), size):
        batch = ids[start : start + size]
        if (delivered := post_batch(batch)) != len(batch):
            raise RuntimeError(f"every post must be answered 200; {delivered} of {len(batch)} were")


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
