"""Holds each boto3 call of a tier to AWS's rules: its conftest imports `calls_aws_would_take`.

A call that AWS would refuse goes through, since the emulator decides about it; the test that made
it fails at its end, whatever became of the call and in whichever thread it was made.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from botocore import handlers

from . import dynamodb, service_model

_violations: list[str] = []
_keys: dict[str, Sequence[str]] = {}


def check(params: Mapping[str, Any], model: Any, **_: Any) -> None:
    """What botocore calls with each request before it writes it."""
    service, operation = model.service_model.service_name, model.name
    found = [*service_model.violations(model.input_shape, params)] if model.input_shape else []
    if service == "dynamodb":
        if operation == "CreateTable":
            _keys[params["TableName"]] = [key["AttributeName"] for key in params["KeySchema"]]
        found += dynamodb.violations(operation, params, _keys)
    _violations.extend(f"{service} {operation} {violation}" for violation in found)


# Every session that is made from now on begins with these, whoever makes it.
handlers.BUILTIN_HANDLERS.append(("before-parameter-build", check))


def broken_rules() -> list[str]:
    """What was found since it was asked for the last time."""
    found = _violations[:]
    del _violations[: len(found)]
    return found


@pytest.fixture(autouse=True)
def calls_aws_would_take() -> Iterator[None]:
    """Fails a test whose calls AWS would refuse, or those of fixtures made for it."""
    yield
    if broken := broken_rules():
        pytest.fail("\n".join(["AWS would refuse:", *broken]), pytrace=False)
