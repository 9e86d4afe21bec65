"""Programs of other teams: from the installed wheel, as the documentation has them."""

import asyncio
import re
from typing import Any

import pytest
import websockets

from tests.e2e.conftest import Cloud
from tests.e2e.test_click_to_screen import frame
from tests.engine.conftest import ROOT, First
from tests.engine.driver import Engine, Stack, program_of

PAGE = (ROOT / "docs" / "consuming.md").read_text()
FIRST, OWN_FUNCTION, HANDLER, BESIDE, _ = re.findall(
    r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL
)
ORDERS = ROOT / "examples" / "orders"


@pytest.fixture(scope="module")
def shop(engine: Engine) -> Stack:
    stack = engine.stack_of("shop", "prod", {"__main__.py": FIRST})
    assert stack.up().operations() == {"create"}
    return stack


@pytest.fixture(scope="module")
def placing(engine: Engine) -> Stack:
    packages = dict.fromkeys(["handlers/__init__.py", "handlers/orders/__init__.py"], "")
    files = {"__main__.py": OWN_FUNCTION, "handlers/orders/place.py": HANDLER, **packages}
    stack = engine.stack_of("placing", "prod", files)
    assert "place-function" in stack.up().names("create")
    return stack


def beside(engine: Engine, project: str, other: str) -> Stack:
    text = BESIDE.replace("organization/shop/prod", other)
    return engine.stack_of(project, "prod", {"__main__.py": text})


def test_a_client_of_the_pages_first_program_receives_what_the_page_publishes(
    cloud: Cloud, shop: Stack
) -> None:
    (command,) = re.findall(r"^aws sqs send-message .*?^  .*?'$", PAGE, re.MULTILINE | re.DOTALL)
    (body,) = re.findall(r"--message-body '(.*)'", command)

    async def scenario() -> dict[str, Any]:
        address = f"{shop.outputs()['endpoint']}?channel=link:first"
        async with websockets.connect(address) as client:
            cloud.client("sqs", "eu-west-1").send_message(
                QueueUrl=shop.outputs()["publish_queue_url"],
                MessageGroupId="link:first",
                MessageDeduplicationId="1",
                MessageBody=body,
            )
            return await frame(client)

    received = asyncio.run(scenario())
    assert received["hello"] == "world"
    assert (received["realtime"]["channel"], received["realtime"]["version"]) == ("link:first", 1)


def test_the_pages_programs_change_nothing_when_they_are_deployed_again(
    shop: Stack, placing: Stack
) -> None:
    assert shop.up().operations() == {"same"}
    assert placing.up().operations() == {"same"}


def test_a_stack_beside_it_reads_its_reference_and_gets_a_grant(
    engine: Engine, shop: Stack
) -> None:
    orders = beside(engine, "orders", "organization/shop/prod")
    assert {"orders", "realtime-orders-send-policy"} <= orders.up().names("create")
    queue = shop.outputs()["publish_queue_url"]
    assert orders.outputs() == {"publish_queue_url": queue}
    assert orders.up().operations() == {"read", "same"}


def test_a_stack_that_exports_no_reference_is_refused(engine: Engine, placing: Stack) -> None:
    other = f"organization/placing/{placing.pulumi.name}"
    reason, _ = beside(engine, "lost", other).refused_preview().said
    assert reason.startswith(f"Stack {other!r} must describe its RealtimeApi")
    assert reason.endswith('Add there: pulumi.export("realtime", realtime.reference)')


def test_a_stack_that_is_not_there_is_refused(engine: Engine) -> None:
    reason, _ = beside(engine, "astray", "organization/shop/staging").refused_preview().said
    assert reason == 'Preview failed: unknown stack "organization/shop/staging"'


def test_the_example_goes_up_as_announced_changes_nothing_and_is_destroyed_whole(
    engine: Engine,
) -> None:
    program = program_of(ORDERS, "infrastructure", "realtime_platform")
    first = First.of(engine, ORDERS, "dev", program)
    assert first.went_as_announced()
    assert first.announced.said == first.deployed.said == []
    assert first.stack.up().operations() == {"same"}
    assert first.stack.destroy().operations() == {"delete"}
    assert first.stack.resources() == []
