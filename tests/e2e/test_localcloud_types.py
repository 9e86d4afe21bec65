"""Every type that the local cloud makes: made, changed, read and deleted over Pulumi's protocol."""

import pytest
from pulumi.runtime import rpc

from localcloud.recipes import RECIPES
from localcloud.recipes.recipe import Recipe
from tests.e2e.conftest import Cloud
from tests.e2e.lives import CASES
from tests.e2e.lives.case import World
from tests.e2e.plugin import Plugin


@pytest.fixture(scope="module")
def world(cloud: Cloud, plugin: Plugin) -> World:
    return World(cloud, plugin, CASES)


def test_every_type_that_is_made_here_is_tried_here() -> None:
    assert {type_ for type_, row in RECIPES.items() if isinstance(row, Recipe)} == CASES.keys()


@pytest.mark.parametrize("type_", CASES)
def test_a_resource_goes_through_its_life(world: World, type_: str) -> None:
    plugin, case = world.plugin, CASES[type_]
    inputs = case.inputs(world)
    planned = plugin.preview(type_, "lived", inputs)
    made = plugin.create(type_, "lived", inputs)
    unknown = {name for name, value in planned.items() if value == rpc.UNKNOWN}
    assert unknown <= made.outputs.keys()
    assert plugin.read(made) == made

    now = made
    if change := case.changed(world):
        news = made.inputs | change
        assert list(plugin.diff(made, news).replaces) == []
        now = plugin.update(made, news)
        assert plugin.read(now) == now
        found = plugin.read(made)
        assert found is not None
        seen = {name for name in change if found.inputs.get(name) == change[name]}
        assert seen == change.keys() - case.unread

    plugin.delete(now)
    assert plugin.read(now) is None
    plugin.delete(now)
