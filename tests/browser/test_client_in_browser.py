"""The browser client in real Chromium under a strict CSP; its server can be restarted."""

import json
import threading
import time
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve

CLIENT = Path(__file__).parents[2] / "dashboard" / "client"
PAGE = """<!doctype html><title>client</title>
<output id="clicks"></output> <output id="status"></output> <output id="shown"></output>
<script type="module" src="page.js"></script>"""
SCRIPT = """
import { connect } from "./client/index.js";
const at = (id) => document.getElementById(id);
const realtime = connect({
  url: `ws://127.0.0.1:${location.hash.slice(1)}/dev`,
  onState: (state) => { at("status").textContent = state.status; },
  timings: { retryBaseMs: 50, retryCapMs: 200, hiddenGraceMs: 100 },
});
realtime.subscribe("link:a", (value, meta) => {
  at("clicks").textContent = value.clicks;
  at("shown").textContent += `${meta.version} `;
});
"""
VISIBILITY = """
let state = "visible";
Object.defineProperty(document, "visibilityState", { get: () => state });
globalThis.turn = (next) => {
  state = next;
  document.dispatchEvent(new Event("visibilitychange"));
};
"""


class Realtime:
    """One `latest` channel on a real port."""

    def __init__(self) -> None:
        self.epoch = time.time_ns() // 1_000_000
        self.version = 0
        self.port = 0
        self.handshakes: list[str] = []
        self.connections: set[ServerConnection] = set()
        self._server: Server | None = None

    def start(self) -> None:
        self._server = serve(self._serve, "127.0.0.1", self.port)
        self.port = self._server.socket.getsockname()[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        assert self._server is not None
        self._server.shutdown()
        for connection in list(self.connections):
            connection.close(1001)

    def publish(self, times: int = 1) -> None:
        self.version += times
        for connection in list(self.connections):
            connection.send(json.dumps({**self._value(), "realtime": self._position()}))

    def _value(self) -> dict[str, Any]:
        return {"clicks": self.version}

    def _position(self) -> dict[str, Any]:
        at = time.time_ns() // 1_000_000
        return {"channel": "link:a", "epoch": self.epoch, "version": self.version, "at": at}

    def _serve(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        self.handshakes.append(connection.request.path)
        self.connections.add(connection)
        try:
            for text in connection:
                message = json.loads(text)
                about = {"event": "subscribed", "id": message["id"], "recovered": False}
                reply = {**about, **self._position(), "value": self._value()}
                connection.send(json.dumps({"realtime": reply}))
        except ConnectionClosed:
            pass
        finally:
            self.connections.discard(connection)


class Files(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the base class
        pass

    def end_headers(self) -> None:
        policy = "default-src 'none'; script-src 'self'; connect-src ws://127.0.0.1:*"
        self.send_header("Content-Security-Policy", policy)
        super().end_headers()


@pytest.fixture
def realtime() -> Iterator[Realtime]:
    server = Realtime()
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("site")
    (folder / "index.html").write_text(PAGE, "utf-8")
    (folder / "page.js").write_text(SCRIPT, "utf-8")
    (folder / "client").symlink_to(CLIENT)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Files, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture
def page(chromium: Browser, site: str, realtime: Realtime) -> Iterator[Page]:
    context = chromium.new_context()
    context.add_init_script(VISIBILITY)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    realtime.publish(3)
    page.goto(f"{site}#{realtime.port}")
    expect(page.locator("#clicks")).to_have_text("3")
    yield page
    context.close()
    assert errors == []


def test_a_number_jumps_without_a_reload(page: Page, realtime: Realtime) -> None:
    realtime.publish()
    expect(page.locator("#clicks")).to_have_text("4")
    assert realtime.handshakes == ["/dev?channel=link%3Aa"]


def test_nobody_reloads_after_the_server_was_restarted(page: Page, realtime: Realtime) -> None:
    realtime.stop()
    expect(page.locator("#status")).not_to_have_text("open")
    realtime.publish(5)
    realtime.start()
    expect(page.locator("#clicks")).to_have_text("8")
    realtime.publish()
    expect(page.locator("#clicks")).to_have_text("9")
    expect(page.locator("#shown")).to_have_text("3 8 9")


def test_a_hidden_page_has_no_socket_and_catches_up_when_shown(
    page: Page, realtime: Realtime
) -> None:
    page.evaluate("turn('hidden')")
    expect(page.locator("#status")).to_have_text("paused")
    realtime.publish(7)
    expect(page.locator("#clicks")).to_have_text("3")
    page.evaluate("turn('visible')")
    expect(page.locator("#clicks")).to_have_text("10")


def test_a_page_says_that_it_is_offline_and_comes_back(page: Page, realtime: Realtime) -> None:
    page.context.set_offline(offline=True)
    expect(page.locator("#status")).to_have_text("offline")
    realtime.publish()
    page.context.set_offline(offline=False)
    expect(page.locator("#clicks")).to_have_text("4")
    expect(page.locator("#status")).to_have_text("open")


def test_a_page_that_closes_leaves_no_connection(page: Page, realtime: Realtime) -> None:
    page.goto("about:blank")
    deadline = time.monotonic() + 10
    while realtime.connections:
        assert time.monotonic() < deadline
        threading.Event().wait(0.02)
    realtime.publish()
    assert len(realtime.handshakes) == 1
