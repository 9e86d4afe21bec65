"""Serves the checkout page on this machine, as strictly as a page with payments should be."""

import functools
import json
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PAGE = Path(__file__).parents[1] / "page"
CLIENT = Path(__file__).parents[3] / "dashboard" / "client"
CLIENT_PREFIX = "/client/"
CONFIG_PATH = "/config.json"


class PageServer(ThreadingHTTPServer):
    """On a free loopback port. `publish_config` has to be called before the page is opened."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), functools.partial(_Handler, directory=str(PAGE)))
        self.config: Mapping[str, str] = {}

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def publish_config(self, config: Mapping[str, str]) -> None:
        """Where the page finds the API, the socket and the sign-in."""
        self.config = config


@contextmanager
def page_server() -> Generator[PageServer]:
    with PageServer() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class _Handler(SimpleHTTPRequestHandler):
    server: PageServer  # pyright: ignore[reportIncompatibleVariableOverride] - narrowed to this server

    def do_GET(self) -> None:
        if urlsplit(self.path).path == CONFIG_PATH:
            self._send_config()
        else:
            super().do_GET()

    def translate_path(self, path: str) -> str:
        """The browser client is the platform's; everything else is the page's own."""
        asked = urlsplit(path).path
        if not asked.startswith(CLIENT_PREFIX):
            return super().translate_path(path)
        relative = super().translate_path("/" + asked.removeprefix(CLIENT_PREFIX))
        return str(CLIENT / Path(relative).relative_to(PAGE))

    def end_headers(self) -> None:
        for name, value in self._headers().items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
        """The console belongs to the transcript."""

    def _send_config(self) -> None:
        body = json.dumps(self.server.config).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _headers(self) -> Mapping[str, str]:
        addresses = map(urlsplit, self.server.config.values())
        origins = sorted({f"{a.scheme}://{a.netloc}" for a in addresses if a.scheme})
        policy = {
            "default-src": "'none'",
            "script-src": "'self'",
            "style-src": "'self'",
            "img-src": "'self'",
            "connect-src": " ".join(["'self'", *origins]),
            "base-uri": "'none'",
            "form-action": "'none'",
            "frame-ancestors": "'none'",
            "require-trusted-types-for": "'script'",
            "trusted-types": "'none'",
        }
        return {
            "Content-Security-Policy": "; ".join(f"{k} {v}" for k, v in policy.items()),
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-cache",
        }
