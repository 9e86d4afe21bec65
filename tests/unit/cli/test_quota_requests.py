import dataclasses
from contextlib import ExitStack
from typing import Any

import boto3
import pytest
from botocore.exceptions import NoCredentialsError
from botocore.stub import Stubber
from typer.testing import CliRunner

from cli import live_quotas, quotas
from cli.live_quotas import Live
from cli.main import app
from cli.quota_requests import Request, request
from components.stack.limits import Place
from components.stack.region_settings import Raise, Raised
from localcloud import StackConfig, stack_config

HERE = Place(region="eu-west-1", stack="prod")
EXECUTIONS = {"ServiceCode": "lambda", "QuotaCode": "L-B99A9384"}
ASKED = Raised(lambda_concurrency=Raise(value=5_000))
RUNNER = CliRunner()


def asked(raised: Raised, *, current: float = 1_000, error: str = "") -> list[Request]:
    """What becomes of asking an account that has `current` executions at a time."""
    client = boto3.client(
        "service-quotas", region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    stub = Stubber(client)
    stub.add_response("get_service_quota", {"Quota": {"Value": current}}, EXECUTIONS)
    if error:
        stub.add_client_error(
            "request_service_quota_increase", error, service_message="AWS says why."
        )
    else:
        stub.add_response(
            "request_service_quota_increase",
            {"RequestedQuota": {"Id": "r-1"}},
            {**EXECUTIONS, "DesiredValue": 5_000.0},
        )
    with ExitStack() as stubbed:
        stubbed.enter_context(stub)
        return list(request({"service-quotas": client}.__getitem__, raised, HERE))


def test_a_quota_that_is_not_granted_is_asked_for() -> None:
    assert asked(ASKED) == [
        Request(
            sentence="Lambda executions: 5,000 is asked for (request r-1). AWS decides within days."
        )
    ]


@pytest.mark.parametrize("current", [5_000, 30_000])
def test_an_account_that_has_the_value_is_not_asked_for_less(current: int) -> None:
    (only,) = asked(ASKED, current=current)
    assert not only.refused
    assert f"the account has {current:,}" in only.sentence
    assert "raised.lambdaConcurrency.granted' true" in only.sentence


def test_a_request_that_is_open_already_is_no_failure() -> None:
    (only,) = asked(ASKED, error="ResourceAlreadyExistsException")
    assert not only.refused
    assert "AWS takes no second one" in only.sentence


def test_another_refusal_is_told_in_the_words_of_aws() -> None:
    (only,) = asked(ASKED, error="AccessDeniedException")
    assert only.refused
    assert only.sentence == "Lambda executions: AWS refused to be asked for 5,000: AWS says why."


def test_what_is_granted_is_not_asked_for_again() -> None:
    assert asked(Raised(lambda_concurrency=Raise(value=5_000, granted=True))) == []


def run(monkeypatch: pytest.MonkeyPatch, *answers: Request) -> tuple[int, str]:
    def answering(_client: Any, _raised: Raised, _place: Place) -> list[Request]:
        return list(answers)

    monkeypatch.setattr(quotas, "request", answering)
    return invoke(monkeypatch, "--region", "eu-central-1")


def invoke(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> tuple[int, str]:
    def nobody(_region: str) -> Any:
        def client(_service: str) -> Any:
            raise NoCredentialsError

        return client

    monkeypatch.setattr(live_quotas, "clients", nobody)
    result = RUNNER.invoke(
        app, ["quotas", "--stack", "prod", "--request", *arguments], terminal_width=200
    )
    return result.exit_code, result.output


def test_the_command_says_what_became_of_each_quota(monkeypatch: pytest.MonkeyPatch) -> None:
    code, output = run(monkeypatch, Request(sentence="It is asked for."))
    assert (code, "It is asked for." in output) == (0, True)
    code, output = run(monkeypatch, Request(sentence="It is refused.", refused=True))
    assert (code, "It is refused." in output) == (1, True)
    code, output = run(monkeypatch)
    assert (code, "Nothing was asked for" in output) == (0, True)


@pytest.mark.parametrize(
    ("region", "sentence"),
    [
        ("us-east-1", "--request needs a region of stack prod, got 'us-east-1'"),
        ("eu-central-1", "There are no AWS credentials: nothing was asked for."),
    ],
)
def test_the_command_that_cannot_ask_says_so(
    region: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def raising(_root: Any, stack: str) -> StackConfig:
        return with_raise(stack)

    monkeypatch.setattr(quotas, "stack_config", raising)
    code, output = invoke(monkeypatch, "--region", region)
    assert (code, sentence in output) == (2, True)


def with_raise(stack: str) -> StackConfig:
    """The stack's own configuration, and a quota to be asked for."""
    config = stack_config(quotas.ROOT, stack)
    plans = config.values["realtime:regions"]
    raised = plans.replace(
        '"manageApiGatewayAccount"',
        '"raised": {"lambdaConcurrency": {"value": 5000}}, "manageApiGatewayAccount"',
    )
    assert raised != plans
    return dataclasses.replace(config, values={**config.values, "realtime:regions": raised})


def test_a_report_without_the_option_asks_for_nothing() -> None:
    report = quotas.compare(with_raise("prod"), "eu-central-1", Live(values={}))
    assert report.requests == ()
    (line,) = (line for line in report.lines if line.quota == "lambda_concurrency")
    assert line.raised == "5,000 not granted"
