"""Deploys a Pulumi program on the local cloud: boto3 creates each resource that it declares.

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
from pulumi.runtime import mocks, rpc

from .lifecycle import Lifecycle
from .lookups import look_up
from .recipes.recipe import Inputs
from .runner import Program, plain, run_program
from .stackfile import StackConfig
from .state import State

PROVIDER = "pulumi:providers:aws"

Progress = Callable[[str, str, float], None]
"""Called with type, name and seconds of each resource made; from several threads at once."""

Adjust = Callable[[str, Inputs], Inputs]
"""Called with type and inputs of each resource; returns the inputs to deploy in their place."""


def _silent(_type: str, _name: str, _seconds: float) -> None:
    pass


def _as_declared(_type: str, inputs: Inputs) -> Inputs:
    return inputs


class DeployError(pulumi.RunError):
    """A resource could not be made; the message names it and the reason. Earlier ones stay."""


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """A program that has been deployed."""

    exports: Mapping[str, Any]
    """Plain data; numbers are floats."""
    components: Mapping[str, Mapping[str, Any]]
    """The outputs that each component registered, by the component's name."""
    resources: int
    seconds: float


def deploy(  # noqa: PLR0913 - what the CLI would be told, each by name
    program: Program,
    *,
    endpoint: str,
    stack: StackConfig,
    progress: Progress = _silent,
    session: boto3.Session | None = None,
    state: State | None = None,
    adjust: Adjust = _as_declared,
) -> Deployment:
    """Deploys the program's resources: all of them, or the differences from the state.

    The session's role is the one that deploys; by default the emulator's root does.
    """
    started = time.perf_counter()
    resources, state = Lifecycle(endpoint, session), state or State()
    state.begin()
    with closing(LocalCloud(resources, stack, state, progress, adjust)) as cloud:
        monitor = _Monitor(cloud)
        exports = run_program(
            program,
            project=stack.project,
            stack=stack.stack,
            monitor=monitor,
            config=stack.values,
            secrets=sorted(stack.secrets),
        )
        state.finish(resources)
    return Deployment(
        exports=exports,
        components=monitor.components,
        resources=cloud.deployed,
        seconds=time.perf_counter() - started,
    )


class _Monitor(mocks.MockMonitor):
    """Pulumi's own, with the outputs of components kept."""

    def __init__(self, cloud: "LocalCloud") -> None:
        super().__init__(cloud)
        self.components: dict[str, dict[str, Any]] = {}

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802 - Pulumi's name
        name = request.urn.rpartition("::")[2]
        self.components[name] = plain(rpc.deserialize_properties(request.outputs))
        return cast("Any", super()).RegisterResourceOutputs(request)


class LocalCloud(mocks.Mocks):
    """Answers Pulumi in place of its engine: look-ups and resources."""

    def __init__(
        self,
        resources: Lifecycle,
        stack: StackConfig,
        state: State,
        progress: Progress,
        adjust: Adjust,
    ) -> None:
        self.deployed = 0
        self._resources, self._stack, self._state = resources, stack, state
        self._progress, self._adjust = progress, adjust
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
            self.deployed += 1
        self._progress(args.typ, args.name, time.perf_counter() - started)
        return made

    def _make(self, args: mocks.MockResourceArgs, inputs: Inputs) -> tuple[str, Inputs]:
        # Names are distinct between the stacks of one cloud, and the same each time.
        seed = f"{self._stack.project}/{self._stack.stack}/{args.name}".encode()
        region = self._region(args, inputs)
        inputs = self._adjust(args.typ, inputs)
        made = self._state.apply(self._resources, args.typ, args.name, inputs, region, seed)
        return made.id, made.outputs

    def _region(self, args: mocks.MockResourceArgs, inputs: Mapping[str, Any]) -> str:
        """The resource's own region, its provider's, or the stack's; in this order."""
        if own := inputs.get("region"):
            return own
        urn, _, _ = (args.provider or "").rpartition("::")  # of `urn::id`
        return self._provider_regions.get(urn.rpartition("::")[2], self._stack.region)
