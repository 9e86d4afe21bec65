"""docs/consuming.md: its tables say what there is, and what it shows fits that."""

import difflib
import re
import runpy
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from handlers.realtime.ingress import from_queue
from tests.infra.harness import deploy
from tests.infra.recorded import PAGE, everything, page


def blocks(language: str) -> list[str]:
    pattern = rf"^```{language}\n(.*?)^```"
    return re.findall(pattern, PAGE.read_text(), re.MULTILINE | re.DOTALL)


def test_the_tables_say_what_there_is() -> None:
    written, now = PAGE.read_text(), page(deploy(everything))
    difference = "\n".join(
        difflib.unified_diff(written.splitlines(), now.splitlines(), "written", "made")
    )
    assert not difference, (
        "names of resources, arguments and outputs are promises; if the change is meant, run"
        f" `make record` and say so in the changelog\n{difference}"
    )


@mock_aws
def test_the_function_of_the_page_sends_what_the_publish_queue_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (source,) = (text for text in blocks("python") if "def handler(" in text)
    (tmp_path / "place.py").write_text(source)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName="publish.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    monkeypatch.setenv("PUBLISH_QUEUE_URL", url)
    handler = runpy.run_path(str(tmp_path / "place.py"))["handler"]
    handler({"customer": "a b", "order": "42"}, None)
    (message,) = sqs.receive_message(QueueUrl=url, AttributeNames=["All"])["Messages"]
    request = from_queue(message["Body"], 0)
    assert (request.channel, request.source) == ("user:a%20b", "orders")
    assert message["Attributes"]["MessageGroupId"] == request.channel
    assert message["Attributes"]["MessageDeduplicationId"] == request.id
