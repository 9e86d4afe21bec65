import base64
import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import psutil
import pytest

from localcloud import server
from tests.e2e.conftest import ROOT, Cloud

# Tests that a shell starts in its background ignore SIGINT, and so does what they start.
HOLDER = """
import signal
import sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from localcloud.server import server
with server() as endpoint:
    print(endpoint, flush=True)
    sys.stdin.read()
"""


def processes() -> dict[int, int]:
    """Every live process, and its parent."""
    listed = psutil.process_iter(["pid", "ppid", "status"])
    return {
        process.info["pid"]: process.info["ppid"]
        for process in listed
        if process.info["status"] != psutil.STATUS_ZOMBIE
    }


def descendants(ancestor: int) -> set[int]:
    return {process.pid for process in psutil.Process(ancestor).children(recursive=True)}


def children(parent: int) -> set[int]:
    return {process.pid for process in psutil.Process(parent).children()}


def eventually(condition: Callable[[], bool], what: str, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"never came to be: {what}"
        time.sleep(0.05)


@contextmanager
def client(service: str, endpoint: str) -> Generator[Any]:
    made: Any = boto3.Session("test", "test").client(
        service, region_name="eu-west-1", endpoint_url=endpoint
    )
    yield made
    made.close()


def create_function(endpoint: str, name: str, code: str) -> None:
    archived = io.BytesIO()
    with zipfile.ZipFile(archived, "w") as archive:
        archive.writestr("app.py", code)
    trust = '{"Version": "2012-10-17", "Statement": []}'
    with client("iam", endpoint) as iam:
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    with client("lambda", endpoint) as functions:
        functions.create_function(
            FunctionName=name,
            Runtime="python3.13",
            Handler="app.handler",
            Role=role,
            Code={"ZipFile": archived.getvalue()},
        )


def invoke_a_function(endpoint: str) -> None:
    """Leaves a warm worker behind."""
    create_function(endpoint, "warm", "def handler(event, context): return 'warm'")
    with client("lambda", endpoint) as functions:
        assert functions.invoke(FunctionName="warm")["Payload"].read() == b'"warm"'


@contextmanager
def holder(directory: Path) -> Generator[tuple[subprocess.Popen[str], str]]:
    """A process of its own that holds a cloud, whose files lie in the directory."""
    path = os.environ["PATH"]  # noqa: TID251 - of the test, not of a function
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER],
        cwd=ROOT,
        env={"PATH": path, "TMPDIR": str(directory)},
        start_new_session=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        yield process, process.stdout.readline().strip()
        process.kill()


def test_what_a_run_logs_comes_with_its_answer(cloud: Cloud) -> None:
    create_function(cloud.endpoint, "log", "def handler(event, context): event and print(event)")
    lines = [f"line {number}" if number % 3 else "" for number in range(30)]
    with client("lambda", cloud.endpoint) as functions:
        answers = [
            functions.invoke(FunctionName="log", LogType="Tail", Payload=json.dumps(line))
            for line in lines
        ]
    logged = [base64.b64decode(answer.get("LogResult", "")).decode() for answer in answers]
    assert [found.strip() for found in logged] == lines


@pytest.mark.parametrize("end", ["exit", signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_however_the_process_that_held_the_cloud_ends(
    end: str | signal.Signals, tmp_path: Path
) -> None:
    with holder(tmp_path) as (process, endpoint):
        invoke_a_function(endpoint)
        family = descendants(process.pid)
        assert len(family) >= 3, "supervisor, MiniStack and a worker"
        assert list(tmp_path.iterdir())

        if isinstance(end, signal.Signals):
            os.killpg(process.pid, end)  # as a terminal's Ctrl-C: all that it started are hit
        else:
            assert process.stdin is not None
            process.stdin.close()
        eventually(lambda: not family & processes().keys(), "every process is gone")
    assert list(tmp_path.iterdir()) == []


def test_a_killed_supervisor_takes_its_processes_with_it(tmp_path: Path) -> None:
    with holder(tmp_path) as (process, endpoint):
        invoke_a_function(endpoint)
        (supervisor,) = children(process.pid)
        family = descendants(supervisor)
        assert len(family) >= 2, "MiniStack and a worker"
        os.kill(supervisor, signal.SIGKILL)
        eventually(lambda: not family & processes().keys(), "every process is gone")


def test_two_clouds_at_once_do_not_meet(cloud: Cloud) -> None:
    with server() as other:
        assert other != cloud.endpoint
        cloud.client("sqs", "eu-west-1").create_queue(QueueName="here")
        with client("sqs", other) as queues:
            assert queues.list_queues().get("QueueUrls", []) == []


def test_a_cloud_that_ends_by_itself_is_an_error(tmp_path: Path) -> None:
    with holder(tmp_path) as (process, _):
        (supervisor,) = children(process.pid)
        (ministack,) = children(supervisor)
        os.kill(ministack, signal.SIGKILL)
        eventually(lambda: supervisor not in processes(), "the supervisor has noticed")
        _, errors = process.communicate(timeout=120)
    assert "ServerError: the local cloud ended by itself; the end of its log" in errors


SUPERVISOR_ON = """
import sys
from localcloud import supervisor
free = supervisor.free_port
ports = iter(map(int, sys.argv[1:]))
supervisor.free_port = lambda: next(ports, None) or free()
sys.exit(supervisor.main())
"""


@contextmanager
def taken_port() -> Generator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield str(listener.getsockname()[1])


def supervisor_on(*ports: str) -> subprocess.Popen[str]:
    """A supervisor that tries these ports first."""
    return subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR_ON, *ports],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_port_that_was_taken_meanwhile_is_followed_by_another() -> None:
    with taken_port() as port, supervisor_on(port) as supervisor:
        assert supervisor.stdout is not None
        endpoint = supervisor.stdout.readline().strip()
        _, errors = supervisor.communicate(timeout=120)
    assert (supervisor.returncode, errors) == (0, "")
    assert endpoint.startswith("http://127.0.0.1:")
    assert not endpoint.endswith(f":{port}")


def test_a_cloud_that_cannot_start_says_why() -> None:
    with taken_port() as port, supervisor_on(port, port, port) as supervisor:
        assert supervisor.stdout is not None
        assert supervisor.stderr is not None
        assert supervisor.stdout.read() == ""
        assert f"127.0.0.1:{port} is already in use" in supervisor.stderr.read()
    assert supervisor.returncode == 1
