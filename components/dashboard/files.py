"""The dashboard's files, rewrites and headers, from one data file.

Pure, so that the component and the local server cannot disagree: neither knows a header's value.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "dashboard"
HOSTING_FILE = "hosting.json"
CONFIG_FILE = "config.json"
CONTENT_TYPES: Mapping[str, str] = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}
DEVELOPMENT = frozenset({"test", "tests", "node_modules"})
"""Folders that are not part of the page."""


@dataclass(frozen=True, kw_only=True)
class PageFile:
    """A file of the page: its path below the address, and where it is kept."""

    key: str
    path: Path
    content_type: str


@dataclass(frozen=True, kw_only=True)
class Config:
    """Contents of `config.json`, whose keys are in camelCase."""

    api_url: str
    endpoint: str
    user_pool_client_id: str
    region: str
    cognito_endpoint: str
    public_url: str

    def rendered(self) -> str:
        return json.dumps(
            {
                "apiUrl": self.api_url,
                "endpoint": self.endpoint,
                "userPoolClientId": self.user_pool_client_id,
                "region": self.region,
                "cognitoEndpoint": self.cognito_endpoint,
                "publicUrl": self.public_url,
            },
            indent=2,
        )

    @property
    def app_connects_to(self) -> Sequence[str]:
        """With a slash at its end a source allows every path below it, else that one path."""
        return (f"{self.api_url.rstrip('/')}/", self.endpoint, self.cognito_endpoint)

    @property
    def watch_connects_to(self) -> Sequence[str]:
        """The socket, and the redirect, which says whether there is such a link."""
        return (self.endpoint, f"{self.public_url.rstrip('/')}/")


@dataclass(frozen=True, kw_only=True)
class Hosting:
    """How the files are served."""

    rewrites: Sequence[tuple[str, str]]
    """Pattern of a path, and the file that is served for it. Patterns mean the same to
    JavaScript's and to Python's engine; the first that is found decides."""
    watch_paths: str
    """CloudFront's pattern of the public pages."""
    cache_control: str
    strict_transport_security_seconds: int
    referrer_policy: str
    other_headers: Mapping[str, str]
    _policy: Mapping[str, str]

    def content_security_policy(self, *, connect: Sequence[str], ancestors: Sequence[str]) -> str:
        sources = {"{connect}": " ".join(connect), "{ancestors}": " ".join(ancestors)}
        text = "; ".join(f"{directive} {value}" for directive, value in self._policy.items())
        for placeholder, value in sources.items():
            text = text.replace(placeholder, value)
        return text

    def rewritten(self, path: str) -> str:
        for pattern, file in self.rewrites:
            if re.search(pattern, path):
                return file
        return path

    def rewriting_function(self) -> str:
        """The same as `rewritten`, for CloudFront's runtime."""
        return (
            f"var rewrites = {json.dumps(self.rewrites)};\n"
            "function handler(event) {\n"
            "  var request = event.request;\n"
            "  for (var i = 0; i < rewrites.length; i++) {\n"
            "    if (new RegExp(rewrites[i][0]).test(request.uri)) {\n"
            "      request.uri = rewrites[i][1];\n"
            "      break;\n"
            "    }\n"
            "  }\n"
            "  return request;\n"
            "}\n"
        )


def hosting(folder: Path) -> Hosting:
    """Raises `OSError` or `KeyError` where the folder is not a dashboard."""
    data: dict[str, Any] = json.loads((folder / HOSTING_FILE).read_text())
    return Hosting(
        rewrites=tuple((pattern, file) for pattern, file in data["rewrites"]),
        watch_paths=data["watchPaths"],
        cache_control=data["cacheControl"],
        strict_transport_security_seconds=data["strictTransportSecuritySeconds"],
        referrer_policy=data["referrerPolicy"],
        other_headers=data["otherHeaders"],
        _policy=data["contentSecurityPolicy"],
    )


def page_files(folder: Path) -> Iterator[PageFile]:
    """The files that browsers may request, by key; no data, documents or tests."""
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        served = path.suffix in CONTENT_TYPES and path.suffix != ".json"
        if served and path.is_file() and not DEVELOPMENT & set(relative.parts):
            yield PageFile(
                key=relative.as_posix(), path=path, content_type=CONTENT_TYPES[path.suffix]
            )
