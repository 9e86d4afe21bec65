"""Which stack a command is about: one that Pulumi knows, or the demo that runs on this machine.

The addresses come from the stack's outputs, so a command needs no other configuration.
"""

import json
import os
import subprocess
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

CHECKOUT = Path(__file__).parents[1]
LOCAL = CHECKOUT / "build" / "demo.json"
LOCAL_VARIABLE = "REALTIME_DEMO_FILE"
"""Names another file in place of `LOCAL`, for a second local cloud beside the demo's."""
LOCAL_ROOT = "test"
"""Key and secret of the emulator's root."""
PULUMI_SECONDS = 60


class StackError(Exception):
    """There is no such stack to talk to; says how to name one."""


@dataclass(frozen=True)
class Stack:
    name: str
    region: str
    outputs: Mapping[str, Any]
    endpoint_url: str | None = None
    """Of the local cloud; None is AWS."""

    def client(self, service: str) -> Any:
        """With the credentials that the AWS CLI would use; the local cloud has its own."""
        root = LOCAL_ROOT if self.endpoint_url else None
        session = boto3.Session(aws_access_key_id=root, aws_secret_access_key=root)
        return session.client(service, region_name=self.region, endpoint_url=self.endpoint_url)

    def output(self, name: str) -> Any:
        if name not in self.outputs:
            raise StackError(
                f"stack {self.name} must export {name}, and exports {', '.join(self.outputs)}."
                " Deploy this version of the program: pulumi up"
            )
        return self.outputs[name]


def find(name: str | None, project: Path | None = None) -> Stack:
    """The stack of that name as Pulumi knows it; without a name, the demo that is running.

    `project` is the folder of the stack's Pulumi.yaml; without it, the checkout of this command,
    whatever the working directory is. Raises `StackError`.
    """
    if name is not None:
        return _deployed(name, project or CHECKOUT)
    if project is not None:
        raise StackError(f"--project {project} must come with --stack <name>: the demo has none.")
    return _running_demo()


@contextmanager
def announced(stack: Stack) -> Generator[None]:
    """While it lasts, `find` without a name finds this one."""
    facts = {"name": stack.name, "region": stack.region, "endpoint_url": stack.endpoint_url}
    file = _local()
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps({**facts, "outputs": dict(stack.outputs)}), encoding="utf-8")
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def _local() -> Path:
    return Path(os.environ.get(LOCAL_VARIABLE, LOCAL))  # noqa: TID251 - no function runs this


def _running_demo() -> Stack:
    try:
        return Stack(**json.loads(_local().read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise StackError(
            "a stack must be named, because no demo runs on this machine."
            " Add --stack <name>, or start one in another terminal: make demo"
        ) from None


def _deployed(name: str, project: Path) -> Stack:
    outputs = json.loads(
        _pulumi(f"--cwd={project}", "stack", "output", "--json", f"--stack={name}")
    )
    return Stack(name, outputs.get("region", ""), outputs)


def _pulumi(*arguments: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - the arguments are this module's, and a stack's name
            ["pulumi", *arguments],  # noqa: S607 - wherever the person has it
            capture_output=True,
            text=True,
            check=False,
            timeout=PULUMI_SECONDS,
        )
    except FileNotFoundError:
        raise StackError(
            "reading a stack's outputs needs the Pulumi CLI, which is not on the PATH."
            " Install it, or leave --stack out to use the demo that runs on this machine."
        ) from None
    if done.returncode:
        raise StackError(f"pulumi {' '.join(arguments)} failed: {done.stderr.strip()}")
    return done.stdout
