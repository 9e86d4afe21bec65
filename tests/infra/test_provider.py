"""What `pulumi package add` offers: the schema, and a RealtimeApi made by a program in YAML."""

import dataclasses
import difflib
import json
import re
from pathlib import Path
from typing import Any

import yaml
from pulumi.output import Unknown

from tests.infra import test_component_form
from tests.infra.harness import ACCOUNT, ROOT, UNKNOWN
from tests.infra.provider_inputs import FUNCTION, OUTPUT, SECRET, YAML
from tests.infra.provider_monitor import Served, engine
from tests.infra.recorded import PAGE, SCHEMA, text
from tests.infra.release_graph import REPLACING


def constructed(served: Served, name: str, **changes: Any) -> dict[str, Any]:
    process, address, _ = served
    inputs = {key: value for key, value in (YAML | changes).items() if value is not None}
    return process.construct("RealtimeApi", name, inputs, address)


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
    assert outputs["tableName"] == "live-rows-table-0123456"
    assert json.loads(outputs["sendPolicy"])["Statement"][0]["Action"] == ["sqs:SendMessage"]
    _, _, deployment = served
    assert {"live-rows-table", "live-api", "live-stage", "live-connect-function"} <= {
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
    assert code["handlers/realtime/functions/connect.py"].path == str(
        ROOT / "handlers/realtime/functions/connect.py"
    )
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
    assert {"guarded-rows-table", "guarded-api", "guarded-tickets-api"} < holding
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
