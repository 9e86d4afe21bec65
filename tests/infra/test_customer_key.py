import json
from typing import Any

import pytest

from components.resources.customer_key import CustomerKey, CustomerKeyArgs
from tests.infra.harness import ACCOUNT, deploy

Statement = dict[str, Any]


@pytest.fixture(scope="module")
def statements() -> list[Statement]:
    arguments = CustomerKeyArgs(account_id=ACCOUNT, region="eu-west-1")
    key = deploy(lambda: CustomerKey("data", arguments)).one("aws:kms/key:Key")
    assert key.inputs["enableKeyRotation"] is True
    assert key.inputs["region"] == "eu-west-1"
    return json.loads(key.inputs["policy"])["Statement"]


def of_service(statements: list[Statement], service: str) -> Statement:
    (found,) = [s for s in statements if s["Principal"].get("Service") == service]
    return found


@pytest.mark.parametrize(
    ("service", "source"),
    [
        ("cloudwatch.amazonaws.com", f"arn:aws:cloudwatch:eu-west-1:{ACCOUNT}:alarm:*"),
        ("sns.amazonaws.com", f"arn:aws:sns:eu-west-1:{ACCOUNT}:*"),
    ],
)
def test_a_service_that_acts_by_itself_may_use_it_for_this_account_only(
    statements: list[Statement], service: str, source: str
) -> None:
    statement = of_service(statements, service)
    assert set(statement["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey"}
    assert statement["Condition"] == {
        "ArnLike": {"aws:SourceArn": source},
        "StringEquals": {"aws:SourceAccount": ACCOUNT},
    }


def test_logs_may_use_it_for_the_log_groups_of_this_account(statements: list[Statement]) -> None:
    statement = of_service(statements, "logs.eu-west-1.amazonaws.com")
    context = f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:*"
    assert statement["Condition"] == {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": context}}


def test_eventbridge_may_use_it_on_no_condition_that_it_could_fail(
    statements: list[Statement],
) -> None:
    statement = of_service(statements, "events.amazonaws.com")
    assert set(statement["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey"}
    assert "Condition" not in statement


def test_roles_use_it_through_the_services_that_hold_the_data(statements: list[Statement]) -> None:
    roles, grants = [s for s in statements if s["Principal"] == {"AWS": "*"}]
    for statement in (roles, grants):
        assert statement["Condition"]["StringEquals"] == {
            "kms:CallerAccount": ACCOUNT,
            "kms:ViaService": [
                f"{name}.eu-west-1.amazonaws.com" for name in ("dynamodb", "sqs", "sns", "lambda")
            ],
        }
    assert "kms:*" not in roles["Action"]
    assert grants["Condition"]["Bool"] == {"kms:GrantIsForAWSResource": "true"}


def test_the_accounts_administrators_keep_it(statements: list[Statement]) -> None:
    (administrators,) = [s for s in statements if s["Action"] == "kms:*"]
    assert administrators["Principal"] == {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
