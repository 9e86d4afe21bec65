"""What the local cloud's provider does to the cloud, and how the process behaves."""

import json
import os
import signal
import subprocess
import sys

import grpc
import psutil
import pytest
from pulumi.runtime.proto import provider_pb2

from tests.e2e.conftest import ROOT, Cloud
from tests.e2e.lives.functions import TRUST
from tests.e2e.plugin import SECRET, SIGNATURE, Plugin, Properties, archive, attached, bag, plain

FUNCTION = "aws:lambda/function:Function"
POOL = "aws:cognito/userPool:UserPool"
QUEUE = "aws:sqs/queue:Queue"
ROLE = "aws:iam/role:Role"
TABLE = "aws:dynamodb/table:Table"
TOPIC = "aws:sns/topic:Topic"
HOME, ABROAD = "eu-west-1", "eu-north-1"
END_SECONDS = 120
KEYS: Properties = {
    "hashKey": "PK",
    "attributes": [{"name": "PK", "type": "S"}],
    "billingMode": "PAY_PER_REQUEST",
}


def refusal(raised: "pytest.ExceptionInfo[grpc.RpcError]") -> str:
    """What the engine prints of it."""
    error: object = raised.value
    assert isinstance(error, grpc.Call)
    return error.details() or ""


def test_each_provider_makes_things_in_its_own_region(aws_port: int, plugin: Plugin) -> None:
    with attached(aws_port, ABROAD) as abroad:
        topics = [each.create(TOPIC, "news", {}) for each in (plugin, abroad, plugin)]
    regions = [topic.outputs["arn"].split(":")[3] for topic in topics]
    assert regions == [HOME, ABROAD, HOME]


def test_a_resources_own_region_is_kept_to_its_end(cloud: Cloud, plugin: Plugin) -> None:
    made = plugin.create(QUEUE, "far", {"region": ABROAD})
    queues = cloud.client("sqs", ABROAD)
    assert made.outputs["url"] in queues.list_queues(QueueNamePrefix="far")["QueueUrls"]
    now = plugin.update(made, made.inputs | {"delaySeconds": 7})
    assert plugin.read(now) == now
    plugin.delete(now)
    assert not queues.list_queues(QueueNamePrefix="far").get("QueueUrls")


def test_a_secret_reaches_the_cloud_and_stays_one_in_the_state(
    cloud: Cloud, plugin: Plugin
) -> None:
    hidden = {SIGNATURE: SECRET, "value": 33}
    made = plugin.create(QUEUE, "hidden", {"delaySeconds": hidden})
    assert made.outputs["delaySeconds"] == hidden
    attributes = cloud.client("sqs", HOME).get_queue_attributes(
        QueueUrl=made.id, AttributeNames=["DelaySeconds"]
    )
    assert attributes["Attributes"] == {"DelaySeconds": "33"}
    assert plugin.read(made) == made


def test_new_code_is_what_runs(cloud: Cloud, plugin: Plugin) -> None:
    role = plugin.create(ROLE, "runner", {"assumeRolePolicy": TRUST})
    inputs = {
        "role": role.outputs["arn"],
        "runtime": "python3.13",
        "handler": "app.handler",
        "code": archive("def handler(event, context): return 'old'"),
    }
    made = plugin.create(FUNCTION, "runs", inputs)
    code = archive("def handler(event, context): return 'new'")
    now = plugin.update(made, made.inputs | {"code": code})
    answer = cloud.client("lambda", HOME).invoke(FunctionName=now.id)
    assert json.load(answer["Payload"]) == "new"


def test_what_somebody_deleted_is_gone_at_the_next_refresh(cloud: Cloud, plugin: Plugin) -> None:
    made = plugin.create(QUEUE, "deleted", {})
    cloud.client("sqs", HOME).delete_queue(QueueUrl=made.id)
    assert plugin.read(made) is None


def test_what_somebody_changed_is_seen_at_the_next_refresh(cloud: Cloud, plugin: Plugin) -> None:
    made = plugin.create(QUEUE, "changed", {"delaySeconds": 1, "receiveWaitTimeSeconds": 2})
    cloud.client("sqs", HOME).set_queue_attributes(
        QueueUrl=made.id, Attributes={"DelaySeconds": "2", "VisibilityTimeout": "99"}
    )
    found = plugin.read(made)
    assert found is not None
    now = {"delaySeconds": 2, "visibilityTimeoutSeconds": 99}
    assert (found.inputs, found.outputs) == (made.inputs | now, made.outputs | now)
    assert list(plugin.diff(found, made.inputs).diffs) == sorted(now)
    plugin.update(found, made.inputs)
    assert plugin.read(made) == made


@pytest.mark.parametrize(
    ("type_", "inputs", "protected", "freed", "said"),
    [
        (
            TABLE,
            KEYS,
            {"deletionProtectionEnabled": True},
            {"deletionProtectionEnabled": False},
            "ValidationException",
        ),
        (
            POOL,
            {},
            {"deletionProtection": "ACTIVE"},
            {"deletionProtection": "INACTIVE"},
            "InvalidParameterException",
        ),
    ],
)
def test_what_is_protected_is_deleted_only_after_it_is_freed(
    plugin: Plugin,
    type_: str,
    inputs: Properties,
    protected: Properties,
    freed: Properties,
    said: str,
) -> None:
    made = plugin.create(type_, "precious", inputs | protected)
    with pytest.raises(grpc.RpcError) as raised:
        plugin.delete(made)
    assert refusal(raised).startswith(f"deleting {type_} 'precious': {said}: ")
    assert plugin.read(made) == made
    now = plugin.update(made, made.inputs | freed)
    plugin.delete(now)
    assert plugin.read(now) is None


def test_an_error_of_aws_has_type_name_code_and_message_on_one_line(plugin: Plugin) -> None:
    inputs = {"eventSourceArn": "arn:aws:sqs:eu-west-1:000000000000:no", "functionName": "no"}
    type_ = "aws:lambda/eventSourceMapping:EventSourceMapping"
    with pytest.raises(grpc.RpcError) as raised:
        plugin.create(type_, "mapping", inputs)
    assert refusal(raised).startswith(
        f"creating {type_} 'mapping': ResourceNotFoundException: Function not found"
    )
    assert "\n" not in refusal(raised)


def test_a_change_that_has_no_call_here_is_refused_by_its_name(plugin: Plugin) -> None:
    inputs = {"protocolType": "HTTP", "version": "1"}
    made = plugin.create("aws:apigatewayv2/api:Api", "api", inputs)
    with pytest.raises(grpc.RpcError) as raised:
        plugin.update(made, {name: made.inputs[name] for name in ("name", "protocolType")})
    assert "CannotChange: localcloud/recipes does not say how to change version" in refusal(raised)
    with pytest.raises(grpc.RpcError) as raised:
        plugin.update(made, made.inputs | {"tags": {"team": "shop"}})
    assert "CannotChange: localcloud/recipes does not say how to change tags" in refusal(raised)


def test_an_index_comes_and_goes_with_its_table_in_place(cloud: Cloud, plugin: Plugin) -> None:
    index = {"name": "by-owner", "hashKey": "owner", "projectionType": "ALL"}
    made = plugin.create(TABLE, "indexed", KEYS)
    attributes = [*KEYS["attributes"], {"name": "owner", "type": "S"}]
    more = {"attributes": attributes, "globalSecondaryIndexes": [index]}
    now = plugin.update(made, made.inputs | more)
    described = cloud.client("dynamodb", HOME).describe_table(TableName=made.id)["Table"]
    assert [found["IndexName"] for found in described["GlobalSecondaryIndexes"]] == ["by-owner"]
    plugin.update(now, made.inputs)
    described = cloud.client("dynamodb", HOME).describe_table(TableName=made.id)["Table"]
    assert not described.get("GlobalSecondaryIndexes")


def test_an_unknown_type_is_named_before_anything_is_made(plugin: Plugin) -> None:
    with pytest.raises(grpc.RpcError) as raised:
        plugin.check("aws:kms/alias:Alias", "key", {})
    assert "checking aws:kms/alias:Alias 'key': LookupError" in refusal(raised)
    assert "aws:sqs/queue:Queue" in refusal(raised)


def test_what_the_program_did_not_make_cannot_be_adopted(plugin: Plugin) -> None:
    request = provider_pb2.ReadRequest(id="https://queue", urn=f"urn:pulumi:a::b::{QUEUE}::jobs")
    with pytest.raises(grpc.RpcError) as raised:
        plugin.stub.Read(request)
    assert "holds only what the program itself makes" in refusal(raised)


def test_look_ups_answer_for_the_providers_region(aws_port: int) -> None:
    with attached(aws_port, ABROAD) as abroad:
        request = provider_pb2.InvokeRequest(tok="aws:index/getRegion:getRegion", args=bag({}))
        answer = plain(getattr(abroad.stub.Invoke(request), "return"))
    assert answer["region"] == ABROAD


def test_an_unknown_look_up_is_named_with_those_that_are_known(plugin: Plugin) -> None:
    request = provider_pb2.InvokeRequest(tok="aws:index/getIpRanges:getIpRanges")
    with pytest.raises(grpc.RpcError) as raised:
        plugin.stub.Invoke(request)
    assert "has no look-up aws:index/getIpRanges:getIpRanges; it has getCall" in refusal(raised)


HOLDS_A_PROVIDER = """
import sys, time
from localcloud import aws_provider

with aws_provider(sys.argv[1]) as port:
    print(port, flush=True)
    time.sleep(3600)
"""


def test_the_provider_ends_when_its_parent_is_killed(cloud: Cloud) -> None:
    command = [sys.executable, "-c", HOLDS_A_PROVIDER, cloud.endpoint]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline().strip().isdigit()
        (provider,) = psutil.Process(parent.pid).children()
        os.kill(parent.pid, signal.SIGKILL)
    psutil.wait_procs([provider], timeout=END_SECONDS)
    assert not provider.is_running()


def test_a_provider_that_does_not_start_says_so() -> None:
    command = [sys.executable, "-m", "localcloud.provider"]
    ended = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    assert ended.returncode == 2
    assert "--endpoint" in ended.stderr
