import json
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

import boto3
import pytest
from botocore.exceptions import NoCredentialsError
from botocore.stub import Stubber
from typer.testing import CliRunner

from cli import live_quotas, quotas
from cli.live_quotas import Live, ask
from cli.main import app
from components.resources.regions import SUPPORT_CASE, regions
from localcloud import stack_config

RUNNER = CliRunner()
ASKED = {
    name: quota
    for name, quota in regions().quotas.items()
    if quota.code != SUPPORT_CASE and not name.endswith("of_new_accounts")
}
DEFAULTS = regions().regions["eu-west-1"].defaults


def run(*arguments: str) -> tuple[int, str]:
    result = RUNNER.invoke(app, ["quotas", *arguments], terminal_width=200)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.output


def answered(rate: float, concurrency: int, changed: Mapping[str, float] | None = None) -> Live:
    """What is found in an account: quotas are AWS's defaults unless `changed`."""
    with ExitStack() as stubbed:
        clients = {
            service: boto3.client(
                service,
                region_name="eu-west-1",
                aws_access_key_id="test",
                aws_secret_access_key="test",
            )
            for service in ("service-quotas", "apigateway", "lambda")
        }
        stubs = {name: Stubber(client) for name, client in clients.items()}
        for name, quota in ASKED.items():
            asked = {"ServiceCode": quota.service, "QuotaCode": quota.code}
            value = (changed or {}).get(name)
            if value is None:
                stubs["service-quotas"].add_client_error(
                    "get_service_quota", "NoSuchResourceException", expected_params=asked
                )
            operation = "get_service_quota" if value else "get_aws_default_service_quota"
            found = {"Quota": {"Value": value or float(getattr(DEFAULTS, name))}}
            stubs["service-quotas"].add_response(operation, found, asked)
        throttle = {"throttleSettings": {"rateLimit": rate, "burstLimit": 5_000}}
        stubs["apigateway"].add_response("get_account", throttle)
        limit = {"AccountLimit": {"ConcurrentExecutions": concurrency}}
        stubs["lambda"].add_response("get_account_settings", limit)
        for stub in stubs.values():
            stubbed.enter_context(stub)
        return ask(clients.__getitem__)


def test_an_account_with_the_defaults_is_found_to_have_them() -> None:
    live = answered(10_000, 1_000)
    assert live.problems == ()
    assert live.values == {name: getattr(DEFAULTS, name) for name in ASKED}


def test_what_service_quotas_was_told_to_raise_is_found() -> None:
    live = answered(10_000, 1_000, {"put_events_per_second": 20_000.0})
    assert live.values["put_events_per_second"] == 20_000


def test_the_services_word_goes_before_that_of_service_quotas() -> None:
    live = answered(2_500, 10)
    assert live.values["api_requests_per_second"] == 2_500
    assert live.values["lambda_concurrency"] == 10
    assert live.problems == (
        "apigateway:GetAccount says 2,500 API requests/s, Service Quotas 10,000: the former holds.",
        "lambda:GetAccountSettings says 10 Lambda executions, Service Quotas 1,000: the former"
        " holds.",
    )


def test_what_may_not_be_asked_is_said_and_the_rest_is_asked() -> None:
    def denied(service: str) -> Any:
        client = boto3.client(
            service, region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b"
        )
        stub = Stubber(client)
        if service == "lambda":
            limit = {"AccountLimit": {"ConcurrentExecutions": 50}}
            stub.add_response("get_account_settings", limit)
        else:
            operation = "get_account" if service == "apigateway" else "get_service_quota"
            stub.add_client_error(operation, "AccessDeniedException")
        stub.activate()
        return client

    live = ask(denied)
    assert live.values == {"lambda_concurrency": 50}
    assert len(live.problems) == 2
    assert all("could not be asked" in problem for problem in live.problems)


def test_without_credentials_one_sentence_says_so() -> None:
    def nobody(_service: str) -> Any:
        raise NoCredentialsError

    live = ask(nobody)
    assert live == Live(values={}, problems=("There are no AWS credentials: nothing was asked.",))


def test_the_command_works_without_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(_service: str) -> Any:
        raise NoCredentialsError

    monkeypatch.setattr(live_quotas, "clients", lambda _region: nobody)  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType] - any region
    code, output = run("--region", "eu-west-1")
    assert code == 0
    assert "There are no AWS credentials" in output
    assert "The plan fits." in output


def test_a_live_value_below_the_default_is_what_counts() -> None:
    config = stack_config(quotas.ROOT, "prod")
    report = quotas.compare(config, "eu-central-1", Live(values={"lambda_concurrency": 10}))
    (line,) = (line for line in report.lines if not line.fits)
    assert (line.quota, line.plan, line.allowed, line.live) == ("lambda_concurrency", 135, 10, 10)
    (sentence,) = report.violations
    assert "executions at a time at most, got 135" in sentence


def test_a_stack_of_a_region_fits_it() -> None:
    code, output = run("--region", "eu-central-1", "--stack", "prod", "--offline")
    assert code == 0
    assert "moved" not in output


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_a_stack_moved_to_a_small_region_does_not_fit(stack: str) -> None:
    code, output = run("--region", "eu-south-1", "--stack", stack, "--offline")
    assert code == 1
    assert "in eu-south-1, Europe (Milan)" in output
    assert "Does not fit: realtime:regions.eu-south-1.throttle and push" in output


def test_programs_get_the_same_as_people() -> None:
    code, output = run("--region", "me-central-1", "--offline", "--json")
    found = json.loads(output)
    assert code == 1
    assert found["fits"] is False
    assert found["moved_from"] == "eu-west-1"
    lines = {line["quota"]: line for line in found["lines"]}
    assert lines.keys() == regions().quotas.keys()
    assert lines["api_requests_per_second"]["fits"] is False
    assert lines["api_requests_per_second"]["notes"]
    assert len(found["violations"]) == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--region", "eu-west-9"), "got 'eu-west-9'. There are eu-central-1"),
        (("--region", "eu-west-1", "--stack", "none"), "no stack 'none'"),
    ],
)
def test_what_there_is_nothing_to_say_about_is_refused(
    arguments: tuple[str, ...], sentence: str
) -> None:
    code, output = run(*arguments, "--offline")
    assert code == 2
    assert sentence in output
