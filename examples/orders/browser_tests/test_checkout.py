"""The checkout page in a real browser, against the shop on the local cloud."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from examples.orders.demo import scenario
from examples.orders.demo.customer import Customer
from examples.orders.demo.page_server import page_server
from examples.orders.demo.run import customer, page_config
from examples.orders.demo.shop import TEA, Shop, deploy_shop
from localcloud import server

CHROMIUM = "/usr/bin/chromium"
TIMEOUT_MS = 120_000


@dataclass
class Site:
    shop: Shop
    origin: str


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with (
        server() as endpoint,
        page_server() as page,
        closing(deploy_shop(endpoint, page.origin)) as shop,
    ):
        page.publish_config(page_config(shop))
        yield Site(shop, page.origin)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=TIMEOUT_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def complaints() -> Iterator[list[str]]:
    """The messages on the pages' consoles, of which there must be none."""
    heard: list[str] = []
    yield heard
    assert heard == []


@pytest.fixture
def context(browser: Browser, complaints: list[str]) -> Iterator[BrowserContext]:
    context = browser.new_context()
    context.on("console", lambda message: complaints.append(message.text))
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    yield context
    context.close()


def sign_in(context: BrowserContext, site: Site, one: Customer) -> Page:
    page = context.new_page()
    page.goto(site.origin)
    page.get_by_label("Email").fill(one.email)
    page.get_by_label("Password").fill(one.password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    return page


def order(page: Page, item: str) -> None:
    page.get_by_label("Item").select_option(item)
    page.get_by_role("button", name="Place order").click()


def test_the_page_changes_the_status_of_an_order_by_itself(
    site: Site, context: BrowserContext
) -> None:
    page = sign_in(context, site, customer(site.shop, "Cora"))
    orders = page.get_by_role("listitem")
    order(page, "tea")
    expect(orders.first).to_contain_text("Confirmed")
    order(page, "teapot")
    expect(orders.first).to_contain_text("Not available after all")
    expect(orders.last).to_contain_text("Confirmed")


def test_a_page_opened_again_gets_the_decision_that_it_missed_by_the_channel(
    site: Site, context: BrowserContext
) -> None:
    cleo = customer(site.shop, "Cleo")
    page = sign_in(context, site, cleo)
    with page.expect_response("**/orders") as placed:
        order(page, TEA.name)
    order_id: str = placed.value.json()["order_id"]
    expect(page.get_by_role("listitem").first).to_contain_text("laced")
    page.close()
    with ThreadPoolExecutor(1) as thread:  # this one has the browser's event loop
        thread.submit(asyncio.run, scenario.until_published(site.shop, order_id)).result()
    context.route("**/orders/*", lambda route: route.fulfill(status=200, json={"status": "placed"}))
    page = sign_in(context, site, cleo)
    expect(page.get_by_role("listitem")).to_contain_text("Confirmed")


def test_the_page_reports_a_wrong_password_and_takes_the_right_one_next(
    site: Site, browser: Browser
) -> None:
    carl = customer(site.shop, "Carl")
    context = browser.new_context()
    page = context.new_page()
    page.goto(site.origin)
    page.get_by_label("Email").fill(carl.email)
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_have_text("The email or the password is wrong.")
    page.get_by_label("Password").fill(carl.password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    context.close()


def test_an_order_whose_answer_was_lost_is_sent_again_with_the_same_id(
    site: Site, browser: Browser
) -> None:
    context = browser.new_context()
    page = sign_in(context, site, customer(site.shop, "Cyra"))
    sent: list[str] = []
    page.on("request", lambda r: sent.append(r.post_data or "") if r.method == "POST" else None)
    page.route("**/orders", lambda route: route.abort(), times=1)
    order(page, TEA.name)
    expect(page.get_by_role("alert")).to_contain_text("cannot be reached")
    order(page, TEA.name)
    expect(page.get_by_role("listitem")).to_contain_text("Confirmed")
    ordered = [body for body in sent if "order_id" in body]
    assert len(ordered) == 2
    assert len(set(ordered)) == 1
    context.close()


def test_the_page_has_no_accessibility_violation(site: Site, context: BrowserContext) -> None:
    page = sign_in(context, site, customer(site.shop, "Cary"))
    order(page, "vase")
    expect(page.get_by_role("listitem")).to_contain_text("Not available after all")
    axe: Any = Axe()  # its annotations are incomplete
    assert axe.run(page).violations_count == 0


def test_the_page_fits_in_320_pixels_in_any_font(site: Site, browser: Browser) -> None:
    # The policy would refuse the style that spaces the letters.
    context = browser.new_context(bypass_csp=True, viewport={"width": 320, "height": 640})
    page = context.new_page()
    page.goto(site.origin)
    assert_fits(page)
    page.close()
    page = sign_in(context, site, customer(site.shop, "Cleopatra"))
    page.get_by_label("Quantity").fill("100")
    order(page, "vase")
    expect(page.get_by_role("listitem")).to_contain_text("Not available after all")
    page.route("**/orders", lambda route: route.abort())
    order(page, "piano")
    expect(page.get_by_role("alert")).to_contain_text("cannot be reached")
    assert_fits(page)
    context.close()


def assert_fits(page: Page) -> None:
    """Letters that stand half their size apart take more room than any font does."""
    for spacing in ("0", "0.5em"):
        page.add_style_tag(content=f"* {{ letter-spacing: {spacing} !important; }}")
        assert page.evaluate("document.documentElement.scrollWidth") == 320
