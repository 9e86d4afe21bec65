import http.client
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest

from examples.orders.demo.page_server import CLIENT, PAGE, PageServer, page_server

FILES = sorted(path for path in PAGE.iterdir() if path.suffix in (".html", ".js", ".css"))
HTML = (PAGE / "index.html").read_text()


class Elements(HTMLParser):
    """Every element of a page with its attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def elements() -> list[tuple[str, dict[str, str | None]]]:
    parser = Elements()
    parser.feed(HTML)
    return parser.found


@pytest.fixture
def server() -> Iterator[PageServer]:
    with page_server() as server:
        server.publish_config(
            {
                "apiUrl": "https://api.example.com/x",
                "endpoint": "wss://realtime.example.com/dev",
                "signInUrl": "https://sign-in.example.com/",
                "userPoolClientId": "client",
            }
        )
        yield server


def get(server: PageServer, path: str) -> tuple[int, http.client.HTTPMessage, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=5)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_page_names_no_other_origin(path: object) -> None:
    text = re.sub(r"http://www\.w3\.org/\S+", "", str(PAGE.joinpath(str(path)).read_text()))
    assert not re.search(r"https?:|wss?:|//[a-z0-9.-]+\.[a-z]{2,}", text)


def test_the_page_has_no_inline_code_that_a_strict_policy_would_block() -> None:
    for tag, attributes in elements():
        assert "style" not in attributes
        assert not any(name.startswith("on") for name in attributes)
        assert tag != "style"
        assert tag != "script" or attributes.get("src")
    scripts = "".join(path.read_text() for path in FILES if path.suffix == ".js")
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|\beval\(|new Function", scripts)


def test_the_page_has_every_element_that_its_scripts_ask_for() -> None:
    wanted = set(re.findall(r'element\("([a-z-]+)"\)', (PAGE / "checkout.js").read_text()))
    assert wanted <= {attributes.get("id") for _, attributes in elements()}
    assert wanted


def test_every_import_leads_to_a_file() -> None:
    for path in FILES:
        for target in re.findall(r'from "\./([^"]+)"', path.read_text()):
            folder = CLIENT.parent if target.startswith("client/") else PAGE
            assert (folder / target).is_file(), target


def test_the_page_has_words_for_every_status() -> None:
    words = (PAGE / "history.js").read_text()
    for status in ("placed", "confirmed", "refunded"):
        assert re.search(rf'^  {status}: "', words, re.MULTILINE)


def test_the_policy_lets_the_page_reach_the_shop_and_nothing_else(server: PageServer) -> None:
    status, headers, _ = get(server, "/")
    policy = dict(
        part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";")
    )
    assert status == 200
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["connect-src"].split() == [
        "'self'",
        "https://api.example.com",
        "https://sign-in.example.com",
        "wss://realtime.example.com",
    ]
    assert headers["Referrer-Policy"] == "no-referrer"


def test_the_browser_client_is_the_platforms_own(server: PageServer) -> None:
    status, headers, body = get(server, "/client/index.js")
    assert (status, body) == (200, (CLIENT / "index.js").read_bytes())
    assert "javascript" in headers["Content-Type"]


@pytest.mark.parametrize(
    "path", ["/../demo/run.py", "/client/../../pyproject.toml", "/client/%2e%2e/app.js", "/nothing"]
)
def test_the_server_serves_nothing_but_the_page(server: PageServer, path: str) -> None:
    assert get(server, path)[0] == 404


def test_the_server_tells_the_page_the_shops_addresses(server: PageServer) -> None:
    status, _, body = get(server, "/config.json")
    assert (status, json.loads(body)) == (200, server.config)
