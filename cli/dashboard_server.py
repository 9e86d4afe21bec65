"""Serves the dashboard on this machine as CloudFront serves it: same files, rewrites and headers.

It listens before the cloud is deployed, because the deployment has to know its origin, and answers
503 until it is told where the cloud is.
"""

import gzip
import hashlib
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatch
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from components.dashboard import files


@dataclass(frozen=True, kw_only=True)
class _Content:
    body: bytes
    compressed: bytes
    content_type: str
    etag: str


@dataclass(frozen=True, kw_only=True)
class _Site:
    """All that is served; replaced as a whole, so that no request sees half of it."""

    hosting: files.Hosting
    contents: Mapping[str, _Content]
    app_headers: Mapping[str, str]
    watch_headers: Mapping[str, str]

    def headers(self, path: str) -> Mapping[str, str]:
        """CloudFront too decides by the path that was asked for, before it is rewritten."""
        return self.watch_headers if fnmatch(path, self.hosting.watch_paths) else self.app_headers


class DashboardServer(ThreadingHTTPServer):
    """The dashboard at `origin`, once `publish` has said for which cloud."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.origin = f"http://127.0.0.1:{self.server_address[1]}"
        self.site: _Site | None = None

    def publish(self, config: files.Config) -> None:
        """Reads the files: a later edit is served after the next call."""
        hosting = files.hosting(files.FOLDER)
        contents = {
            f"/{file.key}": _content(file.path.read_bytes(), file.content_type)
            for file in files.page_files(files.FOLDER)
        }
        contents[f"/{files.CONFIG_FILE}"] = _content(
            config.rendered().encode(), files.CONTENT_TYPES[".json"]
        )
        app = hosting.content_security_policy(connect=config.app_connects_to, ancestors=["'none'"])
        watch = hosting.content_security_policy(connect=config.watch_connects_to, ancestors=["*"])
        self.site = _Site(
            hosting=hosting,
            contents=contents,
            app_headers=_headers(hosting, app),
            watch_headers=_headers(hosting, watch),
        )


def local_config(exports: Mapping[str, Any], *, endpoint: str, region: str) -> files.Config:
    """The page's configuration for a stack on the local cloud at `endpoint`."""
    return files.Config(
        api_url=exports["api_url"],
        endpoint=exports["endpoint"],
        user_pool_client_id=exports["user_pool_client_id"],
        region=region,
        cognito_endpoint=f"{endpoint}/",
        public_url=exports["api_url"],
    )


@contextmanager
def dashboard_server() -> Generator[DashboardServer]:
    """Listens on a free loopback port for as long as the block lasts."""
    with DashboardServer() as server:
        thread = threading.Thread(target=server.serve_forever, name="dashboard", daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: DashboardServer  # pyright: ignore[reportIncompatibleVariableOverride] - as it is made

    def do_GET(self) -> None:
        site = self.server.site
        path = urlsplit(self.path).path
        if site is None:
            return self._answer(HTTPStatus.SERVICE_UNAVAILABLE, {"Retry-After": "1"}, b"")
        content = site.contents.get(site.hosting.rewritten(path))
        if content is None:
            return self._answer(HTTPStatus.NOT_FOUND, site.headers(path), b"")
        headers = {**site.headers(path), "ETag": content.etag, "Vary": "Accept-Encoding"}
        if self.headers.get("If-None-Match") == content.etag:
            return self._answer(HTTPStatus.NOT_MODIFIED, headers, b"")
        headers["Content-Type"] = content.content_type
        if "gzip" in self.headers.get("Accept-Encoding", ""):
            headers["Content-Encoding"] = "gzip"
            return self._answer(HTTPStatus.OK, headers, content.compressed)
        return self._answer(HTTPStatus.OK, headers, content.body)

    def _answer(self, status: HTTPStatus, headers: Mapping[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status is not HTTPStatus.NOT_MODIFIED:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Nothing: the terminal belongs to the demo."""


def _content(body: bytes, content_type: str) -> _Content:
    return _Content(
        body=body,
        compressed=gzip.compress(body, mtime=0),
        content_type=content_type,
        etag=f'"{hashlib.sha256(body).hexdigest()[:32]}"',
    )


def _headers(hosting: files.Hosting, policy: str) -> dict[str, str]:
    return {
        "Cache-Control": hosting.cache_control,
        "Content-Security-Policy": policy,
        "Referrer-Policy": hosting.referrer_policy,
        "Strict-Transport-Security": f"max-age={hosting.strict_transport_security_seconds}",
        "X-Content-Type-Options": "nosniff",
        **hosting.other_headers,
    }
