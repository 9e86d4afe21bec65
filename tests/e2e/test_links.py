"""Links on the deployed program: ends, owners, and the requests that count as clicks."""

import asyncio
import uuid

import httpx

from cli.links import LinkApi
from tests.e2e.conftest import Stack
from tests.e2e.test_click_to_screen import FRAME_SECONDS, eventually


def test_a_deleted_link_answers_410_and_its_code_is_not_given_out_again(stack: Stack) -> None:
    async def scenario() -> tuple[int, int, int, int]:
        async with LinkApi(stack.exports["api_url"], stack.token) as links:
            alias = f"promo-{uuid.uuid4().hex[:8]}"
            await links.create("https://example.com/", alias=alias)
            before = await links.click(f"{alias}x")
            deleted = await links.delete(alias)
            again = await links.attempt("https://example.com/", alias=alias)
            return before, deleted, await links.click(alias), again

    assert asyncio.run(scenario()) == (404, 204, 410, 409)


def test_links_without_a_token_or_of_somebody_else_stay_closed(stack: Stack) -> None:
    async def scenario() -> tuple[int, int, int]:
        async with (
            LinkApi(stack.exports["api_url"], stack.token) as mine,
            LinkApi(stack.exports["api_url"], stack.sign_up()) as stranger,
            LinkApi(stack.exports["api_url"], "forged") as nobody,
        ):
            code = (await mine.create("https://example.com/")).code
            return (
                await nobody.attempt("https://example.com/"),
                await stranger.delete(code),
                await mine.delete(code),
            )

    assert asyncio.run(scenario()) == (401, 404, 204)


def test_a_click_of_a_person_counts_and_a_look_of_a_machine_does_not(stack: Stack) -> None:
    url = stack.exports["api_url"]

    async def scenario() -> tuple[list[int], int, int]:
        async with (
            LinkApi(url, stack.token) as links,
            httpx.AsyncClient(timeout=FRAME_SECONDS) as browser,
        ):
            code = (await links.create("https://example.com/")).code
            looks = [
                await browser.head(f"{url}/{code}"),
                await browser.get(f"{url}/{code}", headers={"sec-purpose": "prefetch"}),
                await browser.get(f"{url}/{code}", headers={"user-agent": "Twitterbot/1.0"}),
                await browser.post(f"{url}/{code}"),
                await browser.get(f"{url}/{code}/"),
                await browser.get(f"{url}/{code.upper()}"),
            ]

            async def both_counted() -> bool:
                return (await links.read(code)).clicks >= 2

            await eventually(both_counted, "the two clicks")
            to_itself = await links.attempt(f"{url}/{code}")
            statuses = [look.status_code for look in looks]
            return statuses, (await links.read(code)).clicks, to_itself

    assert asyncio.run(scenario()) == ([302, 403, 302, 405, 302, 302], 2, 400)
