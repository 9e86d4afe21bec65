"""What the local cloud's provider tells Pulumi's engine of a change, before anything is made."""

from typing import Any

import pytest
from pulumi.runtime import rpc

from tests.e2e.conftest import Cloud
from tests.e2e.plugin import (
    SECRET,
    SIGNATURE,
    Plugin,
    Properties,
    archive,
    attached,
    plain,
    planned,
)

BUCKET = "aws:s3/bucket:Bucket"
FUNCTION = "aws:lambda/function:Function"
GROUP = "aws:cloudwatch/logGroup:LogGroup"
PERMISSION = "aws:lambda/permission:Permission"
POOL = "aws:cognito/userPool:UserPool"
QUEUE = "aws:sqs/queue:Queue"
ROLE = "aws:iam/role:Role"
TABLE = "aws:dynamodb/table:Table"
HOME, ABROAD = "eu-west-1", "eu-north-1"

KEYS: Properties = {
    "hashKey": "PK",
    "attributes": [{"name": "PK", "type": "S"}],
    "billingMode": "PAY_PER_REQUEST",
}


def secret(value: Any) -> Properties:
    return {SIGNATURE: SECRET, "value": value}


def test_a_name_is_made_of_the_resources_own_and_seven_digits(plugin: Plugin) -> None:
    name = plain(plugin.check(QUEUE, "jobs", {}).inputs)["name"]
    stem, _, digits = name.rpartition("-")
    assert stem == "jobs"
    assert len(digits) == 7
    assert int(digits, 16) >= 0


def test_a_name_that_was_made_up_stays_through_updates(plugin: Plugin) -> None:
    first = plain(plugin.check(QUEUE, "jobs", {}).inputs)
    other = {**first, "name": "jobs-0000000"}
    again = plain(plugin.check(QUEUE, "jobs", {"delaySeconds": 1}, other).inputs)
    assert again["name"] == "jobs-0000000"


def test_a_name_that_the_program_gave_and_takes_away_is_made_up(plugin: Plugin) -> None:
    first = plain(plugin.check(QUEUE, "jobs", {"name": "mine"}).inputs)
    assert first["name"] == "mine"
    again = plain(plugin.check(QUEUE, "jobs", {}, first).inputs)
    assert again["name"].startswith("jobs-")


def test_a_fifo_queue_has_the_ending_that_aws_demands(plugin: Plugin) -> None:
    checked = plain(plugin.check(QUEUE, "jobs", {"fifoQueue": True}).inputs)
    assert checked["name"].endswith(".fifo")


def test_a_buckets_name_is_in_lower_case(plugin: Plugin) -> None:
    assert plain(plugin.check(BUCKET, "Pages", {}).inputs)["bucket"].startswith("pages-")


def test_a_name_that_leaves_no_room_is_refused_with_its_length(plugin: Plugin) -> None:
    (failure,) = plugin.check(FUNCTION, "f" * 57, {}).failures
    assert failure.property == "name"
    assert "'name' may have 64 characters" in failure.reason
    assert not plugin.check(FUNCTION, "f" * 56, {}).failures


def test_a_name_with_a_prefix_is_known_once_it_is_made(plugin: Plugin) -> None:
    inputs = {"namePrefix": "/aws/vendedlogs/a-"}
    assert "name" not in plain(plugin.check(GROUP, "logs", inputs).inputs)
    assert plugin.preview(GROUP, "logs", inputs)["name"] == rpc.UNKNOWN
    made = plugin.create(GROUP, "logs", inputs)
    assert made.id.startswith("/aws/vendedlogs/a-")
    assert made.outputs["name"] == made.id
    assert plugin.read(made) == made
    plugin.delete(made)


def test_what_aws_makes_up_is_unknown_until_it_is_made(plugin: Plugin) -> None:
    planned = plugin.preview(QUEUE, "jobs", {"name": "jobs", "delaySeconds": 1})
    unknown = {name for name, value in planned.items() if value == rpc.UNKNOWN}
    assert unknown == {"arn", "url"}
    assert (planned["name"], planned["region"]) == ("jobs", HOME)


def test_an_address_within_a_block_is_unknown_too(plugin: Plugin) -> None:
    type_ = "aws:apigatewayv2/domainName:DomainName"
    inputs = {"domainName": "a", "domainNameConfiguration": {"endpointType": "REGIONAL"}}
    planned = plugin.preview(type_, "live", inputs)["domainNameConfiguration"]
    unknown = {name for name, value in planned.items() if value == rpc.UNKNOWN}
    assert unknown == {"hostedZoneId", "targetDomainName"}


def test_a_preview_makes_and_changes_nothing(cloud: Cloud, plugin: Plugin) -> None:
    queues = cloud.client("sqs", HOME)
    plugin.preview(QUEUE, "planned", {"name": "planned"})
    assert not queues.list_queues(QueueNamePrefix="planned").get("QueueUrls")
    made = plugin.create(QUEUE, "kept", {"delaySeconds": 1})
    planned = plugin.update(made, made.inputs | {"delaySeconds": 2}, preview=True)
    assert planned.outputs["delaySeconds"] == 2
    assert planned.outputs["url"] == made.outputs["url"]
    assert plugin.read(made) == made
    plugin.delete(made)


@pytest.mark.parametrize(
    ("type_", "inputs", "news", "replaces"),
    [
        (TABLE, KEYS, {"hashKey": "SK"}, ["hashKey"]),
        (TABLE, KEYS, {"deletionProtectionEnabled": True}, []),
        (QUEUE, {}, {"fifoQueue": True}, ["fifoQueue"]),
        (QUEUE, {}, {"visibilityTimeoutSeconds": 60}, []),
        (QUEUE, {}, {"region": ABROAD}, ["region"]),
        ("aws:apigatewayv2/api:Api", {"protocolType": "HTTP"}, {"name": "a"}, []),
        ("aws:apigatewayv2/deployment:Deployment", {}, {"triggers": {"a": "1"}}, ["triggers"]),
        ("aws:cloudwatch/eventTarget:EventTarget", {}, {"arn": "a", "rule": "b"}, ["rule"]),
        (PERMISSION, {"sourceArn": "a"}, {"sourceArn": rpc.UNKNOWN}, ["sourceArn"]),
    ],
)
def test_aws_replaces_what_it_cannot_change(
    plugin: Plugin, type_: str, inputs: Properties, news: Properties, replaces: list[str]
) -> None:
    was = planned(type_, inputs)
    answer = plugin.diff(was, inputs | news)
    assert list(answer.diffs) == sorted(news)
    assert list(answer.replaces) == replaces


def test_a_provider_of_another_region_replaces_its_resources(aws_port: int) -> None:
    was = planned(QUEUE, {}, region=HOME)
    with attached(aws_port, ABROAD) as abroad:
        assert list(abroad.diff(was, {}).replaces) == ["region"]


@pytest.mark.parametrize(
    ("type_", "inputs", "news"),
    [
        (QUEUE, {"name": "a"}, {"fifoQueue": True}),
        ("aws:iam/rolePolicyAttachment:RolePolicyAttachment", {}, {"role": "b"}),
    ],
)
def test_what_cannot_be_there_twice_is_deleted_first(
    plugin: Plugin, type_: str, inputs: Properties, news: Properties
) -> None:
    answer = plugin.diff(planned(type_, inputs), inputs | news)
    assert answer.deleteBeforeReplace


def test_a_resource_with_a_name_that_was_made_up_is_made_before_the_old_one_goes(
    plugin: Plugin,
) -> None:
    inputs = {"name": "jobs-0000000", "__defaults": ["name"]}
    answer = plugin.diff(planned(QUEUE, inputs), inputs | {"fifoQueue": True})
    assert list(answer.replaces) == ["fifoQueue"]
    assert not answer.deleteBeforeReplace


@pytest.mark.parametrize(
    ("type_", "inputs", "news"),
    [
        (FUNCTION, {}, {"memorySize": 128, "timeout": 3}),
        (FUNCTION, {"tracingConfig": {"mode": "Active"}}, {}),
        (TABLE, {"serverSideEncryption": {"enabled": True, "kmsKeyArn": "a"}}, {}),
        (
            TABLE,
            {"serverSideEncryption": {"enabled": True, "kmsKeyArn": "a"}},
            {"serverSideEncryption": {"enabled": True}},
        ),
        (GROUP, {"retentionInDays": 0}, {}),
    ],
)
def test_what_aws_would_leave_as_it_is_is_no_change(
    plugin: Plugin, type_: str, inputs: Properties, news: Properties
) -> None:
    assert list(plugin.diff(planned(type_, inputs), news).diffs) == []


def test_an_archive_is_its_content_wherever_it_lies(plugin: Plugin) -> None:
    moved = {SIGNATURE: archive("a")[SIGNATURE], "path": "/elsewhere.zip", "hash": "archive of a"}
    was = planned(FUNCTION, {"code": archive("a")})
    assert list(plugin.diff(was, {"code": moved}).diffs) == []
    assert list(plugin.diff(was, {"code": archive("b")}).diffs) == ["code"]


def test_a_secret_is_compared_by_what_it_hides(plugin: Plugin) -> None:
    was = planned(QUEUE, {"policy": "a"})
    assert list(plugin.diff(was, {"policy": secret("a")}).diffs) == []
    assert list(plugin.diff(was, {"policy": secret("b")}).diffs) == ["policy"]
