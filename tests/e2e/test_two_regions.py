"""One program in two regions of the local cloud: each counts and shows its own clicks."""

import asyncio
import json
import runpy
from dataclasses import replace
from typing import Any

import pytest
import websockets

from cli.links import LinkApi
from localcloud import StackConfig, deploy, stack_config
from tests.e2e.conftest import ROOT, Cloud, Stack

PRIMARY, SECONDARY = "eu-west-1", "eu-central-2"
FRAME_SECONDS = 120
ALIAS = "samecode"


def two_regions() -> StackConfig:
    """dev's plan at primary, and less of it in a small region."""
    config = replace(stack_config(ROOT, "dev"), stack="regions")
    plan = json.loads(config.values["realtime:regions"])[PRIMARY]
    push = {"postsPerSecond": 1_000, "minIntervalMs": 200}
    plans = {PRIMARY: plan, SECONDARY: {**plan, "push": push}}
    return replace(config, values={**config.values, "realtime:regions": json.dumps(plans)})


@pytest.fixture(scope="module")
def stacks(cloud: Cloud) -> dict[str, Stack]:
    """By region: the same stack, seen from each."""
    config = two_regions()
    deployment = deploy(
        lambda: runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__"),
        endpoint=cloud.endpoint,
        stack=config,
    )
    return {
        region: Stack(
            cloud, replace(config, values={**config.values, "aws:region": region}), exports
        )
        for region, exports in deployment.exports["regions"].items()
    }


async def clicked(stack: Stack, clicks: int) -> list[int]:
    """The numbers that a watcher of the region's own link is shown."""
    async with LinkApi(stack.exports["api_url"], stack.token) as links:
        code = (await links.create("https://example.com/", alias=ALIAS)).code
        async with websockets.connect(stack.watch_url(code)) as watcher:
            shown: list[int] = []
            for expected in range(1, clicks + 1):
                assert await links.click(code) == 302
                while not shown or shown[-1] < expected:
                    frame = await asyncio.wait_for(watcher.recv(), FRAME_SECONDS)
                    shown.append(json.loads(frame)["clicks"])
            return shown


def test_each_region_counts_and_shows_its_own_clicks(stacks: dict[str, Stack]) -> None:
    async def both() -> tuple[list[int], list[int]]:
        return await asyncio.gather(clicked(stacks[PRIMARY], 1), clicked(stacks[SECONDARY], 3))

    primary, secondary = asyncio.run(both())
    assert set(primary) == {1}
    assert list(dict.fromkeys(secondary)) == [1, 2, 3]


def test_each_region_has_its_parts_and_none_of_the_others(stacks: dict[str, Stack]) -> None:
    def found(stack: Stack) -> dict[str, Any]:
        tables = stack.client("dynamodb").list_tables()["TableNames"]
        pages = stack.client("lambda").get_paginator("list_functions").paginate()
        apis = stack.client("apigatewayv2").get_apis()["Items"]
        return {
            "tables": set(tables),
            "functions": {f["FunctionArn"] for page in pages for f in page["Functions"]},
            "apis": {api["ApiId"] for api in apis},
        }

    primary, secondary = found(stacks[PRIMARY]), found(stacks[SECONDARY])
    assert not primary["tables"] & secondary["tables"]
    assert not primary["apis"] & secondary["apis"]
    assert stacks[SECONDARY].exports["links_table"] in secondary["tables"]
    assert stacks[PRIMARY].exports["links_table"] in primary["tables"]
    assert secondary["functions"]
    assert all(f":{SECONDARY}:" in arn for arn in secondary["functions"])
