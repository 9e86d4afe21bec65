"""Asks AWS for an account's present quotas. Without credentials there is an answer all the same.

Service Quotas has been wrong about API Gateway: the answers of the services themselves come first.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from components.resources.regions import SUPPORT_CASE, regions

PATIENCE = Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 2})
SETS_NO_VALUE = "NoSuchResourceException"
"""Of a quota that was never changed: it has its default."""

Clients = Callable[[str], Any]
"""Service to its client."""


@dataclass(frozen=True, kw_only=True)
class Live:
    """`values` by the name of the quota; `problems` has a sentence for each failed question."""

    values: Mapping[str, int]
    problems: tuple[str, ...] = ()


def clients(region: str) -> Clients:
    """With the credentials that the AWS CLI would use."""
    session = boto3.Session()
    return lambda service: session.client(service, region_name=region, config=PATIENCE)


def ask(client: Clients) -> Live:
    """Reads, and changes nothing."""
    values: dict[str, int] = {}
    problems: list[str] = []
    for source, question in (
        ("Service Quotas", _service_quotas),
        ("apigateway:GetAccount", _api_gateway),
        ("lambda:GetAccountSettings", _lambda),
    ):
        try:
            answers = dict(question(client))
            problems += _disagreements(source, values, answers)
            values |= answers
        except NoCredentialsError:
            return Live(values={}, problems=("There are no AWS credentials: nothing was asked.",))
        except (BotoCoreError, ClientError) as error:
            problems.append(f"{source} could not be asked: {error}")
    return Live(values=values, problems=tuple(problems))


def _disagreements(
    source: str, known: Mapping[str, int], answers: Mapping[str, int]
) -> Iterator[str]:
    for name, value in answers.items():
        if known.get(name, value) != value:
            yield (
                f"{source} says {value:,} {regions().quotas[name].label}, Service Quotas"
                f" {known[name]:,}: the former holds."
            )


def _service_quotas(client: Clients) -> Iterator[tuple[str, int]]:
    quotas = client("service-quotas")
    for name, quota in regions().quotas.items():
        if quota.code != SUPPORT_CASE and not name.endswith("of_new_accounts"):
            yield name, int(applied(quotas, quota.service, quota.code))


def applied(client: Any, service: str, code: str) -> float:
    """The account's quotas by Service Quotas; raises `ClientError`."""
    try:
        answer = client.get_service_quota(ServiceCode=service, QuotaCode=code)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != SETS_NO_VALUE:
            raise
        answer = client.get_aws_default_service_quota(ServiceCode=service, QuotaCode=code)
    return answer["Quota"]["Value"]


def _api_gateway(client: Clients) -> Iterator[tuple[str, int]]:
    throttle = client("apigateway").get_account()["throttleSettings"]
    yield "api_requests_per_second", int(throttle["rateLimit"])
    yield "api_burst", int(throttle["burstLimit"])


def _lambda(client: Clients) -> Iterator[tuple[str, int]]:
    limit = client("lambda").get_account_settings()["AccountLimit"]
    yield "lambda_concurrency", limit["ConcurrentExecutions"]
