"""What a program in another language is told: one sentence, once, in its own spelling."""

import re
import shutil
from pathlib import Path
from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import errors_pb2, status_pb2

from tests.infra.harness import ROOT, UNKNOWN
from tests.infra.provider_inputs import FUNCTION, OUTPUT, SECRET, YAML
from tests.infra.provider_monitor import Served, engine, provider
from tests.infra.test_existing_realtime_api import STACK, OtherStack

PUBLIC = YAML["channels"][:1]
NOT_KNOWN = "must be known when the program runs, because it decides what is made: got an output"


def refused(served: Served, **changes: Any) -> str:
    inputs = {key: value for key, value in (YAML | changes).items() if value is not None}
    return said(served, "RealtimeApi", inputs)


def said(served: Served, component: str, inputs: dict[str, Any]) -> str:
    """What the engine shows of a refusal: it has no properties that the engine would print."""
    process, address, _ = served
    with pytest.raises(grpc.RpcError) as refusal:
        process.construct(component, "refused", inputs, address)
    return details_of(refusal)


def details_of(refusal: pytest.ExceptionInfo[grpc.RpcError]) -> str:
    error: Any = refusal.value
    packed = dict(error.trailing_metadata()).get("grpc-status-details-bin", b"")
    for detail in status_pb2.Status.FromString(packed).details:
        properties = errors_pb2.InputPropertiesError()
        detail.Unpack(properties)
        assert not properties.errors
    return error.details()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"chanels": []}, "chanels is no property: did you mean channels?"),
        ({"colour": "red"}, "colour is no property; there are "),
        ({"stageName": None}, "stageName must be given"),
        ({"throttlingRateLimit": "10"}, 'throttlingRateLimit must be a whole number, got "10"'),
        ({"throttlingRateLimit": 1.5}, "throttlingRateLimit must be a whole number, got 1.5"),
        (
            {"defaults": {"logRetentionDays": True}},
            "defaults.logRetentionDays must be a whole number",
        ),
        ({"requireOrigin": "yes"}, 'requireOrigin must be true or false, got "yes"'),
        ({"stageName": 7}, "stageName must be a text, got 7"),
        ({"stageName": "my.stack"}, "stageName must be 1 to 128 letters"),
        ({"channels": "link:*"}, 'channels must be a list, got "link:*"'),
        ({"channels": ["link:*"]}, 'channels[0] must be an object, got "link:*"'),
        ({"connectParameters": []}, "connectParameters must be an object, got []"),
        ({"eventBusName": {"a": "b"}}, 'eventBusName must be a text, got {"a": "b"}'),
        ({"stageName": SECRET | {"value": "dev"}}, f"stageName {NOT_KNOWN}"),
        ({"stageName": OUTPUT | {"value": "dev"}}, f"stageName {NOT_KNOWN}"),
        ({"throttlingRateLimit": UNKNOWN}, f"throttlingRateLimit {NOT_KNOWN}"),
        ({"channels": UNKNOWN}, f"channels {NOT_KNOWN}"),
        ({"channels": [YAML["channels"][0] | {"pattern": UNKNOWN}]}, f"[0].pattern {NOT_KNOWN}"),
        ({"tokens": {"issuer": UNKNOWN, "audiences": []}}, "tokens.audiences must name 1 to 10"),
        ({"ticketApi": True, "tokens": None, "channels": PUBLIC}, "ticketApi needs tokens"),
        (
            {"defaults": {"logRetentionDays": 8}},
            "defaults.logRetentionDays must be one of (1, 3, 5",
        ),
        ({"connectParameters": {"c": "x"}}, "connectParameters must give channel templates"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(
    served: Served, changes: dict[str, Any], sentence: str
) -> None:
    details = refused(served, **changes)
    assert details.count(sentence) == 1
    assert ".py" not in details
    assert not re.search("[a-z]_[a-z]", details)


def test_all_that_is_wrong_is_told_at_once(served: Served) -> None:
    rule = YAML["channels"][0]
    rules = [rule | {"access": "everybody"}, rule | {"patern": "x"}]
    details = refused(served, channels=rules, stageName=None, requireOrigin=1)
    assert details == (
        "stageName must be given; channels[0].access must be 'public'"
        " or 'owner', got 'everybody' for 'link:*'; channels[1].patern is no property: did you"
        " mean pattern?; requireOrigin must be true or false, got 1."
    )


def test_a_part_that_cannot_be_shipped_is_refused_in_the_callers_spelling(
    served: Served, tmp_path: Path
) -> None:
    inputs = FUNCTION | {"module": "nowhere", "handlersPath": str(tmp_path)}
    assert said(served, "Function", inputs).startswith(
        "A function's files must be modules or packages"
    )


def test_a_layer_that_is_nowhere_is_asked_for_by_its_name_in_other_languages(
    tmp_path: Path,
) -> None:
    """`pulumi package add` of a Git address finds a clone, which holds no layer."""
    for folder in ("components", "handlers"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("venv"))
    with engine() as (address, _), provider(tmp_path / "components", address) as process:
        with pytest.raises(grpc.RpcError) as refusal:
            process.construct("RealtimeApi", "live", YAML, address)
        details = details_of(refusal)
        assert details.startswith("The functions' packages must be in")
        assert details.endswith("or give defaults.layerArn.")
        defaults = {"logRetentionDays": 7, "layerArn": "arn:layer:1"}
        with_layer = YAML | {"defaults": defaults}
        process.construct("RealtimeApi", "live", with_layer, address)


def test_what_only_another_stack_tells_is_refused_in_a_sentence_too(served: Served) -> None:
    """The refusal is raised after the component is constructed, when the output is known."""
    with engine(cloud=OtherStack({"other": "export"})) as (address, deployment):
        elsewhere = (served[0], address, deployment)
        details = said(elsewhere, "ExistingRealtimeApi", {"stack": STACK})
    assert details == (
        "Stack 'organization/shop/prod' must describe its"
        " RealtimeApi as 'realtime', and has no such export. Add there:"
        ' pulumi.export("realtime", realtime.reference).'
    )


def test_an_error_that_is_no_refusal_keeps_its_stack_trace(served: Served, tmp_path: Path) -> None:
    (tmp_path / "handlers").mkdir()
    (tmp_path / "handlers" / "place.py").write_text("def handler(:")
    (tmp_path / "handlers" / "__init__.py").touch()
    inputs = FUNCTION | {"module": "place", "handlersPath": str(tmp_path)}
    assert "bundle.py" in said(served, "Function", inputs)
