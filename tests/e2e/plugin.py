"""Calls the local cloud's AWS provider as Pulumi's engine does, without the engine."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf import json_format, struct_pb2
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

Properties = dict[str, Any]

# https://pulumi-developer-docs.readthedocs.io/latest/architecture/types.html
SIGNATURE = "4dabf18193072939515e22adb298388d"
ASSET = "c44067f5952c0a294b673a41bacd8c17"
ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7"
SECRET = "1b47061264138c4ac30d75fd1eb44270"


def bag(values: Properties) -> struct_pb2.Struct:
    return json_format.ParseDict(values, struct_pb2.Struct())


def plain(bag: struct_pb2.Struct) -> Properties:
    return json_format.MessageToDict(bag)


def archive(code: str) -> Properties:
    """As the engine sends one, with the hash of its content."""
    asset = {SIGNATURE: ASSET, "text": code, "hash": f"asset of {code}"}
    return {SIGNATURE: ARCHIVE, "assets": {"app.py": asset}, "hash": f"archive of {code}"}


@dataclass(frozen=True)
class Resource:
    """What the engine's state has of a resource."""

    type: str
    name: str
    id: str
    inputs: Properties
    outputs: Properties

    @property
    def urn(self) -> str:
        return urn(self.type, self.name)

    @property
    def olds(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "urn": self.urn,
            "olds": bag(self.outputs),
            "old_inputs": bag(self.inputs),
        }


def planned(type_: str, inputs: Properties, region: str = "eu-west-1") -> Resource:
    """A resource of the engine's state that no cloud has."""
    return Resource(type_, "planned", "id", inputs, {**inputs, "region": region})


@dataclass(frozen=True)
class Plugin:
    stub: Any

    def check(
        self, type_: str, name: str, inputs: Properties, olds: Properties | None = None
    ) -> Any:
        request = provider_pb2.CheckRequest(
            urn=urn(type_, name), news=bag(inputs), olds=bag(olds or {}), randomSeed=b"seed"
        )
        return self.stub.Check(request)

    def preview(self, type_: str, name: str, inputs: Properties) -> Properties:
        request = provider_pb2.CreateRequest(
            urn=urn(type_, name), properties=bag(inputs), preview=True
        )
        return plain(self.stub.Create(request).properties)

    def create(self, type_: str, name: str, inputs: Properties) -> Resource:
        checked = plain(self.check(type_, name, inputs).inputs)
        request = provider_pb2.CreateRequest(urn=urn(type_, name), properties=bag(checked))
        made = self.stub.Create(request)
        return Resource(type_, name, made.id, checked, plain(made.properties))

    def diff(self, resource: Resource, news: Properties) -> Any:
        request = provider_pb2.DiffRequest(**resource.olds, news=bag(news))
        return self.stub.Diff(request)

    def update(self, resource: Resource, news: Properties, *, preview: bool = False) -> Resource:
        request = provider_pb2.UpdateRequest(**resource.olds, news=bag(news), preview=preview)
        outputs = plain(self.stub.Update(request).properties)
        return Resource(resource.type, resource.name, resource.id, news, outputs)

    def read(self, resource: Resource) -> Resource | None:
        request = provider_pb2.ReadRequest(
            id=resource.id,
            urn=resource.urn,
            properties=bag(resource.outputs),
            inputs=bag(resource.inputs),
        )
        found = self.stub.Read(request)
        if not found.id:
            return None
        inputs, outputs = plain(found.inputs), plain(found.properties)
        return Resource(resource.type, resource.name, found.id, inputs, outputs)

    def delete(self, resource: Resource) -> None:
        request = provider_pb2.DeleteRequest(
            id=resource.id,
            urn=resource.urn,
            properties=bag(resource.outputs),
            old_inputs=bag(resource.inputs),
        )
        self.stub.Delete(request)


@contextmanager
def attached(port: int, region: str) -> Generator[Plugin]:
    """A provider of its own on the plugin's process, as a program may have several."""
    with grpc.insecure_channel(
        f"127.0.0.1:{port}",
        options=[("grpc.use_local_subchannel_pool", 1)],  # a connection of its own
    ) as channel:
        stub: Any = provider_pb2_grpc.ResourceProviderStub(channel)
        args = bag({"region": region})
        stub.Configure(provider_pb2.ConfigureRequest(args=args, acceptSecrets=True))
        yield Plugin(stub)


def urn(type_: str, name: str) -> str:
    return f"urn:pulumi:dev::shop::shop:index:Shop${type_}::{name}"
