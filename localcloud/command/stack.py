"""Which stack a command is about: a local cloud that runs on this machine, or a stack of Pulumi's.

The addresses come from the stack's outputs, so a command needs no other configuration.
"""

import json
import os
import subprocess
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from pydantic import TypeAdapter

from .apis import Api, rules

RUNNING = Path.home() / ".cache" / "realtime-platform"
"""A file for each local cloud that runs, named by its process."""
RUNNING_VARIABLE = "REALTIME_RUNNING"
"""Names another folder in place of `RUNNING`, for a local cloud that no command should find."""
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
    apis: Sequence[Api] = ()
    """Those of a local cloud; of a stack of Pulumi's only its outputs are known."""

    def client(self, service: str) -> Any:
        """With the credentials that the AWS CLI would use; the local cloud has its own."""
        root = LOCAL_ROOT if self.endpoint_url else None
        session = boto3.Session(aws_access_key_id=root, aws_secret_access_key=root)
        return session.client(
            service, region_name=self.region or None, endpoint_url=self.endpoint_url
        )

    def output(self, name: str) -> Any:
        if name not in self.outputs:
            raise StackError(
                f"stack {self.name} must export {name}, and exports {', '.join(self.outputs)}."
                " Deploy this version of the program: pulumi up"
            )
        return self.outputs[name]

    def api(self, channel: str) -> Api:
        """The RealtimeApi that knows the channel, or else the first one."""
        for api in self.apis:
            if api.rule(channel):
                return api
        return self.apis[0] if self.apis else self._exported()

    def _exported(self) -> Api:
        reference: Mapping[str, Any] = self.outputs.get("realtime") or {}
        variables: Mapping[str, str] = reference.get("publish_environment") or {}
        return Api(
            name=self.name,
            endpoint=self.output("endpoint"),
            publish_queue_url=reference.get("publish_queue_url")
            or self.outputs.get("publish_queue_url", ""),
            rules=rules(variables.get("CHANNEL_RULES", "[]")),
        )


_STACK = TypeAdapter(Stack)


def find(name: str | None, project: Path | None = None) -> Stack:
    """The stack of that name as Pulumi knows it; without a name, the newest local cloud.

    `project` is the folder of the stack's Pulumi.yaml, by default the working directory. Raises
    `StackError`.
    """
    if name is not None:
        return _deployed(name, project or Path())
    if project is not None:
        raise StackError(
            f"--project {project} must come with --stack <name>: a local cloud has no name."
        )
    return _running()


@contextmanager
def announced(stack: Stack) -> Generator[None]:
    """While it lasts, `find` without a name finds this one."""
    file = _folder() / f"{os.getpid()}.json"
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    file.write_bytes(_STACK.dump_json(stack))
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def _folder() -> Path:
    return Path(os.environ.get(RUNNING_VARIABLE, RUNNING))  # noqa: TID251 - no function runs this


def _running() -> Stack:
    files = sorted(_folder().glob("*.json"), key=lambda file: file.stat().st_mtime, reverse=True)
    for file in files:
        if _is_alive(int(file.stem)):
            return _STACK.validate_json(file.read_bytes())
        file.unlink(missing_ok=True)  # its process was killed, or the machine restarted
    raise StackError(
        "a stack must be named, because no local cloud runs on this machine."
        " Add --stack <name>, or start one in another terminal: realtime dev <folder>, or in a"
        " checkout of the platform make demo"
    )


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's
        return True
    return True


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
            " Install it, or leave --stack out to use the local cloud that runs on this machine."
        ) from None
    if done.returncode:
        raise StackError(f"pulumi {' '.join(arguments)} failed: {done.stderr.strip()}")
    return done.stdout
