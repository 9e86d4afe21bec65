from typing import Any

import pytest

from components import (
    ChannelRule,
    CustomDomainArgs,
    FunctionDefaults,
    HttpApiArgs,
    RealtimeApiArgs,
    ShortenerArgs,
)
from components.dashboard.hosting import DashboardArgs
from components.resources.addresses import CERTIFICATE, HOST, HOSTED_ZONE, ORIGIN, WEB_ORIGIN
from components.resources.arguments import InvalidArgument

SIXTY_FOUR = f"{'a' * 30}.{'b' * 29}.com"
DASHBOARD: dict[str, Any] = {
    "endpoint": "wss://a",
    "api_url": "https://a",
    "user_pool_client_id": "a",
    "region": "eu-west-1",
}
DOMAIN: dict[str, Any] = {
    "domain_name": "live.example.com",
    "hosted_zone_id": "Z1",
    "api_id": "a",
    "stage_name": "dev",
}
CERTIFICATE_ARN = "arn:aws:acm:us-east-1:123456789012:certificate/0123-4567"


@pytest.mark.parametrize(
    "origin",
    [
        *("https://app.example.com", "https://app.example.com:8443", "http://localhost:3000"),
        *(
            "http://127.0.0.1",
            "http://[::1]:8080",
            "https://a_b.example.com",
            "http://a.example:443",
        ),
        *("capacitor://localhost", "ionic://localhost", "tauri://localhost", "null"),
        "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
        "moz-extension://01234567-89ab-cdef-0123-456789abcdef",
    ],
)
def test_an_origin_that_a_client_sends_can_be_listed(origin: str) -> None:
    assert ORIGIN.fullmatch(origin)


@pytest.mark.parametrize(
    "origin",
    [
        *("https://app.example.com:443", "http://localhost:80", "https://app.example.com:0443"),
        *("https://app.example.com:99999", "https://app.example.com:", "https://app.example.com/"),
        *("https://...", "https://", "https://.example.com", "https://-a.example.com", "*", ""),
        *("HTTPS://app.example.com", "https://App.example.com", "app.example.com", "https://a b"),
        *("capacitor://", "capacitor://localhost/", "https://*.example.com", "NULL"),
    ],
)
def test_an_origin_that_no_client_sends_is_refused(origin: str) -> None:
    assert not ORIGIN.fullmatch(origin)


def test_cors_is_told_of_web_origins_alone() -> None:
    assert WEB_ORIGIN.fullmatch("https://app.example.com")
    assert not WEB_ORIGIN.fullmatch("capacitor://localhost")


@pytest.mark.parametrize(
    "host", ["live.example.com", "xn--bcher-kva.example", "a.1.co", SIXTY_FOUR]
)
def test_a_host_that_acm_certifies_is_taken(host: str) -> None:
    assert HOST.fullmatch(host)


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "Live.example.com", "a-.example.com", "a.-b.com", "1.2.3.4", "a..com"),
        *(f"{'a' * 64}.com", f"a{SIXTY_FOUR}", "live.example.com.", "*.example.com", ""),
        "live.customer-notifications.preproduction.platform-engineering.example.com",
    ],
)
def test_a_host_that_acm_or_dns_does_not_take_is_refused(host: str) -> None:
    assert not HOST.fullmatch(host)


def test_ids_of_zones_and_certificates_are_told_from_other_texts() -> None:
    assert HOSTED_ZONE.fullmatch("Z0123456789ABCDEFGHIJ")
    assert not any(map(HOSTED_ZONE.fullmatch, ("", "example.com", "z012", "/hostedzone/Z012")))
    assert CERTIFICATE.fullmatch(CERTIFICATE_ARN)
    assert not CERTIFICATE.fullmatch("arn:aws:acm:us-east-1:")
    assert not CERTIFICATE.fullmatch(CERTIFICATE_ARN.replace("us-east-1", "eu-west-1"))


BAD_ORIGIN: dict[str, Any] = {"allowed_origins": ["https://app.example.com:443"]}
API: dict[str, Any] = {
    "throttling_rate_limit": 1,
    "defaults": FunctionDefaults(log_retention_days=7),
}
USES: list[tuple[type, dict[str, Any]]] = [
    (
        RealtimeApiArgs,
        {
            **API,
            "stage_name": "dev",
            "channels": [ChannelRule(pattern="a", access="public", delivery="latest")],
            **BAD_ORIGIN,
        },
    ),
    (HttpApiArgs, {**API, "issuer": "https://a", "audiences": ["a"], **BAD_ORIGIN}),
    (
        ShortenerArgs,
        {
            **API,
            "links_table_name": "links",
            "links_table_arn": "arn",
            "click_policy": "{}",
            "click_environment": {},
            **BAD_ORIGIN,
        },
    ),
    (CustomDomainArgs, {**DOMAIN, "domain_name": "a-.example.com"}),
    (CustomDomainArgs, {**DOMAIN, "hosted_zone_id": ""}),
    (DashboardArgs, {**DASHBOARD, "domain_name": "1.2.3.4", "certificate_arn": CERTIFICATE_ARN}),
    (DashboardArgs, {**DASHBOARD, "domain_name": "a.example.com", "certificate_arn": "arn"}),
    (DashboardArgs, {**DASHBOARD, "watch_frame_ancestors": ["https://a.example:443"]}),
]


@pytest.mark.parametrize(("arguments", "given"), USES)
def test_each_argument_that_is_an_address_is_checked(
    arguments: type, given: dict[str, Any]
) -> None:
    with pytest.raises(InvalidArgument, match="must be"):
        arguments(**given)
