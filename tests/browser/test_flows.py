"""What a person does on the dashboard, and what it says when that cannot be done."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

from playwright.sync_api import Page, expect

from tests.browser.conftest import PASSWORD, Cloud, Tab

NewTab = Callable[..., Tab]
CODE_OF_THE_EMULATOR = "654321"
"""It sends no email, and its code is always the same."""
API = re.compile(r"/links(\?|/|$)")


def shorten(page: Page, address: str, alias: str) -> None:
    page.get_by_label("Address").fill(address)
    page.get_by_label("Name").fill(alias)
    page.get_by_role("button", name="Shorten").click()


def test_a_link_is_made_copied_watched_and_deleted(cloud: Cloud, new_tab: NewTab) -> None:
    tab = new_tab(permissions=["clipboard-read", "clipboard-write"])
    page = tab.sign_in(cloud.user())
    expect(page.get_by_text("No links yet")).to_be_visible()
    shorten(page, "target.invalid/without/a/scheme", "made-here")
    row = page.locator("li[data-code=made-here]")
    expect(row).to_contain_text("target.invalid/without/a/scheme")
    expect(page.get_by_label("Address")).to_be_focused()
    expect(page.get_by_label("Address")).to_have_value("")
    short = f"{cloud.api_url.removeprefix('http://')}/made-here"
    expect(page.locator("#announcer")).to_have_text(f"{short} is ready, and copied")
    expect(row.locator(".code")).to_have_text(short)
    assert page.evaluate("navigator.clipboard.readText()") == f"{cloud.api_url}/made-here"

    page.evaluate("navigator.clipboard.writeText('')")
    row.get_by_role("button", name="Copy").click()
    expect(row.get_by_role("button")).to_contain_text("Copied")
    copied: str = page.evaluate("navigator.clipboard.readText()")
    assert copied == f"{cloud.api_url}/made-here"
    cloud.click("made-here")
    expect(row.locator("[data-clicks]")).to_have_text("1")

    row.get_by_role("link").click()
    expect(page.get_by_role("heading", name="made-here")).to_be_focused()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Keep it").click()
    expect(page.get_by_role("heading", name="made-here")).to_be_visible()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete link").click()
    expect(page.get_by_text("No links yet")).to_be_visible()
    expect(page.locator("#announcer")).to_have_text("made-here is deleted")


def test_what_is_wrong_with_a_new_link_is_said_beside_it(cloud: Cloud, new_tab: NewTab) -> None:
    user = cloud.user()
    user.link("taken-already")
    page = new_tab().sign_in(user)
    error = page.locator("#new-link-error")
    page.get_by_role("button", name="Shorten").click()
    expect(error).to_contain_text("Enter an address")
    expect(page.get_by_label("Address")).to_be_focused()
    shorten(page, "https://target.invalid/", "no spaces")
    expect(error).to_contain_text("3 to 32 letters")
    shorten(page, "https://target.invalid/", "taken-already")
    expect(error).to_contain_text("taken")
    expect(page.get_by_label("Name")).to_be_focused()


def test_a_wrong_password_is_refused_and_a_right_one_comes_back_to_the_page_asked_for(
    cloud: Cloud, new_tab: NewTab
) -> None:
    user = cloud.user()
    code = user.link()
    page = new_tab().open(f"/links/{code}")
    page.get_by_label("Email").fill(user.email)
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_have_text("The email or the password is wrong.")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=code)).to_be_visible()
    expect(page.locator(".reader")).to_have_text(user.email)


def test_an_invited_person_chooses_a_password(cloud: Cloud, new_tab: NewTab) -> None:
    email = cloud.invite("Temporary-password-1")
    page = new_tab().open("/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill("Temporary-password-1")
    page.keyboard.press("Enter")
    expect(page.get_by_label("New password")).to_be_focused()
    page.get_by_label("New password").fill("A-password-of-my-own-1")
    page.keyboard.press("Enter")
    expect(page.get_by_text("No links yet")).to_be_visible()


def test_a_reload_keeps_the_session_and_signing_out_ends_it(cloud: Cloud, new_tab: NewTab) -> None:
    page = new_tab().sign_in(cloud.user())
    page.reload()
    expect(page.get_by_text("No links yet")).to_be_visible()
    kept: list[str] = page.evaluate("Object.values(sessionStorage)")
    assert len(kept) == 1
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("You are signed out.")).to_be_visible()
    page.evaluate("token => sessionStorage.setItem('realtime.refreshToken', token)", kept[0])
    page.reload()
    expect(page.get_by_text("Your session has ended.")).to_be_visible()


def test_links_come_in_pages(cloud: Cloud, new_tab: NewTab) -> None:
    user = cloud.user()
    codes = [user.link() for _ in range(21)]
    page = new_tab().sign_in(user)
    rows = page.locator("li.link")
    expect(rows).to_have_count(20)
    page.get_by_role("button", name="Next").click()
    expect(rows).to_have_count(1)
    expect(rows).to_have_attribute("data-code", codes[0])
    expect(page.get_by_role("button", name="Next")).to_be_disabled()
    page.reload()
    expect(rows).to_have_attribute("data-code", codes[0])
    rows.locator("a").click()
    expect(page.locator(".hero")).to_be_visible()
    page.go_back()
    expect(rows).to_have_attribute("data-code", codes[0])
    page.get_by_role("button", name="Previous").click()
    expect(rows).to_have_count(20)


def test_links_are_searched_and_sorted_and_the_place_is_kept(cloud: Cloud, new_tab: NewTab) -> None:
    user = cloud.user()
    for name in ("find-b", "find-a", "other"):
        user.link(name, f"https://target.invalid/{name}")
    cloud.click("find-b")
    page = new_tab().sign_in(user)
    rows = page.locator("li.link .name")
    expect(rows).to_have_text(["other", "find-a", "find-b"])
    expect(page.locator("li[data-code=find-b] [data-clicks]")).to_have_text("1")
    page.get_by_label("Order").select_option("Most clicks")
    page.get_by_label("Search the links").fill("FIND target")
    expect(rows).to_have_text(["find-b", "find-a"])
    expect(page.get_by_text("2 of 3 links")).to_be_visible()
    page.reload()
    expect(rows).to_have_text(["find-b", "find-a"])
    rows.first.click()
    page.get_by_role("link", name="Links", exact=True).click()
    expect(rows).to_have_text(["find-b", "find-a"])
    page.get_by_label("Search the links").fill("nowhere")
    expect(page.get_by_text("No link fits the search")).to_be_visible()


def test_single_keys_lead_through_the_page(cloud: Cloud, new_tab: NewTab) -> None:
    user = cloud.user()
    for name in ("key-a", "key-b"):
        user.link(name)
    tab = new_tab(permissions=["clipboard-read", "clipboard-write"])
    page = tab.sign_in(user)
    expect(page.locator("li.link")).to_have_count(2)
    for key, name in (("j", "key-b"), ("j", "key-a"), ("j", "key-a"), ("k", "key-b")):
        page.keyboard.press(key)
        expect(page.locator(f"li[data-code={name}] a")).to_be_focused()
    page.keyboard.press("y")
    expect(page.locator("#announcer")).to_contain_text("key-b copied")
    page.keyboard.press("/")
    expect(page.get_by_label("Search the links")).to_be_focused()
    page.keyboard.press("c")
    expect(page.get_by_label("Search the links")).to_have_value("c")
    page.goto(f"{cloud.origin}/links/key-a")
    expect(page.locator(".hero")).to_be_visible()
    page.keyboard.press("y")
    expect(page.locator("#announcer")).to_contain_text("key-a copied")
    page.keyboard.press("c")
    expect(page.get_by_label("Address")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Copy the short address")
    page.get_by_label("Use these keys").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(page.get_by_label("Search the links")).not_to_be_focused()


def test_a_link_has_a_qr_code_its_days_and_an_end(cloud: Cloud, new_tab: NewTab) -> None:
    page = new_tab().sign_in(cloud.user())
    page.get_by_text("More", exact=True).click()
    page.get_by_label("Expires").fill("2020-01-01T00:00")
    shorten(page, "https://target.invalid/", "ends-soon")
    expect(page.locator("#new-link-error")).to_have_text("The expiry must be in the future.")
    expect(page.get_by_label("Expires")).to_be_focused()
    page.get_by_label("Expires").fill("2999-01-01T00:00")
    page.get_by_role("button", name="Shorten").click()
    row = page.locator("li[data-code=ends-soon]")
    expect(row).to_contain_text("expires in 9")
    cloud.click("ends-soon")
    row.get_by_role("link").click()
    expect(page.locator(".hero [data-clicks]")).to_have_text("1")
    page.get_by_role("button", name="QR code").click()
    expect(page.get_by_role("img", name=f"QR code of {cloud.api_url}/ends-soon")).to_be_visible()
    with page.expect_download() as drawn:
        page.get_by_role("button", name="Download SVG").click()
    assert drawn.value.suggested_filename == "ends-soon.svg"
    assert "<svg" in drawn.value.path().read_text()
    page.get_by_role("button", name="Close").click()
    with page.expect_download() as listed:
        page.get_by_role("button", name="CSV").click()
    lines = listed.value.path().read_text().split()
    assert (lines[0], len(lines)) == ("date,clicks", 31)
    assert lines[-1] == f"{datetime.now(UTC).date()},1"


def test_the_public_page_of_no_link_says_so_and_that_of_an_unclicked_one_shows_its_number(
    cloud: Cloud, new_tab: NewTab
) -> None:
    code = cloud.user().link()
    page = new_tab().open("/watch/no-such-link")
    expect(page.get_by_role("alert")).to_have_text("There is no such link.")
    tab = new_tab()
    with tab.page.expect_response(lambda answer: answer.url == f"{cloud.api_url}/{code}") as asked:
        page = tab.open(f"/watch/{code}")
    assert asked.value.status == 302
    expect(page.locator(".status")).to_have_text("Live")
    expect(page.locator(".hero [data-clicks]")).to_have_text("0")


def test_somebody_elses_link_is_not_there(cloud: Cloud, new_tab: NewTab) -> None:
    code = cloud.user().link()
    page = new_tab().sign_in(cloud.user(), f"/links/{code}")
    expect(page.get_by_text("There is nothing here")).to_be_visible()
    page.get_by_role("link", name="All links").click()
    expect(page.get_by_text("No links yet")).to_be_visible()
    page.go_back()
    expect(page.get_by_text("There is nothing here")).to_be_visible()
