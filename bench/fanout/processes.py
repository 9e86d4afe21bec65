"""Starts what is measured: a server process, and one client process at a time beside it."""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from .checks import Expected
from .job import Job, Used

ROOT = Path(__file__).parents[2]
CLIENT_SECONDS = 120
CONCURRENCY = 32
BATCH = 2_000
"""Connections that one payload goes to at a time."""
WARM_UP = 1_000
"""Posts before the clock starts; Node's compiler needs the most."""
DATA = (
    '{"code":"XzVZoih","clicks":4,"realtime":{"channel":"link:XzVZoih",'
    '"epoch":1763787000000,"version":4,"at":1763787600123}}'
)
# botocore signs with awscrt wherever that is installed. In Lambda it is not.
ENVIRONMENT = {"PATH": os.defpath, "BOTO_DISABLE_CRT": "true", "PYTHONPATH": str(ROOT)}


class BenchmarkError(Exception):
    """A figure could not be taken, or would not mean what it says."""


@dataclass(frozen=True)
class Client:
    """`command` takes the job as its next argument; `posts` are what one measurement takes."""

    name: str
    command: Sequence[str]
    posts: int
    options: Sequence[str] = ()


@dataclass(frozen=True)
class Certificate:
    """Files in PEM, for a server at 127.0.0.1."""

    certificate: Path
    key: Path


class Server:
    """A server process and the pipe to it."""

    def __init__(self, process: "subprocess.Popen[str]", tls: Certificate | None) -> None:
        self._process = process
        self._tls = tls
        scheme = "https" if tls else "http"
        self._endpoint = f"{scheme}://127.0.0.1:{self._answer()['port']}/prod"

    def job(self, posts: int) -> Job:
        """Its ids and its secrets are of this measurement alone; the token is as long as STS's."""
        return Job(
            endpoint=self._endpoint,
            certificate=str(self._tls.certificate) if self._tls else None,
            access_key="test",
            secret_key=secrets.token_urlsafe(30),
            token=secrets.token_urlsafe(600),
            region="eu-central-1",
            data=DATA,
            prefix=secrets.token_hex(3),
            warm_up=WARM_UP,
            posts=posts,
            batch=BATCH,
            concurrency=CONCURRENCY,
        )

    def check(self, job: Job) -> float:
        """The server's CPU seconds a post. Raises unless all posts of the job came, once each."""
        expected = Expected(
            prefix=job.prefix,
            posts=job.warm_up + job.posts,
            data=job.data,
            access_key=job.access_key,
            secret_key=job.secret_key,
            token=job.token,
        )
        assert self._process.stdin
        self._process.stdin.write(json.dumps(asdict(expected)) + "\n")
        self._process.stdin.flush()
        report = self._answer()
        if report["complaint"]:
            raise BenchmarkError(f"the server refuses what it received: {report['complaint']}")
        return float(report["cpu_seconds"]) / float(report["posts"])

    def _answer(self) -> dict[str, "float | str"]:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise BenchmarkError("the server process ended")
        return json.loads(line)


@contextmanager
def server(tls: Certificate | None = None) -> Generator[Server]:
    files = [str(tls.certificate), str(tls.key)] if tls else []
    process = subprocess.Popen(  # noqa: S603 - a module of this project
        [sys.executable, "-m", "bench.fanout.server", *files],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=ENVIRONMENT,
        text=True,
    )
    try:
        yield Server(process, tls)
    finally:
        process.kill()
        process.communicate()


def measure(client: Client, job: Job) -> Used:
    """Runs one client process to its end."""
    ran = subprocess.run(  # noqa: S603 - the clients' commands are constants
        [*client.command, job.text(), *client.options],
        capture_output=True,
        env=ENVIRONMENT,
        text=True,
        check=False,
        timeout=CLIENT_SECONDS,
    )
    if ran.returncode:
        raise BenchmarkError(f"{client.name} failed:\n{ran.stderr[-4000:]}")
    return Used(**json.loads(ran.stdout.splitlines()[-1]))
