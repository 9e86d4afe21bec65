from collections.abc import Generator

import httpx
import pytest

from cli.dashboard_server import dashboard_server, local_config

EXPORTS = {
    "api_url": "http://127.0.0.1:1/_aws/execute-api/a",
    "endpoint": "ws://127.0.0.1:1/_aws/execute-api/b/dev",
    "user_pool_client_id": "client",
}


@pytest.fixture(scope="module")
def page() -> Generator[httpx.Client]:
    with dashboard_server() as dashboard:
        dashboard.publish(local_config(EXPORTS, endpoint="http://127.0.0.1:1", region="eu-west-1"))
        with httpx.Client(base_url=dashboard.origin) as client:
            yield client


def test_before_it_knows_a_cloud_it_says_to_come_back() -> None:
    with dashboard_server() as dashboard:
        answer = httpx.get(dashboard.origin)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


def test_the_page_is_told_where_the_local_cloud_is(page: httpx.Client) -> None:
    config = page.get("/config.json").json()
    assert config["cognitoEndpoint"] == "http://127.0.0.1:1/"
    assert config["endpoint"] == EXPORTS["endpoint"]


@pytest.mark.parametrize("path", ["/", "/links/abc", "/links/abc?from=mail"])
def test_the_apps_paths_get_the_app(path: str, page: httpx.Client) -> None:
    answer = page.get(path)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert '<script type="module" src="/app.js">' in answer.text
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


def test_a_public_page_may_be_embedded_and_knows_only_the_socket_and_the_redirect(
    page: httpx.Client,
) -> None:
    answer = page.get("/watch/abc")
    assert "/watch.js" in answer.text
    policy = answer.headers["content-security-policy"]
    assert "frame-ancestors *;" in policy
    assert f"connect-src 'self' {EXPORTS['endpoint']} {EXPORTS['api_url']}/;" in policy


@pytest.mark.parametrize(
    "path", ["/nothing.js", "/hosting.json", "/client/package.json", "/../pyproject.toml"]
)
def test_what_is_not_part_of_the_page_is_not_there(path: str, page: httpx.Client) -> None:
    assert page.get(path).status_code == 404


def test_a_file_is_sent_once_and_confirmed_afterwards(page: httpx.Client) -> None:
    first = page.get("/app.js")
    assert first.headers["content-encoding"] == "gzip"
    again = page.get("/app.js", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["content-security-policy"] == first.headers["content-security-policy"]
