"""Every view for everybody: by axe-core, by keyboard, without motion and on a narrow screen."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import Cloud, Tab, User

NewTab = Callable[..., Tab]
View = Callable[[Tab, User], Page]


def sign_in(tab: Tab, _: User) -> Page:
    page = tab.open("/")
    expect(page.get_by_label("Email")).to_be_focused()
    return page


def refused_sign_in(tab: Tab, user: User) -> Page:
    page = tab.open("/")
    page.get_by_label("Email").fill(user.email)
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).not_to_be_empty()
    return page


def no_links(tab: Tab, user: User) -> Page:
    page = tab.sign_in(user)
    expect(page.get_by_text("No links yet")).to_be_visible()
    return page


def links(tab: Tab, user: User) -> Page:
    code = user.link()
    page = tab.sign_in(user)
    expect(page.locator(f"li[data-code='{code}']")).to_be_visible()
    return page


def live_link(tab: Tab, user: User) -> Page:
    code = user.link()
    page = tab.sign_in(user, f"/links/{code}")
    expect(page.locator(".status")).to_have_text("Live")
    tab.cloud.click(code)
    expect(page.locator(".events strong")).to_have_text("+1")
    return page


def deleting(tab: Tab, user: User) -> Page:
    page = tab.sign_in(user, f"/links/{user.link()}")
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    return page


def qr_code(tab: Tab, user: User) -> Page:
    page = tab.sign_in(user, f"/links/{user.link()}")
    page.get_by_role("button", name="QR code").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    return page


def keys(tab: Tab, user: User) -> Page:
    page = links(tab, user)
    page.locator("h1").press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    return page


def an_expiry(tab: Tab, user: User) -> Page:
    page = links(tab, user)
    page.get_by_text("More", exact=True).click()
    expect(page.get_by_label("Expires")).to_be_visible()
    return page


def nothing_found(tab: Tab, user: User) -> Page:
    page = links(tab, user)
    page.get_by_label("Search the links").fill("nowhere")
    expect(page.get_by_text("No link fits the search")).to_be_visible()
    return page


def forgotten_password(tab: Tab, _: User) -> Page:
    page = tab.open("/")
    page.get_by_role("button", name="Forgot password?").click()
    expect(page.get_by_role("button", name="Send the code")).to_be_visible()
    return page


def offline(tab: Tab, user: User) -> Page:
    page = live_link(tab, user)
    tab.context.set_offline(True)
    expect(page.locator("#banner")).to_be_visible()
    return page


def missing(tab: Tab, user: User) -> Page:
    page = tab.sign_in(user, "/links/no-such-link")
    expect(page.get_by_text("There is nothing here")).to_be_visible()
    return page


def public(tab: Tab, user: User) -> Page:
    page = tab.open(f"/watch/{user.link()}")
    expect(page.locator(".status")).to_have_text("Live")
    return page


LONGEST_TARGET = f"https://target.invalid/{'W' * 2048}"[:2048]
LETTER_SPACINGS = ["0", "0.5em"]
"""The wider is wider than any font: a page fits by no luck with the fonts of one machine."""
BEYOND_THE_EDGE = """() => [...document.body.querySelectorAll("*")]
  .filter((element) => element.checkVisibility() && !element.matches("svg *, .visually-hidden *"))
  .filter((element) => element.getBoundingClientRect().right > 320)
  .map((element) => `${element.tagName} ${element.className}`)"""
"""What a narrower container would cut off without a scroll bar."""

_names = itertools.count(1)

VIEWS = [
    sign_in,
    refused_sign_in,
    forgotten_password,
    no_links,
    links,
    an_expiry,
    nothing_found,
    live_link,
    deleting,
    qr_code,
    keys,
    offline,
    missing,
    public,
]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.__name__)
def test_axe_finds_nothing_wrong(view: View, scheme: str, cloud: Cloud, new_tab: NewTab) -> None:
    # Only here: axe is injected as a script, which the policy would refuse.
    tab = new_tab(bypass_csp=True, color_scheme=scheme, reduced_motion="reduce")
    axe: Any = Axe()  # it has no types
    results = axe.run(view(tab, cloud.user())).response
    assert len(results["passes"]) >= 10
    assert {violation["id"]: violation["nodes"] for violation in results["violations"]} == {}


@dataclass
class Wordy(User):
    """All text in their links is as long as it may be, and has no place to break."""

    def link(self, alias: str | None = None, target: str = LONGEST_TARGET) -> str:
        return super().link(alias or f"W{next(_names)}".ljust(32, "W"), target)


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.__name__)
def test_every_view_fits_in_320_pixels(view: View, cloud: Cloud, new_tab: NewTab) -> None:
    # Only here: the letters are spaced by a style of the test's, which the policy would refuse.
    tab = new_tab(bypass_csp=True, viewport={"width": 320, "height": 640}, reduced_motion="reduce")
    user = cloud.user()
    page = view(tab, Wordy(user.email, user.http))
    for spacing in LETTER_SPACINGS:
        page.add_style_tag(content=f"* {{ letter-spacing: {spacing} !important; }}")
        assert page.evaluate("document.documentElement.scrollWidth") == 320
        assert page.evaluate(BEYOND_THE_EDGE) == []


def test_the_keyboard_reaches_the_content_first_and_a_link_from_there(
    cloud: Cloud, new_tab: NewTab
) -> None:
    page = links(new_tab(), cloud.user())
    page.reload()
    expect(page.locator("li.link")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    for name in ("Address", "Name"):
        page.keyboard.press("Tab")
        expect(page.get_by_label(name)).to_be_focused()
    for name in ("Shorten", "More", "Search the links", "Order"):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        assert name in (focused.inner_text(), focused.get_attribute("aria-label"))
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_be_focused()
    assert page.title().endswith("Realtime links")


def test_a_dialog_gives_the_focus_back(cloud: Cloud, new_tab: NewTab) -> None:
    page = deleting(new_tab(), cloud.user())
    expect(page.get_by_role("button", name="Keep it")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Delete")).to_be_focused()


def test_numbers_are_spoken_now_and_then_and_not_on_each_click(
    cloud: Cloud, new_tab: NewTab
) -> None:
    user = cloud.user()
    code = user.link()
    page = new_tab().sign_in(user, f"/links/{code}")
    expect(page.locator(".status")).to_have_text("Live")
    page.evaluate(
        """() => {
          window.spoken = [];
          const region = document.getElementById("announcer");
          new MutationObserver(() => window.spoken.push(region.textContent))
            .observe(region, { childList: true });
        }"""
    )
    for clicks in range(1, 6):
        cloud.click(code)
        expect(page.locator(".hero [data-clicks]")).to_have_text(str(clicks))
    expect(page.locator("#announcer")).to_have_text(f"5 clicks on {code}")
    spoken: list[str] = page.evaluate("window.spoken")
    assert len(spoken) < 5


def test_nothing_moves_for_those_who_do_not_want_it(cloud: Cloud, new_tab: NewTab) -> None:
    page = live_link(new_tab(reduced_motion="reduce"), cloud.user())
    assert page.evaluate("document.getAnimations().length") == 0
    moving = live_link(new_tab(reduced_motion="no-preference"), cloud.user())
    assert moving.evaluate("document.getAnimations().length") > 0
