"""Deploys a Pulumi program on the local cloud: each resource it declares is created there by boto3.

Pulumi declares independent resources in parallel, from a pool of threads: everything here that a
resource touches is shared between them.
"""

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any, cast

import boto3
import pulumi
from pulumi.runtime import mocks

from .lifecycle import Lifecycle
from .lookups import look_up
from .recipes.recipe import Inputs
from .runner import Program, plain, run_program
from .stackfile import StackConfig

PROVIDER = "pulumi:providers:aws"

Progress = Callable[[str, str, float], None]
"""Called with type, name and seconds of each resource made; from several threads at once."""


def _silent(_type: str, _name: str, _seconds: float) -> None:
    pass


class DeployError(pulumi.RunError):
    """A resource could not be made; says which and why. What was made before it stays."""


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """A program that has been deployed."""

    exports: Mapping[str, Any]
    """Plain data; numbers are floats."""
    resources: int
    seconds: float


def deploy(
    program: Program,
    *,
    endpoint: str,
    stack: StackConfig,
    progress: Progress = _silent,
    session: boto3.Session | None = None,
) -> Deployment:
    """Creates all of the program's resources. There is no state: each call creates them anew.

    The session's role is the one that deploys; by default the emulator's root does.
    """
    started = time.perf_counter()
    with closing(LocalCloud(Lifecycle(endpoint, session), stack, progress)) as cloud:
        exports = run_program(
            program,
            project=stack.project,
            stack=stack.stack,
            monitor=mocks.MockMonitor(cloud),
            config=stack.values,
            secrets=sorted(stack.secrets),
        )
    return Deployment(
        exports=exports, resources=cloud.created, seconds=time.perf_counter() - started
    )


class LocalCloud(mocks.Mocks):
    """What Pulumi asks for in place of its engine: look-ups and resources."""

    def __init__(self, resources: Lifecycle, stack: StackConfig, progress: Progress) -> None:
        self.created = 0
        self._resources, self._stack, self._progress = resources, stack, progress
        self._provider_regions: dict[str, str] = {}
        self._lock = threading.Lock()

    def close(self) -> None:
        self._resources.close()

    def call(self, args: mocks.MockCallArgs) -> Any:  # a tuple, as declared, fails in Pulumi 3.272
        asked: Inputs = cast("Any", args).args
        try:
            return look_up(args.token, asked, self._stack.region)
        except LookupError as error:
            raise DeployError(str(error)) from error

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, Inputs]:
        if args.resource_id:
            raise DeployError(
                f"{args.typ} {args.name!r} is to be read as {args.resource_id!r}, "
                "and the local cloud holds only what the program itself makes"
            )
        inputs: Inputs = plain(cast("Any", args).inputs)
        if not args.custom:
            return None, inputs
        if args.typ == PROVIDER:
            self._provider_regions[args.name] = inputs.get("region", self._stack.region)
            return args.name, inputs
        started = time.perf_counter()
        try:
            made = self._make(args, inputs)
        except Exception as error:
            raise DeployError(
                f"{args.typ} {args.name!r} could not be made: {type(error).__name__}: {error}"
            ) from error
        with self._lock:
            self.created += 1
        self._progress(args.typ, args.name, time.perf_counter() - started)
        return made

    def _make(self, args: mocks.MockResourceArgs, inputs: Inputs) -> tuple[str, Inputs]:
        # Names are distinct between the stacks of one cloud, and the same each time.
        seed = f"{self._stack.project}/{self._stack.stack}/{args.name}".encode()
        region = self._region(args, inputs)
        return self._resources.create(args.typ, args.name, inputs, region, seed)

    def _region(self, args: mocks.MockResourceArgs, inputs: Mapping[str, Any]) -> str:
        """The resource's own region, its provider's, or the stack's; in this order."""
        if own := inputs.get("region"):
            return own
        urn, _, _ = (args.provider or "").rpartition("::")  # of `urn::id`
        return self._provider_regions.get(urn.rpartition("::")[2], self._stack.region)
