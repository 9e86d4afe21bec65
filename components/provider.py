"""The provider behind `pulumi package add`: every component of the package, for every language.

Pulumi's own host gives a component a plain dict and buries a refusal under a stack trace; this one
gives it its arguments' class, and tells a refusal by its property.
"""

import importlib
import inspect
import pkgutil
import sys
from collections.abc import Mapping
from typing import Any, NoReturn

import pulumi
from pulumi.provider import main
from pulumi.provider.experimental.component import ComponentProvider
from pulumi.provider.provider import ConstructResult
from pulumi.provider.server import ComponentInitError

from .provider_arguments import Arguments
from .version import VERSION

NAME = "realtime"


def components() -> list[type[pulumi.ComponentResource]]:
    """Every component of the package, in whichever module."""
    package = importlib.import_module(__name__.rpartition(".")[0])
    found: set[type[pulumi.ComponentResource]] = set()
    for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        module = importlib.import_module(info.name)
        classes = (value for value in vars(module).values() if inspect.isclass(value))
        found |= {one for one in classes if issubclass(one, pulumi.ComponentResource)}
    found.discard(pulumi.ComponentResource)
    return sorted(found, key=lambda one: one.__name__)


class Provider(ComponentProvider):
    def __init__(self) -> None:
        offered = components()
        super().__init__(offered, NAME, version=VERSION)
        self._arguments = {
            one.__name__: inspect.get_annotations(one.__init__)["args"] for one in offered
        }

    def map_inputs(self, inputs: Any, component_def: Any) -> Any:
        arguments = Arguments()
        built = arguments.build(self._arguments[component_def.name], inputs)
        if arguments.refusals:
            _refuse(component_def.name, arguments.refusals)
        return built

    def construct(
        self,
        name: str,
        resource_type: str,
        inputs: Mapping[str, Any],
        options: pulumi.ResourceOptions | None = None,
    ) -> ConstructResult:
        try:
            return super().construct(name, resource_type, inputs, options)
        except ComponentInitError as error:
            if isinstance(error.inner, ValueError):  # the arguments of a part refuse what is given
                _refuse(resource_type.rpartition(":")[2], [("", str(error.inner))])
            if isinstance(error.inner, pulumi.RunError):
                raise error.inner from error
            raise


def _refuse(component: str, refusals: list[tuple[str, str]]) -> NoReturn:
    sentences = "; ".join(f"{path} {reason}".lstrip() for path, reason in refusals)
    raise pulumi.InputPropertiesError(
        f"{component} cannot be made: {sentences}",
        [{"property_path": path, "reason": reason} for path, reason in refusals],
    )


def serve() -> None:
    """Answers Pulumi's engine until it ends this process."""
    main(Provider(), sys.argv[1:])
