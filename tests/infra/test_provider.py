"""What `pulumi package add` offers: the schema, and a RealtimeApi made by a program in YAML."""

import dataclasses
import difflib
import json
import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import grpc
import pytest
import yaml
from pulumi.output import Unknown
from pulumi.runtime.proto import errors_pb2, status_pb2

from tests.infra import test_component_form
from tests.infra.harness import ACCOUNT, ROOT, UNKNOWN, Deployment
from tests.infra.provider_monitor import ProviderProcess, engine, provider
from tests.infra.recorded import PAGE, SCHEMA, text
from tests.infra.release_graph import REPLACING
from tests.infra.test_existing_realtime_api import STACK, OtherStack

YAML: dict[str, Any] = yaml.safe_load("""
stageName: dev
channels:
  - pattern: link:*
    access: public
    delivery: latest
    minIntervalMs: 100
  - pattern: user:{sub}
    access: owner
    delivery: every
    publishers: [orders]
throttlingRateLimit: 10
logRetentionDays: 7
connectParameters:
  code: link:{}
""")
SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}
OUTPUT = {"4dabf18193072939515e22adb298388d": "d0e6a833031e9bbcd3f4e8bde6ca49a4"}
FUNCTION: dict[str, Any] = {
    "environment": {"QUEUE_URL": OUTPUT | {"value": "https://queue"}},
    "policies": {"send": OUTPUT | {"value": "{}"}},
    "layerArn": OUTPUT | {"value": "arn:aws:lambda:eu-west-1:1:layer:ours:1"},
    "logRetentionDays": 7,
    "timeoutSeconds": 10,
    "memoryMb": 256,
}
NOT_KNOWN = "must be known when the program runs, because it decides what is made: got an output"

Served = tuple[ProviderProcess, str, Deployment]


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with ExitStack() as stack:
        address, deployment = stack.enter_context(engine())
        process = stack.enter_context(provider(ROOT / "components", address))
        yield process, address, deployment


def constructed(served: Served, name: str, **changes: Any) -> dict[str, Any]:
    process, address, _ = served
    inputs = {key: value for key, value in (YAML | changes).items() if value is not None}
    return process.construct("RealtimeApi", name, inputs, address)


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


def test_the_schema_is_the_recorded_one(served: Served) -> None:
    recorded, offered = SCHEMA.read_text(), text(served[0].schema())
    difference = "\n".join(
        difflib.unified_diff(recorded.splitlines(), offered.splitlines(), "recorded", "offered")
    )
    assert not difference, (
        "consumers see this change; if it is meant, run `make record` and say so in the changelog"
        f"\n{difference}"
    )


def test_every_component_of_the_package_is_offered(served: Served) -> None:
    offered = {token.rpartition(":")[2] for token in served[0].schema()["resources"]}
    assert offered == {component.__name__ for component in test_component_form.COMPONENTS}


def test_a_program_in_yaml_gets_the_same_parts_and_the_outputs(served: Served) -> None:
    outputs = constructed(served, "live")
    host = "live-stage.execute-api.eu-west-1.amazonaws.com/dev"
    assert (outputs["endpoint"], outputs["managementEndpoint"]) == (
        f"wss://{host}",
        f"https://{host}",
    )
    assert outputs["tableName"] == "live-table-0123456"
    assert json.loads(outputs["sendPolicy"])["Statement"][0]["Action"] == ["sqs:SendMessage"]
    _, _, deployment = served
    assert {"live-table", "live-api", "live-stage", "live-connect-function"} <= {
        resource.name for resource in deployment.resources if resource.custom
    }
    variables = deployment.named("live-connect-function").inputs["environment"]["variables"]
    assert json.loads(variables["CHANNEL_RULES"])[0] == {
        "pattern": "link:*",
        "access": "public",
        "delivery": "latest",
        "min_interval_ms": 100,
        "publishers": [],
    }


def test_a_function_and_a_layer_are_shipped_from_where_the_provider_lies(served: Served) -> None:
    constructed(served, "shipped")
    code = served[2].named("shipped-connect-function").inputs["code"].assets
    assert code["handlers/realtime/connect.py"].path == str(ROOT / "handlers/realtime/connect.py")
    layer = served[2].named("shipped-layer-version").inputs["code"]
    assert layer.path == str(ROOT / "build" / "layer.zip")


def test_a_secret_reaches_the_resource_that_it_is_for(served: Served) -> None:
    constructed(served, "secretive", eventBusName=SECRET | {"value": "hidden"})
    assert served[2].named("secretive-events-route-rule").inputs["eventBusName"] == "hidden"


def test_protection_reaches_what_holds_data_or_an_address_from_every_language(
    served: Served,
) -> None:
    tokens = {"issuer": "https://issuer.example", "audiences": ["web"]}
    constructed(served, "guarded", protectData=True, tokens=tokens, ticketApi=True)
    made = [one for one in served[2].resources if one.name.startswith("guarded-")]
    holding = {one.name for one in made if one.type in REPLACING}
    assert {"guarded-table", "guarded-api", "guarded-tickets-api"} < holding
    assert {one.name for one in made if one.protected} == holding


def test_a_component_that_is_to_protect_nothing_protects_nothing(served: Served) -> None:
    constructed(served, "free")
    assert not [
        one.name for one in served[2].resources if one.protected and one.name.startswith("free-")
    ]


def test_outputs_of_other_resources_go_where_inputs_do(served: Served) -> None:
    issuer = OUTPUT | {"value": "https://issuer.example"}
    tokens = {"issuer": issuer, "audiences": ["web", OUTPUT | {"value": "app"}]}
    constructed(served, "known", tokens=tokens)
    variables = served[2].named("known-authorize-function").inputs["environment"]["variables"]
    rules = json.loads(variables["TOKENS"])
    assert (rules["issuer"], rules["audiences"]) == ("https://issuer.example", ["web", "app"])


def test_a_program_in_yaml_has_functions_of_its_own(served: Served, tmp_path: Path) -> None:
    (tmp_path / "handlers").mkdir()
    for name in ("__init__.py", "place.py"):
        (tmp_path / "handlers" / name).touch()
    process, address, deployment = served
    inputs = FUNCTION | {"module": "place", "handlersPath": str(tmp_path)}
    outputs = process.construct("Function", "place", inputs, address)
    function = deployment.named("place-function").inputs
    assert outputs["name"] == "place-function-0123456"
    assert function["code"].assets.keys() == {"handlers/__init__.py", "handlers/place.py"}
    assert function["environment"]["variables"]["QUEUE_URL"] == "https://queue"


def test_what_is_not_known_in_a_preview_stays_unknown(served: Served) -> None:
    with engine(preview=True) as (address, deployment):
        process = dataclasses.replace(served[0], preview=True)
        inputs = YAML | {"eventBusName": UNKNOWN}
        outputs = process.construct("RealtimeApi", "live", inputs, address)
    rule = deployment.named("live-events-route-rule")
    assert isinstance(rule.inputs["eventBusName"], Unknown)
    assert isinstance(outputs["eventBusName"], Unknown)
    assert isinstance(outputs["endpoint"], Unknown)


def test_the_documented_program_in_yaml_makes_what_it_says(served: Served) -> None:
    (text,) = re.findall(r"^```yaml\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    program = yaml.safe_load(text)
    live = program["resources"]["live"]
    process, address, deployment = served
    inputs = live["properties"] | {"stageName": "dev"}
    outputs = process.construct(live["type"].partition(":")[2], "documented", inputs, address)
    wanted = re.findall(r"\$\{live\.(\w+)\}", str(program["outputs"]))
    assert wanted
    assert all(outputs[name] for name in wanted)
    assert deployment.named("documented-tickets-api").inputs["protocolType"] == "HTTP"


def test_a_component_without_arguments_is_made(served: Served) -> None:
    process, address, _ = served
    outputs = process.construct("ApiGatewayAccount", "account", {}, address)
    assert outputs == {"roleArn": f"arn:aws:iam::{ACCOUNT}:account-role"}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"chanels": []}, "chanels is no property: did you mean channels?"),
        ({"colour": "red"}, "colour is no property; there are "),
        ({"stageName": None}, "stageName must be given"),
        ({"throttlingRateLimit": "10"}, 'throttlingRateLimit must be a whole number, got "10"'),
        ({"throttlingRateLimit": 1.5}, "throttlingRateLimit must be a whole number, got 1.5"),
        ({"logRetentionDays": True}, "logRetentionDays must be a whole number, got true"),
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
        ({"ticketApi": True}, "ticketApi needs tokens"),
        ({"logRetentionDays": 8}, "logRetentionDays must be one of (1, 3, 5"),
        ({"connectParameters": {"c": "x"}}, "connectParameters must give channel templates"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(
    served: Served, changes: dict[str, Any], sentence: str
) -> None:
    details = refused(served, **changes)
    assert details.startswith("RealtimeApi cannot be made: ")
    assert details.count(sentence) == 1
    assert details.count("RealtimeApi") == 1
    assert not re.search("[a-z]_[a-z]", details)


def test_all_that_is_wrong_is_told_at_once(served: Served) -> None:
    rule = YAML["channels"][0]
    rules = [rule | {"access": "everybody"}, rule | {"patern": "x"}]
    details = refused(served, channels=rules, stageName=None, requireOrigin=1)
    assert details == (
        "RealtimeApi cannot be made: stageName must be given; channels[0].access must be 'public'"
        " or 'owner', got 'everybody' for 'link:*'; channels[1].patern is no property: did you"
        " mean pattern?; requireOrigin must be true or false, got 1."
    )


def test_a_part_that_cannot_be_shipped_is_refused_in_the_callers_spelling(
    served: Served, tmp_path: Path
) -> None:
    inputs = FUNCTION | {"module": "nowhere", "handlersPath": str(tmp_path)}
    assert said(served, "Function", inputs).startswith(
        "Function cannot be made: What ships with a function must be a module"
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
        assert details.startswith("RealtimeApi cannot be made: The functions' packages must be in")
        assert details.endswith("or give layerArn.")
        process.construct("RealtimeApi", "live", YAML | {"layerArn": "arn:layer:1"}, address)


def test_what_only_another_stack_tells_is_refused_in_a_sentence_too(served: Served) -> None:
    """The refusal is raised after the component is constructed, when the output is known."""
    with engine(cloud=OtherStack({"other": "export"})) as (address, deployment):
        elsewhere = (served[0], address, deployment)
        details = said(elsewhere, "ExistingRealtimeApi", {"stack": STACK})
    assert details == (
        "ExistingRealtimeApi cannot be made: Stack 'organization/shop/prod' must describe its"
        " RealtimeApi as 'realtime', and has no such export. Add there:"
        ' pulumi.export("realtime", realtime.reference).'
    )


def test_an_error_that_is_no_refusal_keeps_its_stack_trace(served: Served, tmp_path: Path) -> None:
    (tmp_path / "handlers").mkdir()
    (tmp_path / "handlers" / "place.py").write_text("def handler(:")
    (tmp_path / "handlers" / "__init__.py").touch()
    inputs = FUNCTION | {"module": "place", "handlersPath": str(tmp_path)}
    assert "bundle.py" in said(served, "Function", inputs)
