"""Makes, changes, reads and deletes resources of the local cloud, each by the row of its type.

Shared by threads. Nothing here knows Pulumi's engine: inputs and state are plain data.
"""

import re
import threading
from collections.abc import Mapping
from typing import Any, cast

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.model import StructureShape

from .drift import drifted
from .names import physical_name
from .paths import search
from .recipes import RECIPES
from .recipes.recipe import ACCOUNT, Accepted, Call, Created, Inputs, Recipe
from .requests import member_of, to_request

NOT_IN_REQUESTS = frozenset({"namePrefix", "region", "tagsAll"})
"""Inputs of every resource that are the provider's business, not the API's."""
GONE = re.compile("^(.*(NotFound|NoSuch|NonExistent|DoesNotExist).*|404):|was not found$")
"""In the code of an error, and in Route 53's message: the resource is not there."""


class CannotChange(ValueError):
    """The local cloud has no call for a change, which AWS may well have."""


class Protected(Exception):
    """AWS would refuse to delete the resource, and the emulator would not."""


class Lifecycle:
    """Calls the emulator at `endpoint` as the session's role; without one, with all permissions."""

    def __init__(self, endpoint: str, session: boto3.Session | None = None) -> None:
        self._endpoint = endpoint
        self._session = session or boto3.Session("test", "test")
        self._clients: dict[tuple[str, str], Any] = {}
        self._lock = threading.Lock()

    def close(self) -> None:
        for client in self._clients.values():
            client.close()

    def create(
        self, type_: str, name: str, inputs: Inputs, region: str, seed: bytes
    ) -> tuple[str, Inputs]:
        """Returns the id, and all outputs; a physical name is made up of the logical one."""
        recipe = row(type_)
        rule, physical = recipe.name, name
        if rule:
            physical = inputs.get(rule.input) or physical_name(rule, name, seed, inputs)
            inputs = inputs | {rule.input: physical}
        if isinstance(recipe, Accepted):
            scope = {"name": physical, "region": region, "account": ACCOUNT}
            return physical, inputs | _filled(recipe.outputs, scope)
        return self._create(recipe, inputs, region)

    def _create(self, recipe: Recipe, inputs: Inputs, region: str) -> tuple[str, Inputs]:
        client = self._client(recipe.service, region)
        request = _request(client, recipe, inputs)
        response = _call(client, recipe.operation, request)
        scope = {"request": request, "response": response, "region": region, "account": ACCOUNT}
        made = self._made(recipe.id.format_map(scope), request, inputs, region)
        outputs = inputs | _filled(recipe.outputs, scope)
        for name, further in recipe.after.items():
            if inputs.get(name) is not None:
                outputs |= further(client, made)
        if recipe.computed:
            outputs |= recipe.computed(client, made)
        return made.id, outputs

    def update(
        self,
        type_: str,
        id_: str,
        state: Inputs,
        inputs: Inputs,
        changed: frozenset[str],
        region: str,
    ) -> Inputs:
        """Changes these inputs from their values in the state; returns all outputs."""
        recipe = row(type_)
        kept = {name: value for name, value in state.items() if name not in changed}
        if isinstance(recipe, Accepted):
            return kept | inputs
        client = self._client(recipe.service, region)
        request = _request(client, recipe, inputs)
        own = recipe.after.keys() | recipe.changes.keys()
        if plain := changed - own - recipe.ignore - NOT_IN_REQUESTS:
            update = _update_of(client, recipe, plain, inputs)
            key = _members(client, update, _templated(recipe.key, id_, state))
            _call(client, update, _members(client, update, request) | key)
        changing = self._made(id_, request, inputs, region)
        further = {**recipe.after, **recipe.changes}
        for name in sorted(changed & own):
            kept |= further[name](client, changing)
        made_up: Mapping[str, Any] = recipe.computed(client, changing) if recipe.computed else {}
        return {**kept, **inputs, **made_up}

    def read(
        self, type_: str, id_: str, state: Inputs, inputs: Inputs, region: str
    ) -> Inputs | None:
        """The inputs that are otherwise in the cloud, as of `drifted`; None where all is gone."""
        recipe = row(type_)
        if isinstance(recipe, Accepted):
            return {}
        client = self._client(recipe.service, region)
        found = _found(client, recipe, id_, state)
        meant = {**recipe.defaults, **inputs}
        asked = {name: value for name, value in meant.items() if name not in NOT_IN_REQUESTS}
        return found and drifted(recipe, _shape(client, recipe.operation), asked, found)

    def delete(self, type_: str, id_: str, state: Inputs, inputs: Inputs, region: str) -> None:
        """A resource that is gone already counts as deleted."""
        recipe = row(type_)
        if isinstance(recipe, Accepted):
            return
        client = self._client(recipe.service, region)
        if recipe.protected and search(recipe.protected, _found(client, recipe, id_, state)):
            raise Protected(recipe.refusal)
        try:
            if isinstance(recipe.delete, Call):
                request = _asked(client, recipe, recipe.delete, id_, state)
                _call(client, recipe.delete.operation, request)
            else:
                request = _request(client, recipe, inputs)
                recipe.delete(client, self._made(id_, request, inputs, region))
        except ClientError as error:
            if not GONE.search(reason(error)):
                raise

    def _made(self, id_: str, request: Inputs, inputs: Inputs, region: str) -> Created:
        return Created(
            id=id_, endpoint=self._endpoint, region=region, inputs=inputs, request=request
        )

    def _client(self, service: str, region: str) -> Any:
        """Clients may be shared between threads; a session that makes them may not."""
        with self._lock:
            if (service, region) not in self._clients:
                self._clients[service, region] = self._session.client(
                    service,
                    region_name=region,
                    endpoint_url=self._endpoint,
                    config=Config(retries={"total_max_attempts": 1}),
                )
            return self._clients[service, region]


def row(type_: str) -> Recipe | Accepted:
    """The type's row; a LookupError lists the types that have one."""
    if type_ not in RECIPES:
        known = ", ".join(sorted(RECIPES))
        raise LookupError(f"localcloud/recipes has no row for the type; it has {known}")
    return RECIPES[type_]


def _update_of(client: Any, recipe: Recipe, changed: frozenset[str], inputs: Inputs) -> str:
    """The operation that takes these changes; raises CannotChange with the names of the others."""
    if recipe.update == recipe.operation:
        return recipe.operation  # it writes the whole resource: an input that is left out is gone
    taken = set[str]()
    if recipe.update:
        made, members = _shape(client, recipe.operation), _shape(client, recipe.update).members
        member = {name: recipe.rename.get(name) or member_of(made, name) for name in changed}
        # No member of its own: `prepare` makes others of the input, and `_members` picks from them.
        taken = {name for name in changed & inputs.keys() if member[name] in {None, *members}}
    if recipe.update is None or changed - taken:
        names = ", ".join(sorted(changed - taken))
        raise CannotChange(f"localcloud/recipes does not say how to change {names}")
    return recipe.update


def reason(error: Exception) -> str:
    """The error on one line; of AWS's errors the code and the message."""
    if isinstance(error, ClientError):
        answer = error.response.get("Error", {})
        said = f"{answer.get('Code')}: {answer.get('Message')}"
    elif isinstance(error, Protected):
        said = str(error)  # in AWS's words
    else:
        said = f"{type(error).__name__}: {error}"
    return " ".join(said.split())


def _request(client: Any, recipe: Recipe, inputs: Inputs) -> Inputs:
    left_out = recipe.ignore | recipe.after.keys() | NOT_IN_REQUESTS
    wanted = {name: value for name, value in inputs.items() if name not in left_out}
    return to_request(_shape(client, recipe.operation), recipe.prepare(wanted), recipe.rename)


def _found(client: Any, recipe: Recipe, id_: str, state: Inputs) -> Any:
    """The resource as the API shows it; None when it is gone."""
    asked = _asked(client, recipe, recipe.read, id_, state)
    try:
        answer = _call(client, recipe.read.operation, asked)
    except ClientError as error:
        if GONE.search(reason(error)):
            return None
        raise
    return search(_templated(recipe.found, id_, state), answer) or None


def _asked(client: Any, recipe: Recipe, call: Call, id_: str, state: Inputs) -> Inputs:
    state = {**recipe.defaults, **state}
    key = _members(client, call.operation, _templated(recipe.key, id_, state))
    shape = _shape(client, call.operation)
    return to_request(shape, key | _templated(call.members, id_, state), {})


def _call(client: Any, operation: str, request: Inputs) -> Any:
    methods = {operation: name for name, operation in client.meta.method_to_api_mapping.items()}
    return getattr(client, methods[operation])(**request)


def _shape(client: Any, operation: str) -> StructureShape:
    return client.meta.service_model.operation_model(operation).input_shape


def _members(client: Any, operation: str, request: Mapping[str, Any]) -> Inputs:
    """The members of the request that the operation takes."""
    taken = _shape(client, operation).members
    return {name: value for name, value in request.items() if name in taken}


def _filled(templates: Mapping[str, str], scope: Mapping[str, Any]) -> dict[str, str]:
    return {output: template.format_map(scope) for output, template in templates.items()}


def _templated(value: Any, id_: str, state: Inputs) -> Any:
    match value:
        case str():
            return value.format_map({"id": id_, "state": state})
        case Mapping():
            items = cast("Mapping[str, Any]", value).items()
            return {name: _templated(item, id_, state) for name, item in items}
        case list():
            return [_templated(item, id_, state) for item in cast("list[Any]", value)]
        case _:
            return value
