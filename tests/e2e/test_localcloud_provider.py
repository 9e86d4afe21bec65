from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import grpc
import pytest
from google.protobuf import json_format, struct_pb2
from pulumi.runtime import rpc
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from localcloud import aws_provider
from tests.e2e.conftest import Cloud

QUEUE = "aws:sqs/queue:Queue"
REGION = "eu-west-1"


def bag(values: dict[str, Any]) -> struct_pb2.Struct:
    return json_format.ParseDict(values, struct_pb2.Struct())


def plain(bag: struct_pb2.Struct) -> dict[str, Any]:
    return json_format.MessageToDict(bag)


@dataclass
class Engine:
    """The calls that Pulumi's engine makes of a provider, in the order in which it makes them."""

    stub: Any

    def configure(self, region: str) -> None:
        self.stub.Configure(
            provider_pb2.ConfigureRequest(args=bag({"region": region}), acceptSecrets=True)
        )

    def check(self, type_: str, name: str, inputs: dict[str, Any], olds: dict[str, Any]) -> Any:
        request = provider_pb2.CheckRequest(
            urn=urn(type_, name), news=bag(inputs), olds=bag(olds), randomSeed=b"seed"
        )
        return self.stub.Check(request)

    def create(self, type_: str, name: str, inputs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        made = self.stub.Create(
            provider_pb2.CreateRequest(urn=urn(type_, name), properties=bag(inputs))
        )
        return made.id, plain(made.properties)

    def previewed(self, type_: str, name: str, inputs: dict[str, Any]) -> dict[str, Any]:
        request = provider_pb2.CreateRequest(
            urn=urn(type_, name), properties=bag(inputs), preview=True
        )
        return plain(self.stub.Create(request).properties)

    def delete(self, type_: str, name: str, id_: str, outputs: dict[str, Any]) -> None:
        self.stub.Delete(
            provider_pb2.DeleteRequest(urn=urn(type_, name), id=id_, properties=bag(outputs))
        )

    def read(self, type_: str, name: str, id_: str, outputs: dict[str, Any]) -> Any:
        return self.stub.Read(
            provider_pb2.ReadRequest(urn=urn(type_, name), id=id_, properties=bag(outputs))
        )


def urn(type_: str, name: str) -> str:
    return f"urn:pulumi:dev::shop::shop:index:Shop${type_}::{name}"


@pytest.fixture(scope="module")
def engine(cloud: Cloud) -> Generator[Engine]:
    with (
        aws_provider(cloud.endpoint) as port,
        grpc.insecure_channel(f"127.0.0.1:{port}") as channel,
    ):
        engine = Engine(provider_pb2_grpc.ResourceProviderStub(channel))
        engine.configure(REGION)
        yield engine


def test_a_name_that_the_program_leaves_out_is_made_up_and_kept(engine: Engine) -> None:
    first = plain(engine.check(QUEUE, "jobs", {"fifoQueue": True}, {}).inputs)
    assert first["name"].startswith("jobs-")
    assert first["name"].endswith(".fifo")
    again = plain(engine.check(QUEUE, "jobs", {"delaySeconds": 1}, first).inputs)
    assert again["name"] == first["name"]


def test_a_queue_is_made_read_and_deleted(engine: Engine) -> None:
    id_, outputs = engine.create(QUEUE, "jobs", {"name": "jobs", "visibilityTimeoutSeconds": 60})
    assert outputs["arn"].endswith(f":{REGION}:000000000000:jobs")
    assert engine.read(QUEUE, "jobs", id_, outputs).id == id_
    engine.delete(QUEUE, "jobs", id_, outputs)
    assert engine.read(QUEUE, "jobs", id_, outputs).id == ""


def test_what_is_made_up_is_unknown_in_a_preview(engine: Engine) -> None:
    outputs = engine.previewed(QUEUE, "jobs", {"name": "jobs"})
    assert {name for name, value in outputs.items() if value == rpc.UNKNOWN} == {"arn", "url"}
