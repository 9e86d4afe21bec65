"""Pulumi's provider protocol: checks, compares, makes, changes, reads and deletes resources.

https://pulumi-developer-docs.readthedocs.io/latest/docs/_generated/proto/provider.html
"""

# ruff: noqa: N802, ARG002 - the protocol names the methods and what they get

import os
from collections.abc import Generator
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from ..lifecycle import Lifecycle, reason, row
from ..lookups import look_up
from ..names import NameTooLong
from ..recipes.recipe import Row
from .plan import changes, difference, give_name
from .properties import Bag, changed, copy, data, put, put_unknown, replaced, updated

GLOBAL = ("aws:iam/", "aws:cloudfront/", "aws:route53/")
"""Services whose resources are in no region."""

Context = grpc.ServicerContext


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """One process serves all of a program's AWS providers, each over a connection of its own."""

    def __init__(self, resources: Lifecycle) -> None:
        self._resources = resources
        self._regions: dict[str, str] = {}
        """By the address of the connection that configured the provider."""

    def GetPluginInfo(self, request: Any, context: Context) -> Any:
        """The engine asks for the version that the program's own package is of."""
        return plugin_pb2.PluginInfo(version=version("pulumi-aws"))

    def Attach(self, request: Any, context: Context) -> Any:
        return empty_pb2.Empty()

    def Cancel(self, request: Any, context: Context) -> Any:
        return empty_pb2.Empty()

    def CheckConfig(self, request: Any, context: Context) -> Any:
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: Context) -> Any:
        """Another region replaces no provider: each resource sees for itself that it moves."""
        names = set(changed(request.old_inputs, request.news))
        return difference(Row(), request.old_inputs, request.news, names - {"region"})

    def Configure(self, request: Any, context: Context) -> Any:
        with _told(context, "configuring the AWS provider"):
            region = data(request.args).get("region")
            if not region:
                raise ValueError("aws:region must be set, and is not")
            self._regions[context.peer()] = region
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def Invoke(self, request: Any, context: Context) -> Any:
        answer = Bag()
        with _told(context, "looking up"):
            put(answer, look_up(request.tok, data(request.args), self._regions[context.peer()]))
        response = provider_pb2.InvokeResponse()
        getattr(response, "return").CopyFrom(answer)
        return response

    def Check(self, request: Any, context: Context) -> Any:
        inputs = copy(request.news)
        with _told(context, _what("checking", request)):
            rule = row(_type(request)).name
            if rule is None:
                return provider_pb2.CheckResponse(inputs=inputs)
            try:
                give_name(rule, _name(request), request.randomSeed, request.olds, inputs)
            except NameTooLong as error:
                failure = provider_pb2.CheckFailure(property=rule.input, reason=str(error))
                return provider_pb2.CheckResponse(inputs=inputs, failures=[failure])
        return provider_pb2.CheckResponse(inputs=inputs)

    def Diff(self, request: Any, context: Context) -> Any:
        with _told(context, _what("comparing", request)):
            names, _ = changes(row(_type(request)), request)
            was = data(request.olds).get("region")
            if was and was != self._region(data(request.news), context):
                names.add("region")
            return difference(row(_type(request)), request.old_inputs, request.news, names)

    def Create(self, request: Any, context: Context) -> Any:
        type_ = _type(request)
        with _told(context, _what("creating", request)):
            inputs, outputs = data(request.properties), copy(request.properties)
            region = self._region(inputs, context)
            if not type_.startswith(GLOBAL):
                put(outputs, {"region": region})
            rule = row(type_).name
            unplanned = {rule.input} if rule and rule.prefix in inputs else set[str]()
            if request.preview:
                for path in sorted(row(type_).outputs.keys() | row(type_).made_up | unplanned):
                    put_unknown(outputs, path)
                return provider_pb2.CreateResponse(properties=outputs)
            seed = os.urandom(8)
            id_, made = self._resources.create(type_, _name(request), inputs, region, seed)
            put(outputs, _news(made, inputs))
            return provider_pb2.CreateResponse(id=id_, properties=outputs)

    def Update(self, request: Any, context: Context) -> Any:
        type_ = _type(request)
        with _told(context, _what("updating", request)):
            names, wanted = changes(row(type_), request)
            outputs = updated(request.olds, wanted, names, row(type_).made_up)
            if not request.preview:
                state, inputs = data(request.olds), data(wanted)
                region = self._region(inputs, context)
                made = self._resources.update(
                    type_, request.id, state, inputs, frozenset(names), region
                )
                put(outputs, _news(made, state | inputs))
            return provider_pb2.UpdateResponse(properties=outputs)

    def Read(self, request: Any, context: Context) -> Any:
        with _told(context, _what("reading", request)):
            if not request.properties.fields:
                raise LookupError(
                    f"it is to be read as {request.id!r}, "
                    "and the local cloud holds only what the program itself makes"
                )
            state, inputs = data(request.properties), data(request.inputs)
            region = self._region(state, context)
            now = self._resources.read(_type(request), request.id, state, inputs, region)
            if now is None:
                return provider_pb2.ReadResponse()
            return provider_pb2.ReadResponse(
                id=request.id,
                properties=replaced(request.properties, now),
                inputs=replaced(request.inputs, now),
            )

    def Delete(self, request: Any, context: Context) -> Any:
        with _told(context, _what("deleting", request)):
            state, inputs = data(request.properties), data(request.old_inputs)
            region = self._region(state, context)
            self._resources.delete(_type(request), request.id, state, inputs, region)
        return empty_pb2.Empty()

    def _region(self, properties: dict[str, Any], context: Context) -> str:
        return properties.get("region") or self._regions[context.peer()]


def _type(request: Any) -> str:
    return request.urn.split("::")[2].rpartition("$")[2]


def _name(request: Any) -> str:
    return request.urn.split("::", 3)[3]


def _what(doing: str, request: Any) -> str:
    return f"{doing} {_type(request)} {_name(request)!r}"


def _news(made: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in made.items() if known.get(name) != value}


@contextmanager
def _told(context: Context, doing: str) -> Generator[None]:
    """Hands an error to the engine, which shows it."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - each ends the resource's deployment, not this
        context.abort(grpc.StatusCode.UNKNOWN, f"{doing}: {reason(error)}")
