from pathlib import Path
from typing import Any, cast

import botocore.session
import pulumi
import pytest
from botocore.model import StructureShape
from hypothesis import given
from hypothesis import strategies as st

from localcloud.requests import UnmappedInput, text, to_request, zipped

SESSION = botocore.session.get_session()


def request_of(
    service: str, operation: str, inputs: dict[str, Any], **rename: str
) -> dict[str, Any]:
    shape = SESSION.get_service_model(service).operation_model(operation).input_shape
    return to_request(cast("StructureShape", shape), inputs, rename)


def test_a_camel_case_plural_finds_its_member() -> None:
    request = request_of("apigatewayv2", "CreateAuthorizer", {"identitySources": ["$context.a"]})
    assert request == {"IdentitySource": ["$context.a"]}


def test_a_float_becomes_the_integer_that_the_member_wants() -> None:
    request = request_of("lambda", "CreateFunction", {"memorySize": 512.0})
    assert request == {"MemorySize": 512}
    assert isinstance(request["MemorySize"], int)


def test_a_rate_stays_a_float_inside_a_block() -> None:
    inputs = {"defaultRouteSettings": {"throttlingRateLimit": 100.0, "throttlingBurstLimit": 50.0}}
    settings = request_of("apigatewayv2", "CreateStage", inputs)["DefaultRouteSettings"]
    assert settings == {"ThrottlingRateLimit": 100.0, "ThrottlingBurstLimit": 50}


def test_a_list_of_one_block_is_the_block() -> None:
    inputs = {"scalingConfig": [{"maximumConcurrency": 2.0}]}
    request = request_of("lambda", "CreateEventSourceMapping", inputs)
    assert request == {"ScalingConfig": {"MaximumConcurrency": 2}}


def test_tags_are_pairs_where_the_service_wants_pairs_and_a_map_where_it_wants_a_map() -> None:
    tags = {"tags": {"owner": "team"}}
    assert request_of("iam", "CreateRole", tags) == {"Tags": [{"Key": "owner", "Value": "team"}]}
    assert request_of("sqs", "CreateQueue", tags) == {"tags": {"owner": "team"}}


def test_dimensions_are_named_pairs() -> None:
    request = request_of("cloudwatch", "PutMetricAlarm", {"dimensions": {"QueueName": "q"}})
    assert request == {"Dimensions": [{"Name": "QueueName", "Value": "q"}]}


def test_a_single_value_stands_for_a_list_of_it() -> None:
    inputs = {"functionResponseTypes": "ReportBatchItemFailures"}
    request = request_of("lambda", "CreateEventSourceMapping", inputs)
    assert request == {"FunctionResponseTypes": ["ReportBatchItemFailures"]}


def test_an_input_of_another_name_is_found_by_its_rename_at_any_depth() -> None:
    inputs = {"targets": [{"id": "t", "arn": "a", "sqsTarget": {"messageGroupId": "g"}}]}
    rename = {"targets.sqsTarget": "SqsParameters"}
    (target,) = request_of("events", "PutTargets", inputs, **rename)["Targets"]
    assert target == {"Id": "t", "Arn": "a", "SqsParameters": {"MessageGroupId": "g"}}


def test_a_null_input_is_left_out() -> None:
    assert request_of("sqs", "CreateQueue", {"tags": None, "queueName": "q"}) == {"QueueName": "q"}


def test_a_document_given_as_data_becomes_json_text() -> None:
    inputs = {"assumeRolePolicyDocument": {"Version": "2012-10-17"}}
    request = request_of("iam", "CreateRole", inputs)
    assert request == {"AssumeRolePolicyDocument": '{"Version": "2012-10-17"}'}


def test_an_unmapped_input_is_named_with_what_there_is_instead() -> None:
    with pytest.raises(UnmappedInput, match=r"'colour' has no member in CreateQueueRequest.*tags"):
        request_of("sqs", "CreateQueue", {"colour": "red"})


def test_an_unmapped_input_inside_a_block_is_named_with_its_path() -> None:
    inputs = {"environment": {"variables": {"A": "1"}, "colour": "red"}}
    with pytest.raises(UnmappedInput, match=r"'environment\.colour' has no member in Environment"):
        request_of("lambda", "CreateFunction", inputs)


def test_an_unmapped_input_is_an_error_even_when_it_is_null() -> None:
    with pytest.raises(UnmappedInput, match="colour"):
        request_of("sqs", "CreateQueue", {"colour": None})


def test_text_of_numbers_and_flags_is_as_aws_writes_it() -> None:
    assert [text(value) for value in (60.0, 0.5, True, "x")] == ["60", "0.5", "true", "x"]


@given(st.integers(min_value=-(2**53), max_value=2**53))
def test_a_whole_number_survives_its_way_as_a_float(number: int) -> None:
    assert text(float(number)) == str(number)


@given(st.dictionaries(st.from_regex(r"[a-z]{1,8}(/[a-z]{1,8})?\.py", fullmatch=True), st.text()))
def test_the_order_of_an_archives_files_does_not_change_its_bytes(files: dict[str, str]) -> None:
    def archive(names: list[str]) -> pulumi.Archive:
        return pulumi.AssetArchive({name: pulumi.StringAsset(files[name]) for name in names})

    assert zipped(archive(sorted(files))) == zipped(archive(sorted(files, reverse=True)))


def test_a_folder_and_its_files_named_one_by_one_are_the_same_archive(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b.py").write_text("b = 1")
    (tmp_path / "c.py").write_text("c = 1")
    file = pulumi.FileAsset(str(tmp_path / "a" / "b.py"))
    inner = pulumi.AssetArchive({"b.py": file})
    named = pulumi.AssetArchive({"c.py": pulumi.StringAsset("c = 1"), "a": inner})
    assert zipped(pulumi.FileArchive(str(tmp_path))) == zipped(named)


def test_an_archive_from_the_network_is_refused() -> None:
    with pytest.raises(TypeError, match="got RemoteArchive"):
        zipped(pulumi.RemoteArchive("https://example.com/a.zip"))
