"""The content security policy as a browser enforces it, and what the page weighs."""

import gzip
import re
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from playwright.sync_api import Request, expect

from components.dashboard.files import FOLDER, page_files
from tests.browser.conftest import Cloud, Tab

NewTab = Callable[..., Tab]
LARGEST_BYTES = 100_000


@pytest.mark.parametrize("path", ["/", "/links/some-code", "/watch/some-code", "/app.js"])
def test_every_answer_carries_the_headers(path: str, cloud: Cloud) -> None:
    headers = httpx.get(cloud.origin + path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'; style-src 'self';" in policy
    assert "unsafe" not in policy
    ancestors = "*" if path.startswith("/watch/") else "'none'"
    assert f"frame-ancestors {ancestors};" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["strict-transport-security"].startswith("max-age=")


INJECTIONS = {
    "a script's text": "document.body.append(Object.assign(script, { text: run }))",
    "a script's child": "script.append(run); document.body.append(script)",
    "another site's script": "script.setAttribute('src', 'https://evil.invalid/x.js');"
    " document.head.append(script)",
    "markup": "document.body.innerHTML = `<img src=x onerror='${run}'>`",
    "a handler": "document.body.setAttribute('onclick', run); document.body.click()",
    "a text that is run later": "setTimeout(() => window.eval(run))",
}


@pytest.mark.parametrize("path", ["/", "/watch/some-code"])
@pytest.mark.parametrize("injection", INJECTIONS.values(), ids=INJECTIONS.keys())
def test_an_injected_script_does_not_run(path: str, injection: str, new_tab: NewTab) -> None:
    tab = new_tab()
    page = tab.open(path)
    refused: str = page.evaluate(
        f"""() => new Promise((resolve) => {{
          const script = document.createElement("script");
          const run = "window.ran = true";
          document.addEventListener("securitypolicyviolation",
            (event) => resolve(event.effectiveDirective));
          try {{ {injection} }} catch {{ /* Trusted Types refuse by an exception */ }}
        }})"""
    )
    assert refused in {
        "require-trusted-types-for",
        "script-src-elem",
        "script-src-attr",
        "script-src",
    }
    assert page.evaluate("window.ran === undefined")
    tab.complaints.clear()


def test_a_page_speaks_to_nobody_else(new_tab: NewTab) -> None:
    tab = new_tab()
    page = tab.open("/")
    with page.expect_console_message(lambda message: "connect-src" in message.text):
        sent = page.evaluate("fetch('http://127.0.0.1:9/').then(() => 'sent', (e) => e.name)")
    assert sent == "TypeError"
    tab.complaints.clear()


@contextmanager
def a_page_elsewhere(html: str) -> Generator[str]:
    """Another origin with one page; a real one, because browsers guard this machine's addresses."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its own name
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


def test_the_public_page_can_be_embedded_and_the_app_cannot(cloud: Cloud, new_tab: NewTab) -> None:
    code = cloud.user().link()
    tab = new_tab()
    frames = f'<iframe src="{cloud.origin}/watch/{code}"></iframe><iframe src="{cloud.origin}/">'
    with a_page_elsewhere(frames) as address:
        tab.page.goto(address)
        watch = tab.page.frame_locator("iframe >> nth=0")
        expect(watch.locator(".status")).to_have_text("Live")
        cloud.click(code)
        expect(watch.locator(".hero [data-clicks]")).to_have_text("1")
        app = tab.page.frame_locator("iframe >> nth=1")
        expect(app.get_by_label("Email")).to_have_count(0)
    assert any("frame-ancestors" in complaint for complaint in tab.complaints)
    tab.complaints.clear()


def test_a_file_that_has_not_changed_is_not_sent_again(cloud: Cloud) -> None:
    first = httpx.get(f"{cloud.origin}/app.js")
    assert first.headers["cache-control"] == "no-cache"
    again = httpx.get(f"{cloud.origin}/app.js", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_the_whole_page_is_under_100_kb_compressed(cloud: Cloud, new_tab: NewTab) -> None:
    tab = new_tab()
    sizes: dict[str, int] = {}

    def weigh(request: Request) -> None:
        if request.url.startswith(cloud.origin):
            sizes[request.url] = request.sizes()["responseBodySize"]

    tab.page.on("requestfinished", weigh)
    user = cloud.user()
    page = tab.sign_in(user, f"/links/{user.link()}")
    expect(page.locator(".hero")).to_be_visible()
    total = sum(sizes.values())
    print(f"\nthe signed-in page: {len(sizes)} files, {total} bytes compressed")  # noqa: T201
    everything = sum(len(gzip.compress(file.path.read_bytes())) for file in page_files(FOLDER))
    print(f"all that is uploaded: {everything} bytes compressed")  # noqa: T201
    assert 10_000 < total < LARGEST_BYTES
    assert everything < LARGEST_BYTES


def test_every_module_is_announced_so_that_none_waits_for_another() -> None:
    for page, start in (("index.html", "app.js"), ("watch.html", "watch.js")):
        text = (FOLDER / page).read_text()
        announced = re.findall(r'<link rel="modulepreload" href="/(.+?)">', text)
        assert sorted(announced) == sorted(reached(start))


def reached(start: str) -> set[str]:
    found, waiting = set[str](), [start]
    while waiting:
        module = waiting.pop()
        if module not in found:
            found.add(module)
            text = (FOLDER / module).read_text()
            folder = (FOLDER / module).parent
            imports = re.findall(r'^(?:import|export)\b[^"]*?from "(\.[^"]+)";', text, re.MULTILINE)
            waiting += [
                (folder / name).resolve().relative_to(FOLDER).as_posix() for name in imports
            ]
    return found
