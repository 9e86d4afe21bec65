"""A page whose network, session or settings fail says so, and goes on by itself."""

from playwright.sync_api import expect

from tests.browser.conftest import PASSWORD, Cloud
from tests.browser.test_flows import API, CODE_OF_THE_EMULATOR, NewTab, shorten


def test_a_failing_api_is_said_and_can_be_tried_again(cloud: Cloud, new_tab: NewTab) -> None:
    user = cloud.user()
    user.link("comes-back")
    tab = new_tab()
    tab.page.route(API, lambda route: route.fulfill(status=500, json={}))
    page = tab.sign_in(user)
    expect(page.get_by_text("This could not be loaded yet")).to_be_visible()
    tab.page.unroute(API)
    page.get_by_role("button", name="Try now").click()
    expect(page.locator("li[data-code=comes-back]")).to_be_visible()


def test_a_list_that_was_opened_without_network_fills_itself(cloud: Cloud, new_tab: NewTab) -> None:
    user = cloud.user()
    code = user.link()
    tab = new_tab()
    page = tab.sign_in(user, f"/links/{code}")
    expect(page.locator(".status")).to_have_text("Live")
    tab.context.set_offline(True)
    page.get_by_role("link", name="Links", exact=True).click()
    expect(page.get_by_text("This could not be loaded yet")).to_be_visible()
    shorten(page, "https://target.invalid/", "not-now")
    expect(page.locator("#new-link-error")).to_contain_text("cannot be reached")
    expect(page.locator("#banner")).to_contain_text("You are offline.")
    tab.context.set_offline(False)
    expect(page.locator(f"li[data-code='{code}']")).to_be_visible()
    expect(page.locator("#banner")).to_be_hidden()
    expect(page.locator(".status")).to_have_text("Live")


def test_a_page_whose_settings_did_not_load_starts_once_they_do(new_tab: NewTab) -> None:
    tab = new_tab()
    tab.page.route("**/config.json", lambda route: route.abort())
    page = tab.open("/")
    expect(page.get_by_text("The page cannot be loaded.")).to_be_visible()
    tab.page.unroute("**/config.json")
    expect(page.get_by_label("Email")).to_be_visible()


def test_a_second_tab_is_signed_in_and_signing_out_ends_both(cloud: Cloud, new_tab: NewTab) -> None:
    user = cloud.user()
    code = user.link()
    tab = new_tab()
    first = tab.sign_in(user)
    with tab.context.expect_page() as opened:
        first.locator(f"li[data-code='{code}'] a").click(modifiers=["Control"])
    second = opened.value
    expect(second.get_by_role("heading", name=code)).to_be_visible()
    assert second.evaluate("localStorage.length") == 0
    second.get_by_role("button", name="Sign out").click()
    expect(first.get_by_text("Your session has ended.")).to_be_visible()


def test_a_session_that_has_ended_comes_back_to_the_page_it_left(
    cloud: Cloud, new_tab: NewTab
) -> None:
    user = cloud.user()
    code = user.link()
    tab = new_tab()
    page = tab.sign_in(user)
    tab.page.route(API, lambda route: route.fulfill(status=401, json={"message": "Unauthorized"}))
    page.locator(f"li[data-code='{code}'] a").click()
    expect(page.get_by_text("Your session has ended.")).to_be_visible()
    tab.page.unroute(API)
    page.get_by_label("Email").fill(user.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=code)).to_be_visible()


def test_a_forgotten_password_is_replaced_by_the_code_of_an_email(
    cloud: Cloud, new_tab: NewTab
) -> None:
    user = cloud.user()
    page = new_tab().open("/")
    page.get_by_label("Email").fill(user.email)
    page.get_by_role("button", name="Forgot password?").click()
    expect(page.get_by_label("Email")).to_have_value(user.email)
    page.get_by_role("button", name="Send the code").click()
    expect(page.get_by_label("Code")).to_be_focused()
    page.get_by_label("Code").fill("000000")
    page.get_by_label("New password").fill("Another-password-1")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("The code is wrong.")
    page.get_by_label("Code").fill(CODE_OF_THE_EMULATOR)
    page.keyboard.press("Enter")
    expect(page.get_by_text("No links yet")).to_be_visible()


def test_a_page_without_network_says_so_and_catches_up(cloud: Cloud, new_tab: NewTab) -> None:
    user = cloud.user()
    code = user.link()
    tab = new_tab()
    page = tab.sign_in(user, f"/links/{code}")
    expect(page.locator(".status")).to_have_text("Live")
    tab.context.set_offline(True)
    expect(page.locator("#banner")).to_contain_text("You are offline.")
    cloud.click(code)
    tab.context.set_offline(False)
    expect(page.locator(".hero [data-clicks]")).to_have_text("1")
    expect(page.locator("#banner")).to_be_hidden()
