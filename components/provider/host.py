"""The provider behind `pulumi package add`: every component of the package, for every language.

Pulumi's own host gives a component a plain dict and buries a refusal under a stack trace; this one
gives it its arguments' class, and reports an error in one sentence, in the caller's spelling.
"""

import importlib
import inspect
import pkgutil
import sys
from collections.abc import Iterable
from typing import Any, cast

import pulumi
from pulumi.provider import server
from pulumi.provider.experimental.component import ComponentProvider
from pulumi.provider.server import ComponentInitError, ProviderServicer
from pulumi.runtime.proto.provider_pb2 import ConstructRequest, ConstructResponse

from ..version import VERSION
from .arguments import Arguments
from .schema import for_generators, spelling

NAME = "realtime"


def components() -> list[type[pulumi.ComponentResource]]:
    """Every component of the package, in all of its modules."""
    package = importlib.import_module(__name__.rpartition(".provider.")[0])
    found: set[type[pulumi.ComponentResource]] = set()
    for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        module = importlib.import_module(info.name)
        classes = (value for value in vars(module).values() if inspect.isclass(value))
        # A base that leaves the constructor to its components is none itself.
        found |= {
            one
            for one in classes
            if issubclass(one, pulumi.ComponentResource)
            and "args" in inspect.get_annotations(one.__init__)
        }
    return sorted(found, key=lambda one: one.__name__)


class Provider(ComponentProvider):
    def __init__(self) -> None:
        offered = components()
        super().__init__(offered, NAME, version=VERSION)
        self._arguments = {
            one.__name__: inspect.get_annotations(one.__init__)["args"] for one in offered
        }
        defined = (*self._component_defs.values(), *self._type_defs.values())
        mappings = ("inputs_mapping", "outputs_mapping", "properties_mapping")
        self.spell = spelling(
            name
            for one in defined
            for mapping in mappings
            for name in getattr(one, mapping, dict[str, str]()).values()
        )
        self.schema = for_generators(str(self.schema), self.spell)

    def map_inputs(self, inputs: Any, component_def: Any) -> Any:
        arguments = Arguments()
        built = arguments.build(self._arguments[component_def.name], inputs)
        if arguments.refusals:
            raise self.refusal(arguments.refusals)
        return built

    def refusal(self, sentences: Iterable[str]) -> pulumi.InputPropertiesError:
        """Gives the engine no paths: it prints the values there, and panics at an unknown one."""
        said = "; ".join(self.spell(sentence).rstrip(".") for sentence in sentences)
        return pulumi.InputPropertiesError(f"{said}.", [])


class Servicer(ProviderServicer):
    """Reports a component's error, at once or when an output of another resource is known."""

    async def _construct(self, request: ConstructRequest, context: Any) -> ConstructResponse:
        try:
            return await super()._construct(request, context)  # pyright: ignore[reportUnknownMemberType] - Pulumi leaves `context` untyped
        except (ComponentInitError, pulumi.RunError) as error:
            refused = error.inner if isinstance(error, ComponentInitError) else error
            if not isinstance(refused, pulumi.RunError):
                raise
            raise cast("Provider", self.provider).refusal([str(refused)]) from error


def serve() -> None:
    """Answers Pulumi's engine until it ends this process."""
    server.ProviderServicer = Servicer  # `main` makes one of this name, and takes no other
    server.main(Provider(), sys.argv[1:])
