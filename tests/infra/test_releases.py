import copy
import dataclasses
import json
from collections.abc import Callable
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

from components.version import VERSION
from tests.infra.harness import Deployment, deploy
from tests.infra.recorded import RELEASES, deployments
from tests.infra.release_graph import REPLACING, graph, losses

RECORDED = sorted(RELEASES.glob("*.json"), key=str)
TABLE = "aws:dynamodb/table:Table"


@pytest.fixture(scope="module")
def now() -> dict[str, Deployment]:
    return deployments()


@pytest.mark.parametrize("release", RECORDED, ids=lambda path: path.stem)
def test_no_upgrade_from_a_release_deletes_or_replaces_what_holds_data_or_an_address(
    release: Any, now: dict[str, Deployment]
) -> None:
    recorded = json.loads(release.read_text())
    assert recorded.keys() == now.keys()
    for program, deployment in now.items():
        assert losses(recorded[program], deployment) == [], f"{program}, from {release.stem}"


def test_this_version_is_recorded() -> None:
    assert VERSION in {path.stem for path in RECORDED}, "run: make record"


def test_a_release_records_every_table_api_pool_and_queue(now: dict[str, Deployment]) -> None:
    for deployment in now.values():
        names = [resource.name for resource in deployment.resources]
        assert len(names) == len(set(names))
        kept = {entry["name"] for entry in graph(deployment) if "replacing" in entry}
        assert kept == {r.name for r in deployment.resources if r.type in REPLACING}
        assert any(name.endswith("-table") for name in kept)


class Store(pulumi.ComponentResource):
    """A table in a component, in ways that a later version may choose."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None, **later: Any) -> None:
        super().__init__(later.get("token", "realtime:index:Store"), name, None, opts)
        aws.dynamodb.Table(
            f"{name}-{later.get('part', 'table')}",
            hash_key=later.get("hash_key", "PK"),
            billing_mode=later.get("billing_mode", "PAY_PER_REQUEST"),
            attributes=[{"name": "PK", "type": "S"}],
            opts=pulumi.ResourceOptions(
                parent=later.get("parent", self), aliases=later.get("table_aliases")
            ),
        )
        self.register_outputs({})


def within(opts: pulumi.ResourceOptions | None = None, **later: Any) -> Callable[[], object]:
    def program() -> None:
        region = pulumi.ComponentResource("realtime:index:Region", "eu", None)
        merged = pulumi.ResourceOptions.merge(pulumi.ResourceOptions(parent=region), opts)
        Store("links", merged, **later)

    return program


def aliased(*aliases: pulumi.Alias | str) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions(aliases=list(aliases))


def upgraded(program: Callable[[], object]) -> list[str]:
    return losses(graph(deploy(lambda: Store("links"))), deploy(program))


URN = f"urn:pulumi:dev::realtime::realtime:index:Store${TABLE}::links-table"
HARMLESS: dict[str, Callable[[], object]] = {
    "nothing": lambda: Store("links"),
    "a setting that AWS changes in place": lambda: Store("links", billing_mode="PROVISIONED"),
    "a component's name": lambda: Store("urls", aliased(pulumi.Alias(name="links"))),
    "a component's class": lambda: Store(
        "links", aliased(pulumi.Alias(type_="realtime:index:Store")), token="realtime:index:Links"
    ),
    "a part's name": lambda: Store(
        "links", part="rows", table_aliases=[pulumi.Alias(name="links-table")]
    ),
    "a part's place, by its address": lambda: Store(
        "links", parent=pulumi.ROOT_STACK_RESOURCE, table_aliases=[URN]
    ),
    "a component's place": within(aliased(pulumi.Alias(parent=pulumi.ROOT_STACK_RESOURCE))),
}
HARMFUL: dict[str, Callable[[], object]] = {
    "a component's name": lambda: Store("urls"),
    "a component's class": lambda: Store("links", token="realtime:index:Links"),
    "a part's name": lambda: Store("links", part="rows"),
    "a part's place": lambda: Store("links", parent=pulumi.ROOT_STACK_RESOURCE),
    "a component's place": within(),
    "the wrong alias": lambda: Store("urls", aliased(pulumi.Alias(name="shop"))),
    "everything": lambda: None,
}


@pytest.mark.parametrize("change", HARMLESS)
def test_what_keeps_its_address_or_has_an_alias_is_kept(change: str) -> None:
    assert upgraded(HARMLESS[change]) == []


@pytest.mark.parametrize("change", HARMFUL)
def test_a_change_of_address_without_an_alias_is_a_loss(change: str) -> None:
    assert upgraded(HARMFUL[change]) == [
        "links-table would be deleted: give what it is now an alias"
    ]


def test_a_change_that_aws_cannot_make_in_place_is_a_loss() -> None:
    assert upgraded(lambda: Store("links", hash_key="SK")) == [
        "links-table would be replaced: {'hashKey': 'PK'} became {'hashKey': 'SK'}"
    ]


def test_a_table_of_the_package_that_is_renamed_is_noticed(now: dict[str, Deployment]) -> None:
    renamed = copy.copy(now["consumer"])
    renamed.resources = [
        dataclasses.replace(resource, name="realtime-data")
        if resource.name == "realtime-rows-table"
        else resource
        for resource in renamed.resources
    ]
    (loss,) = losses(graph(now["consumer"]), renamed)
    assert loss.startswith("realtime-rows-table would be deleted")
