"""The mock engine behind a socket, for programs and providers that run in a process of their own.

What a test asserts on is the same plain `Deployment` as of a program in the test's own process.
"""

import json
import select
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime import rpc
from pulumi.runtime.proto import (
    callback_pb2,
    callback_pb2_grpc,
    engine_pb2_grpc,
    provider_pb2,
    provider_pb2_grpc,
    resource_pb2,
    resource_pb2_grpc,
)

from localcloud.runner import plain, threads_with_loops
from tests.infra.harness import Cloud, Deployment, Monitor

START_SECONDS = 120
CALL_SECONDS = 120


class TransformingMonitor(Monitor):
    """Asks the transforms of a resource, of the components around it and of the stack, in turn."""

    def __init__(self, cloud: Cloud, deployment: Deployment) -> None:
        super().__init__(cloud, deployment)
        self._of_stack: list[Any] = []
        self._of: dict[str, list[Any]] = {}

    def RegisterStackTransform(self, request: Any) -> Any:  # noqa: N802 - Pulumi's name
        self._of_stack.append(request)
        return empty_pb2.Empty()

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - Pulumi's name
        inherited = [*request.transforms, *self._of.get(request.parent, [])]
        for callback in [*inherited, *self._of_stack]:
            request.object.CopyFrom(_transformed(callback, request))
        response = super().RegisterResource(request)
        self._of[response.urn] = inherited
        return response


def _transformed(callback: Any, resource: Any) -> Any:
    request = resource_pb2.TransformRequest(
        type=resource.type,
        name=resource.name,
        custom=resource.custom,
        parent=resource.parent,
        properties=resource.object,
    )
    asked = callback_pb2.CallbackInvokeRequest(
        token=callback.token, request=request.SerializeToString()
    )
    with grpc.insecure_channel(callback.target) as channel:
        stub: Any = callback_pb2_grpc.CallbacksStub(channel)
        answer = stub.Invoke(asked, timeout=CALL_SECONDS)
    return resource_pb2.TransformResponse.FromString(answer.response).properties


class _Servicer(resource_pb2_grpc.ResourceMonitorServicer):
    """gRPC gives each method the request and a context; the mock monitor wants the former."""

    def __init__(self, monitor: Any) -> None:
        def adapted(name: str) -> Callable[[Any, Any], Any]:
            return lambda request, _context: getattr(monitor, name)(request)

        for name in vars(resource_pb2_grpc.ResourceMonitorServicer):
            if hasattr(monitor, name) and not name.startswith("_"):
                setattr(self, name, adapted(name))

    def SupportsFeature(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802 - Pulumi's name
        return resource_pb2.SupportsFeatureResponse(hasSupport=request.id != "outputValues")


class _Engine(engine_pb2_grpc.EngineServicer):
    def Log(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802 - Pulumi's name
        return empty_pb2.Empty()


@contextmanager
def engine(
    *, preview: bool = False, cloud: Cloud | None = None
) -> Generator[tuple[str, Deployment]]:
    """Its address, and what is declared to it."""
    deployment = Deployment()
    with threads_with_loops() as threads:
        server = grpc.server(threads)
        monitor = TransformingMonitor(cloud or Cloud(preview=preview), deployment)
        servicer = _Servicer(monitor)
        resource_pb2_grpc.add_ResourceMonitorServicer_to_server(servicer, server)
        engine_pb2_grpc.add_EngineServicer_to_server(_Engine(), server)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        try:
            yield f"127.0.0.1:{port}", deployment
        finally:
            server.stop(grace=None).wait()


@dataclass(frozen=True)
class ProviderProcess:
    """A provider that waits for calls, as Pulumi's engine talks to one."""

    stub: Any
    preview: bool = False

    def schema(self) -> dict[str, Any]:
        request = provider_pb2.GetSchemaRequest(version=0)
        return json.loads(self.stub.GetSchema(request, timeout=CALL_SECONDS).schema)

    def construct(
        self, type_: str, name: str, inputs: dict[str, Any], monitor: str
    ) -> dict[str, Any]:
        """The component's outputs; raises grpc.RpcError where it is refused."""
        request = provider_pb2.ConstructRequest(
            project="shop",
            stack="dev",
            monitorEndpoint=monitor,
            type=f"realtime:index:{type_}",
            name=name,
            inputs=json_format.ParseDict(inputs, struct_pb2.Struct()),
            dryRun=self.preview,
        )
        state = self.stub.Construct(request, timeout=CALL_SECONDS).state
        return plain(rpc.deserialize_properties(state, keep_unknowns=True))


# A provider, the engine that it talks to, and what is declared there.
Served = tuple[ProviderProcess, str, Deployment]


@contextmanager
def provider(
    folder: Path, engine_address: str, *, python: Path | str = sys.executable, preview: bool = False
) -> Generator[ProviderProcess]:
    """Starts the folder as Pulumi does: no module of it has a package above it."""
    command: Sequence[str] = [str(python), "-u", str(folder), engine_address]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={}, cwd=folder.anchor
    ) as process:
        try:
            with grpc.insecure_channel(f"127.0.0.1:{_port(process)}") as channel:
                yield ProviderProcess(provider_pb2_grpc.ResourceProviderStub(channel), preview)
        finally:
            process.kill()  # it would outlive this process


def _port(process: subprocess.Popen[bytes]) -> int:
    assert process.stdout
    assert process.stderr
    deadline = time.monotonic() + START_SECONDS
    readable, _, _ = select.select([process.stdout], [], [], deadline - time.monotonic())
    assert readable, f"the provider said nothing within {START_SECONDS} s"
    line = process.stdout.readline()
    assert line.strip().isdigit(), process.stderr.read().decode()
    return int(line)
