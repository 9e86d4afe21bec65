"""Asks Service Quotas for the raises in a stack's file. A person asks, a deployment never does.

Service Quotas refuses a value that the account has reached and a second request beside an open one,
so that a deployment that asked would fail: docs/adr/0014.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from components.resources.regions import regions
from components.stack.limits import Place
from components.stack.region_settings import Raise, Raised

from .live_quotas import Clients, applied

ALREADY_OPEN = "ResourceAlreadyExistsException"
"""https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_RequestServiceQuotaIncrease.html"""


@dataclass(frozen=True, kw_only=True)
class Request:
    """The outcome of the request for one quota."""

    sentence: str
    refused: bool = False


def request(client: Clients, raised: Raised, place: Place) -> Iterator[Request]:
    """Of each quota that is not granted. Safe to repeat: open and granted requests stay."""
    quotas = client("service-quotas")
    for name in Raised.model_fields:
        wanted: Raise | None = getattr(raised, name)
        if wanted and not wanted.granted:
            yield _request(quotas, name, wanted.value, place)


def _request(client: Any, name: str, value: int, place: Place) -> Request:
    quota, alias = regions().quotas[name], Raised.model_fields[name].alias
    which = {"ServiceCode": quota.service, "QuotaCode": quota.code}
    try:
        current = int(applied(client, quota.service, quota.code))
        if value <= current:
            command = place.command(f"raised.{alias}.granted", "true")
            return Request(
                sentence=f"{quota.label}: the account has {current:,}, and {value:,} were to be"
                f" asked for. Let the plan count on it: {command}"
            )
        answer = client.request_service_quota_increase(**which, DesiredValue=float(value))
    except ClientError as error:
        told = error.response.get("Error", {})
        if told.get("Code") == ALREADY_OPEN:
            return Request(
                sentence=f"{quota.label}: a request is open already, and AWS takes no second one."
            )
        return Request(
            sentence=f"{quota.label}: AWS refused to be asked for {value:,}: {told.get('Message')}",
            refused=True,
        )
    return Request(
        sentence=f"{quota.label}: {value:,} is asked for (request"
        f" {answer['RequestedQuota']['Id']}). AWS decides within days."
    )
