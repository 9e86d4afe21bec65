"""Runs a Pulumi program with no cloud behind it and hands back plain data to assert on.

Every resource gets the outputs that AWS would compute. A look-up is an error: the project's program
decides everything itself, so that a preview says what an update does.
"""

import runpy
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from google.protobuf import json_format
from pulumi.runtime import mocks, rpc

from localcloud.runner import plain, run_program
from localcloud.stackfile import stack_config

ROOT = Path(__file__).parents[2]
ACCOUNT = "123456789012"
UNKNOWN = rpc.UNKNOWN

API = "aws:apigatewayv2/api:Api"
STAGE = "aws:apigatewayv2/stage:Stage"


@dataclass(frozen=True)
class Resource:
    type: str
    name: str
    parent: str
    """Name of the component it belongs to; empty at the top."""
    custom: bool
    inputs: Mapping[str, Any]
    """As the provider gets them: keys in camelCase, numbers as floats."""
    dependencies: frozenset[str]
    """Names of what it waits for, with what its inputs come from."""
    retained: bool
    protected: bool
    secrets: frozenset[str]
    """Names of the inputs that the state keeps encrypted."""
    aliases: frozenset[str]
    """Former names that the program gave it."""
    former: tuple[Mapping[str, Any], ...] = ()
    """All that the program says it was before, as Pulumi's protocol has it."""


@dataclass
class Deployment:
    resources: list[Resource] = field(default_factory=list[Resource])
    """In the order in which they were registered."""
    outputs: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    """What each component registered, by its name."""
    exports: dict[str, Any] = field(default_factory=dict[str, Any])

    def of(self, type_: str) -> list[Resource]:
        return [resource for resource in self.resources if resource.type == type_]

    def one(self, type_: str) -> Resource:
        found = self.of(type_)
        assert len(found) == 1, f"expected one {type_}, found {[r.name for r in found]}"
        return found[0]

    def named(self, name: str) -> Resource:
        found = [resource for resource in self.resources if resource.name == name]
        assert len(found) == 1, f"expected one {name}, found {[r.type for r in found]}"
        return found[0]


def deploy(
    program: Callable[[], object],
    *,
    stack: str = "dev",
    config: Mapping[str, str] | None = None,
    preview: bool = False,
    cloud: "Cloud | None" = None,
) -> Deployment:
    deployment = Deployment()
    deployment.exports = run_program(
        program,
        project="realtime",
        stack=stack,
        monitor=Monitor(cloud or Cloud(preview=preview), deployment),
        config=config or {},
        preview=preview,
    )
    return deployment


def deploy_stack(stack: str, *, preview: bool = False) -> Deployment:
    """The real program with the stack's real configuration."""
    config = stack_config(ROOT, stack)
    return deploy(
        lambda: runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__"),
        stack=stack,
        config=config.values,
        preview=preview,
    )


class Cloud(mocks.Mocks):
    def __init__(self, *, preview: bool) -> None:
        self._preview = preview

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[Any, Any], None]:
        raise AssertionError(f"the program looked up {args.token}, and may look up nothing")

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        inputs = cast("dict[str, Any]", args.inputs)  # pyright: ignore[reportUnknownMemberType] - Pulumi's dict
        if not args.custom:
            return None, inputs
        computed = _computed(args.typ, args.name, inputs)
        if self._preview:
            return None, {**dict.fromkeys(computed, UNKNOWN), **inputs}
        return f"{args.name}-id", {**computed, **inputs}


def _computed(type_: str, name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """What AWS makes up. ARNs differ by name, so that a policy on the wrong resource is seen."""
    region = inputs.get("region", "eu-west-1")
    service = type_.split(":")[1].split("/", maxsplit=1)[0]
    arn = f"arn:aws:{service}:{'' if service == 'iam' else region}:{ACCOUNT}:{name}"
    host = f"{name}.execute-api.{region}.amazonaws.com"
    computed = {"arn": arn, "name": f"{name}-0123456"}
    if type_ == API:
        scheme = "wss" if inputs["protocolType"] == "WEBSOCKET" else "https"
        execution_arn = f"arn:aws:execute-api:{region}:{ACCOUNT}:{name}"
        return computed | {"executionArn": execution_arn, "apiEndpoint": f"{scheme}://{host}"}
    if type_ == STAGE:
        return computed | {"invokeUrl": f"wss://{host}/{inputs['name']}"}
    return computed | {
        "invokeArn": f"{arn}/invocations",
        "url": f"https://sqs.{region}.amazonaws.com/{ACCOUNT}/{name}",
        "endpoint": f"cognito-idp.{region}.amazonaws.com/{name}",
    }


class Monitor(mocks.MockMonitor):
    """Pulumi registers from several threads."""

    def __init__(self, cloud: mocks.Mocks, deployment: Deployment) -> None:
        super().__init__(cloud)
        self._deployment, self._lock = deployment, threading.Lock()
        self._mock: Any = super()  # Pulumi's annotations are incomplete

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - Pulumi's name
        resource = Resource(
            type=request.type,
            name=request.name,
            parent=_name(request.parent),
            custom=request.custom,
            inputs=_inputs(request.object),
            dependencies=frozenset(_name(urn) for urn in request.dependencies),
            retained=request.retainOnDelete,
            protected=request.protect,
            secrets=_secrets(request.object),
            aliases=frozenset(alias.spec.name for alias in request.aliases),
            former=tuple(json_format.MessageToDict(alias) for alias in request.aliases),
        )
        with self._lock:
            if resource.type != "pulumi:pulumi:Stack":
                self._deployment.resources.append(resource)
        return self._mock.RegisterResource(request)

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802 - Pulumi's name
        outputs = _inputs(request.outputs)
        with self._lock:
            self._deployment.outputs[_name(request.urn)] = outputs
        return self._mock.RegisterResourceOutputs(request)


def _inputs(struct: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", plain(rpc.deserialize_properties(struct, keep_unknowns=True)))


def _secrets(struct: Any) -> frozenset[str]:
    found = rpc.deserialize_properties(struct, keep_unknowns=True)
    return frozenset(name for name, value in found.items() if rpc.is_rpc_secret(value))


def _name(urn: str) -> str:
    return "" if "pulumi:pulumi:Stack" in urn.split("::")[2:3] else urn.rpartition("::")[2]
