"""What an upgrade from a recorded release would do to what holds data or an address.

Pulumi knows a resource by its URN: the types of the components around it, and its name. Under
another URN, without an alias, it is a new resource, and the old one is deleted.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.infra.harness import Deployment, Resource

# What AWS cannot change of a thing that is there: Pulumi makes a new one, and its data is gone.
# https://www.pulumi.com/registry/packages/aws/api-docs/ says of each whether a change replaces it.
REPLACING: Mapping[str, tuple[str, ...]] = {
    "aws:dynamodb/table:Table": (
        *("name", "hashKey", "rangeKey", "localSecondaryIndexes", "region"),
        *("importTable", "restoreSourceName", "restoreSourceTableArn"),
    ),
    "aws:apigatewayv2/api:Api": ("protocolType", "region"),
    "aws:cognito/userPool:UserPool": (
        *("usernameAttributes", "aliasAttributes", "usernameConfiguration", "region"),
    ),
    "aws:cognito/userPoolClient:UserPoolClient": ("generateSecret", "region"),
    "aws:sqs/queue:Queue": ("fifoQueue", "name", "namePrefix", "region"),
}

Identity = tuple[str, str]
"""Chain of types, and name."""
Entry = Mapping[str, Any]


def graph(deployment: Deployment) -> list[Entry]:
    """Each resource by its URN's parts, with what must not change where a change replaces it."""
    by_name = {resource.name: resource for resource in deployment.resources}
    entries = (_entry(resource, by_name) for resource in deployment.resources)
    return sorted(entries, key=lambda entry: (entry["type"], entry["name"]))


def losses(release: Sequence[Entry], deployment: Deployment) -> list[str]:
    """What of the release an upgrade to this deployment would delete or replace."""
    by_name = {resource.name: resource for resource in deployment.resources}
    now = {
        identity: resource
        for resource in deployment.resources
        for identity in _identities(resource, by_name)
    }
    found: list[str] = []
    for kept in (entry for entry in release if "replacing" in entry):
        resource = now.get((kept["type"], kept["name"]))
        if resource is None:
            found.append(f"{kept['name']} would be deleted: give what it is now an alias")
        elif (fixed := _replacing(resource)) != kept["replacing"]:
            found.append(f"{kept['name']} would be replaced: {kept['replacing']} became {fixed}")
    return found


def _entry(resource: Resource, by_name: Mapping[str, Resource]) -> Entry:
    fixed = {"replacing": _replacing(resource)} if resource.type in REPLACING else {}
    chain, name = _current(resource, by_name)
    return {"type": chain, "name": name, **fixed}


def _replacing(resource: Resource) -> dict[str, Any]:
    names = REPLACING[resource.type]
    return {name: resource.inputs[name] for name in names if name in resource.inputs}


def _current(resource: Resource, by_name: Mapping[str, Resource]) -> Identity:
    if not resource.parent:
        return resource.type, resource.name
    chain, _ = _current(by_name[resource.parent], by_name)
    return f"{chain}${resource.type}", resource.name


def _identities(resource: Resource, by_name: Mapping[str, Resource]) -> Iterator[Identity]:
    """What it is and, as Pulumi's engine reckons, what it was: its own aliases and its parent's."""
    aliases: list[Mapping[str, Any]] = [{}, *(one.get("spec", one) for one in resource.former)]
    for alias in aliases:
        if "urn" in alias:
            *_, chain, name = alias["urn"].split("::")
            yield chain, name
            continue
        type_, name = alias.get("type", resource.type), alias.get("name", resource.name)
        for parent_chain, parent_name in _parents(resource, alias, by_name):
            was = _renamed_with_parent(resource, name, parent_name)
            yield f"{parent_chain}${type_}" if parent_chain else type_, was


def _parents(
    resource: Resource, alias: Mapping[str, Any], by_name: Mapping[str, Resource]
) -> Iterator[Identity]:
    if alias.get("parentUrn"):
        *_, chain, name = alias["parentUrn"].split("::")
        yield ("", "") if chain == "pulumi:pulumi:Stack" else (chain, name)
    elif alias.get("noParent") or not resource.parent:
        yield "", ""
    else:
        yield from _identities(by_name[resource.parent], by_name)


def _renamed_with_parent(resource: Resource, name: str, parent_name: str) -> str:
    """A child's name begins with its component's, so that the component's alias is the child's."""
    if name == resource.name and resource.parent and parent_name:
        return parent_name + name.removeprefix(resource.parent)
    return name
