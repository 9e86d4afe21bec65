"""One browser, one local cloud with the program on it, and the dashboard in front of it."""

import itertools
import re
import runpy
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import boto3
import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from cli.dashboard_server import DashboardServer, dashboard_server, local_config
from cli.demo import with_origin
from cli.links import sign_up
from components.dashboard.files import Config
from localcloud import deploy, server, stack_config
from localcloud.command.stack import Stack
from tests.browser.outage import Proxy

ROOT = Path(__file__).parents[2]
CHROMIUM = "/usr/bin/chromium"
PASSWORD = "Browser-password-1"
TARGET = "https://target.invalid/some/where"
TIMEOUT_SECONDS = 120

_numbers = itertools.count(1)


@dataclass
class User:
    """An account, and its links by the API."""

    email: str
    http: httpx.Client

    def link(self, alias: str | None = None, target: str = TARGET) -> str:
        body = {"target": target} | ({"alias": alias} if alias else {})
        return self.http.post("/links", json=body).raise_for_status().json()["code"]

    def clicks(self, code: str) -> int:
        return self.http.get(f"/links/{code}").raise_for_status().json()["clicks"]


@dataclass
class Cloud:
    """The program, deployed; the pages reach it through `proxy` alone, the tests directly."""

    stack: Stack
    dashboard: DashboardServer
    proxy: Proxy
    endpoint: str
    """Of the sockets, by the proxy."""
    opened: list[httpx.Client] = field(default_factory=list[httpx.Client])

    @property
    def origin(self) -> str:
        return self.dashboard.origin

    @property
    def api_url(self) -> str:
        return self.stack.output("api_url")

    def user(self, email: str | None = None) -> User:
        """A new one without links."""
        email = email or f"user-{next(_numbers)}@example.com"
        token = sign_up(
            endpoint_url=cast("str", self.stack.endpoint_url),
            region=self.stack.region,
            user_pool_id=self.stack.output("user_pool_id"),
            client_id=self.stack.output("user_pool_client_id"),
            email=email,
            password=PASSWORD,
        )
        http = httpx.Client(
            base_url=self.api_url,
            headers={"authorization": f"Bearer {token}"},
            timeout=TIMEOUT_SECONDS,
        )
        self.opened.append(http)
        return User(email, http)

    def invite(self, temporary_password: str) -> str:
        """Email of a user that has to choose a password at the first sign-in."""
        email = f"user-{next(_numbers)}@example.com"
        users: Any = boto3.Session("test", "test").client(
            "cognito-idp", region_name=self.stack.region, endpoint_url=self.stack.endpoint_url
        )
        users.admin_create_user(
            UserPoolId=self.stack.output("user_pool_id"),
            Username=email,
            MessageAction="SUPPRESS",
            TemporaryPassword=temporary_password,
        )
        users.close()
        return email

    def click(self, code: str) -> None:
        assert httpx.get(f"{self.api_url}/{code}", timeout=TIMEOUT_SECONDS).status_code == 302


class Tab:
    """A page in a profile of its own, and whatever its console had to complain about."""

    def __init__(self, cloud: Cloud, context: BrowserContext) -> None:
        self.cloud, self.context = cloud, context
        self.page: Page = context.new_page()
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", lambda message: self._hear(message.text))

    def _hear(self, text: str) -> None:
        if "Content Security Policy" in text or "TrustedHTML" in text:
            self.complaints.append(text)

    def open(self, path: str) -> Page:
        self.page.goto(self.cloud.origin + path)
        return self.page

    def sign_in(self, user: User, path: str = "/") -> Page:
        page = self.open(path)
        page.get_by_label("Email").fill(user.email)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("button", name="Sign out")).to_be_visible()
        return page


@contextmanager
def running_chromium() -> Generator[Browser]:
    expect.set_options(timeout=TIMEOUT_SECONDS * 1000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def running_cloud() -> Generator[Cloud]:
    with server() as endpoint, dashboard_server() as dashboard:
        config = with_origin(stack_config(ROOT, "dev"), dashboard.origin)
        deployment = deploy(
            lambda: runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__"),
            endpoint=endpoint,
            stack=config,
        )
        direct = local_config(deployment.exports, endpoint=endpoint, region=config.region)
        proxy = Proxy(int(urlsplit(endpoint).port or 0))
        proxied = through(proxy, direct)
        dashboard.publish(proxied)
        stack = Stack("dev", config.region, deployment.exports, endpoint)
        cloud = Cloud(stack, dashboard, proxy, proxied.endpoint)
        yield cloud
        for client in cloud.opened:
            client.close()
        proxy.close()


@pytest.fixture(scope="session")
def chromium() -> Generator[Browser]:
    with running_chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def cloud() -> Generator[Cloud]:
    with running_cloud() as cloud:
        yield cloud


def through(proxy: Proxy, config: Config) -> Config:
    def moved(address: str) -> str:
        return re.sub(r"//[^/]+", f"//127.0.0.1:{proxy.port}", address, count=1)

    return replace(
        config,
        api_url=moved(config.api_url),
        endpoint=moved(config.endpoint),
        cognito_endpoint=moved(config.cognito_endpoint),
    )


@pytest.fixture
def new_tab(chromium: Browser, cloud: Cloud) -> Generator[Callable[..., Tab]]:
    """Opens a tab with the given options of the context; at the end none may have complained."""
    tabs: list[Tab] = []

    def opened(**options: Any) -> Tab:
        tabs.append(Tab(cloud, chromium.new_context(**options)))
        return tabs[-1]

    yield opened
    for tab in tabs:
        tab.context.close()
    assert [complaint for tab in tabs for complaint in tab.complaints] == []
