import pytest

from handlers.shortener.visits import Visit, is_person, visit

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0"
FACEBOOK_APP = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0) Mobile/21A329 [FBAN/FBIOS;FBAV/470.0]"


@pytest.mark.parametrize("agent", [FIREFOX, FACEBOOK_APP, "curl/8.5.0", ""])
def test_a_get_of_a_browser_or_a_program_is_a_click(agent: str) -> None:
    assert visit("GET", {"user-agent": agent}) is Visit.CLICK


def test_a_request_without_headers_is_a_click() -> None:
    assert visit("GET", {}) is Visit.CLICK


def test_a_head_is_no_click() -> None:
    assert visit("HEAD", {"user-agent": FIREFOX}) is Visit.HEAD


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("sec-purpose", "prefetch"),
        ("sec-purpose", "prefetch;prerender"),
        ("sec-purpose", "prefetch;anonymous-client-ip"),
        ("purpose", "prefetch"),
        ("x-moz", "Prefetch"),
        ("x-purpose", "preview"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_page_that_a_browser_loads_ahead_is_no_click(
    method: str, header: str, value: str
) -> None:
    assert visit(method, {"user-agent": FIREFOX, header: value}) is Visit.SPECULATION


@pytest.mark.parametrize(
    "agent",
    [
        "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
        "Twitterbot/1.0",
        "WhatsApp/2.23.20.0 A",
        "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
        "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
        "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)",
        "TelegramBot (like TwitterBot)",
        "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5",
    ],
)
def test_a_link_that_a_messenger_unfolds_is_a_preview(agent: str) -> None:
    assert visit("GET", {"user-agent": agent}) is Visit.PREVIEW


@pytest.mark.parametrize(
    ("accept", "person"),
    [
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", True),
        ("*/*", False),
        ("application/json", False),
        (None, False),
    ],
)
def test_a_page_is_for_a_request_that_accepts_html(accept: str | None, *, person: bool) -> None:
    assert is_person({} if accept is None else {"accept": accept}) is person
