"""The pack as Pulumi runs it: a process of its own, asked over gRPC, with values not known yet."""

import json
import subprocess
from collections.abc import Iterator
from typing import Any, cast

import grpc
import pulumi
import pytest
import yaml
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.output import Unknown
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

from components.provider.host import NAME
from components.version import VERSION
from policy import rules
from policy.rules import RESOURCE_RULES, STACK_RULES, Resource
from tests.infra import harness
from tests.infra.harness import ROOT, UNKNOWN, deploy_stack

ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
CALL_SECONDS = 120

Inputs = dict[str, Any]


@pytest.fixture(scope="module")
def analyzer() -> Iterator[Any]:
    """The process that the CLI starts with `--policy-pack policy`; it prints its port."""
    folder = ROOT / "policy"
    options = yaml.safe_load((folder / "PulumiPolicy.yaml").read_text())["runtime"]["options"]
    python = folder / options["virtualenv"] / "bin" / "python"
    command = [str(python), "-u", "-m", "pulumi.policy", "127.0.0.1:1", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd="/") as process:
        try:
            assert process.stdout is not None
            port = int(process.stdout.readline())
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                yield analyzer_pb2_grpc.AnalyzerStub(channel)
        finally:
            process.terminate()


def analyzed(analyzer: Any, type_: str, inputs: Inputs) -> list[Any]:
    """What Pulumi would tell of a resource, each with `policyName` and `message`."""
    request = analyzer_pb2.AnalyzeRequest(
        type=type_,
        properties=json_format.ParseDict(as_sent(inputs), struct_pb2.Struct()),
        name="it",
        urn=f"urn:pulumi:dev::realtime::{type_}::it",
    )
    return list(analyzer.Analyze(request, timeout=CALL_SECONDS).diagnostics)


def as_sent(value: Any) -> Any:
    """Inputs as they travel. Code is left out: no rule reads it."""
    if isinstance(value, Unknown):
        return UNKNOWN
    if isinstance(value, dict):
        items = cast("Inputs", value).items()
        return {key: as_sent(item) for key, item in items if not isinstance(item, pulumi.Archive)}
    if isinstance(value, list):
        return [as_sent(item) for item in cast("list[Any]", value)]
    return value


def test_pulumi_gets_the_same_sentences_from_the_pack_that_it_starts(analyzer: Any) -> None:
    (diagnostic,) = analyzed(analyzer, rules.ROUTE, {"routeKey": "$connect"})
    assert diagnostic.policyName == "connects-are-authorized"
    assert diagnostic.enforcementLevel == analyzer_pb2.MANDATORY
    (sentence,) = rules.connects_are_authorized(Resource(rules.ROUTE, {"routeKey": "$connect"}))
    assert sentence in diagnostic.message


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_the_preview_of_a_new_stack_has_unknown_values_and_no_advisory(
    stack: str, analyzer: Any
) -> None:
    previewed = [one for one in deploy_stack(stack, preview=True).resources if one.custom]
    assert any(as_sent(one.inputs.get("policy")) == UNKNOWN for one in previewed)
    told = [analyzed(analyzer, one.type, dict(one.inputs)) for one in previewed]
    assert [diagnostic.message for diagnostics in told for diagnostic in diagnostics] == []


def test_a_preview_tells_what_is_wrong_with_values_that_it_knows(analyzer: Any) -> None:
    """Each with an input beside it that the rule has to look at and the preview does not know."""
    told = {
        "connects-are-authorized": analyzed(
            analyzer,
            rules.ROUTE,
            {"routeKey": "$connect", "authorizationType": "NONE", "authorizerId": UNKNOWN},
        ),
        "frames-stay-out-of-logs": analyzed(
            analyzer,
            rules.STAGE,
            {
                "name": UNKNOWN,
                "defaultRouteSettings": {
                    "dataTraceEnabled": True,
                    "throttlingRateLimit": UNKNOWN,
                    "throttlingBurstLimit": UNKNOWN,
                },
            },
        ),
    }
    for policy, diagnostics in told.items():
        assert [diagnostic.policyName for diagnostic in diagnostics] == [policy]


def test_an_update_refuses_what_a_preview_could_not_know(analyzer: Any) -> None:
    document = {"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"}
    known = json.dumps({"Statement": [document]})
    assert analyzed(analyzer, ROLE_POLICY, {"policy": UNKNOWN}) == []
    (diagnostic,) = analyzed(analyzer, ROLE_POLICY, {"policy": known})
    assert diagnostic.policyName == "actions-are-named"
    assert diagnostic.enforcementLevel == analyzer_pb2.MANDATORY


def test_the_rule_for_a_whole_stack_waits_for_what_is_not_known(analyzer: Any) -> None:
    def asked(protocol: str) -> list[str]:
        api = struct_pb2.Struct()
        api.update({"protocolType": protocol})
        request = analyzer_pb2.AnalyzeStackRequest(
            resources=[analyzer_pb2.AnalyzerResource(type=harness.API, properties=api, name="it")]
        )
        answer = analyzer.AnalyzeStack(request, timeout=CALL_SECONDS)
        return [diagnostic.policyName for diagnostic in answer.diagnostics]

    assert asked(UNKNOWN) == []
    assert asked("WEBSOCKET") == ["web-socket-apis-route-connects"]


def test_the_pack_has_the_name_and_the_version_of_the_package(analyzer: Any) -> None:
    """Pulumi takes the version of the file, and the name that the process says."""
    project = yaml.safe_load((ROOT / "policy" / "PulumiPolicy.yaml").read_text())
    information = analyzer.GetAnalyzerInfo(empty_pb2.Empty(), timeout=CALL_SECONDS)
    assert (information.name, project["version"]) == (NAME, VERSION)
    assert len(information.policies) == len(RESOURCE_RULES) + len(STACK_RULES)
