"""Addresses as browsers and AWS take them: another spelling would be refused late, or never match.

A text that is an output is not known when the program runs, and is left to AWS.
"""

import re
from collections.abc import Iterable

import pulumi

from .arguments import InvalidArgument

_LABEL = r"(?!-)[a-z0-9-]{1,63}(?<!-)"
_PORT = "(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
_WEB_LABEL = "[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?"
_WEB_HOST = rf"(?:{_WEB_LABEL}(?:\.{_WEB_LABEL})*|\[[0-9a-f:.]+\])"

# ACM takes 64 characters in a certificate's name: https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html
# The last label is no number: `1.2.3.4` is an address.
HOST = re.compile(rf"(?=.{{1,64}}$){_LABEL}(?:\.{_LABEL})*\.(?![0-9]+$){_LABEL}")
# As a browser serialises it: without a path, and without the port that is the scheme's own.
# https://www.rfc-editor.org/rfc/rfc6454#section-6.2
WEB_ORIGIN = re.compile(
    rf"https://{_WEB_HOST}(?::(?!443$){_PORT})?|http://{_WEB_HOST}(?::(?!80$){_PORT})?"
)
# Native shells and extensions have schemes of their own; a sandboxed frame and a file send `null`.
ORIGIN = re.compile(
    rf"{WEB_ORIGIN.pattern}|(?!https?:)[a-z][a-z0-9+.-]*://[a-z0-9._-]+(?::{_PORT})?|null"
)
HOSTED_ZONE = re.compile("Z[A-Z0-9]{1,31}")
CERTIFICATE = re.compile("arn:aws[a-z-]*:acm:us-east-1:[0-9]{12}:certificate/[A-Za-z0-9-]+")

HOST_RULE = (
    "must be a host name like live.example.com, of 64 characters at most, in lower case, each of"
    " its labels 1 to 63 letters, digits and inner hyphens"
)
ORIGIN_RULE = (
    "must be origins as browsers send them, like https://app.example.com: in lower case, without a"
    " path, and without the port 443 of https or 80 of http"
)
HOSTED_ZONE_RULE = "must be the id of a Route 53 zone, like Z0123456789ABCDEFGHIJ"
CERTIFICATE_RULE = "must be the ARN of a certificate in us-east-1"


def check_origins(name: str, origins: Iterable[str] | None) -> None:
    for origin in origins or ():
        if not ORIGIN.fullmatch(origin):
            raise InvalidArgument(f"{name} {ORIGIN_RULE}, got {origin!r}.")


def check_host(name: str, host: str | None) -> None:
    if host is not None and not HOST.fullmatch(host):
        raise InvalidArgument(f"{name} {HOST_RULE}, got {host!r}: AWS takes no other.")


def check_hosted_zone(name: str, zone_id: pulumi.Input[str]) -> None:
    if isinstance(zone_id, str) and not HOSTED_ZONE.fullmatch(zone_id):
        raise InvalidArgument(f"{name} {HOSTED_ZONE_RULE}, got {zone_id!r}.")


def check_certificate(name: str, arn: pulumi.Input[str] | None) -> None:
    if isinstance(arn, str) and not CERTIFICATE.fullmatch(arn):
        raise InvalidArgument(
            f"{name} {CERTIFICATE_RULE}, got {arn!r}: CloudFront takes certificates from there."
        )
