import asyncio
import gc
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pulumi
import pulumi_aws as aws
import pytest
from pulumi.runtime import mocks

from localcloud.runner import run_program


class Cloud(mocks.Mocks):
    """Creates anything, except what is called `refused`; keeps the names and the inputs it saw."""

    def __init__(self) -> None:
        self.inputs: dict[str, dict[str, Any]] = {}

    def call(self, args: mocks.MockCallArgs) -> Any:
        raise AssertionError(f"nobody looks up {args.token} here")

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        if args.name == "refused":
            try:
                raise ConnectionError("quota")
            except ConnectionError as error:
                raise LookupError("no room for a queue") from error
        self.inputs[args.name] = dict(cast("Any", args).inputs)
        return f"{args.name}-id", {"url": f"https://{args.name}", **self.inputs[args.name]}


def run(program: Callable[[], object], cloud: Cloud | None = None, **options: Any) -> Any:
    defaults: dict[str, Any] = {"project": "shop", "stack": "dev", "config": {}}
    monitor = mocks.MockMonitor(cloud or Cloud())
    return run_program(program, monitor=monitor, **(defaults | options))


def test_exports_are_plain_data_with_secrets_unwrapped_at_any_depth() -> None:
    def program() -> None:
        queue = aws.sqs.Queue("queue")
        pulumi.export("url", queue.url)
        pulumi.export("nested", {"list": [pulumi.Output.secret({"a": "b"}), 3]})

    assert run(program) == {"url": "https://queue", "nested": {"list": [{"a": "b"}, 3.0]}}


def test_the_program_reads_its_own_configuration_and_names() -> None:
    def program() -> None:
        config = pulumi.Config()  # noqa: TID251 - the program under test
        pulumi.export("days", config.require_int("days"))
        pulumi.export("key", config.require_secret("key"))
        pulumi.export("where", f"{pulumi.get_project()}/{pulumi.get_stack()}")

    config = {"shop:days": "30", "shop:key": "k"}
    exports = run(program, config=config, secrets=["shop:key"])
    assert exports == {"days": 30, "key": "k", "where": "shop/dev"}


def test_a_preview_calls_itself_one_and_an_update_does_not() -> None:
    def program() -> None:
        pulumi.export("preview", pulumi.runtime.is_dry_run())

    assert [run(program, preview=preview) for preview in (True, False)] == [
        {"preview": True},
        {"preview": False},
    ]


def test_an_asynchronous_program_runs_to_its_end() -> None:
    async def later() -> dict[str, Any]:
        await asyncio.sleep(0)
        return {"url": aws.sqs.Queue("queue").url}

    assert run(lambda: pulumi.run(later)) == {"url": "https://queue"}


def test_an_error_of_the_program_arrives_as_itself() -> None:
    error = pulumi.RunError("stack must be named after a colour")

    def program() -> None:
        raise error

    with pytest.raises(pulumi.RunError) as raised:
        run(program)
    assert raised.value is error


def test_the_programs_error_is_not_hidden_by_what_fails_after_it() -> None:
    def program() -> None:
        aws.sqs.Queue("refused")
        raise KeyError("colour")

    with pytest.raises(KeyError, match="colour"):
        run(program)


def test_a_refused_resource_arrives_as_itself_with_its_cause_whatever_hangs_on_it() -> None:
    def program() -> None:
        refused = aws.sqs.Queue("refused")
        for number in range(5):
            aws.sqs.Queue(f"after-{number}", name=refused.name)
        pulumi.export("url", refused.url)

    with pytest.raises(LookupError, match="no room for a queue") as raised:
        run(program)
    assert isinstance(raised.value.__cause__, ConnectionError)


def test_an_error_where_a_value_is_computed_keeps_its_type_and_text() -> None:
    def fail(url: str) -> str:
        raise ZeroDivisionError(f"cannot divide {url}")

    def program() -> None:
        pulumi.export("ratio", aws.sqs.Queue("queue").url.apply(fail))

    with pytest.raises(ZeroDivisionError, match="cannot divide https://queue"):
        run(program)


def test_one_failure_is_not_logged_once_more_for_everything_that_waited(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def program() -> None:
        refused = aws.sqs.Queue("refused")
        for number in range(20):
            refused.url.apply(lambda url, number=number: f"{url}{number}")

    with pytest.raises(LookupError):
        run(program)
    gc.collect()  # asyncio logs when it lets go of a failure that nobody looked at
    assert caplog.text == ""


def test_a_failed_run_leaves_nothing_to_the_next() -> None:
    with pytest.raises(LookupError):
        run(lambda: aws.sqs.Queue("refused"))
    cloud = Cloud()
    assert run(lambda: aws.sqs.Queue("queue"), cloud) == {}
    assert list(cloud.inputs) == ["queue"]


def test_runs_in_parallel_do_not_see_each_others_configuration() -> None:
    together = threading.Barrier(4)

    def program() -> None:
        together.wait(10)
        config = pulumi.Config()  # noqa: TID251 - the program under test
        pulumi.export("name", aws.sqs.Queue("queue", name=config.require("name")).name)

    def run_numbered(number: int) -> Any:
        project = f"shop{number}"
        return run(program, project=project, config={f"{project}:name": f"queue-{number}"})

    with ThreadPoolExecutor(4) as threads:
        exports = list(threads.map(run_numbered, range(4)))
    assert exports == [{"name": f"queue-{number}"} for number in range(4)]


def test_a_program_runs_where_the_caller_has_an_event_loop_of_its_own() -> None:
    async def caller() -> Any:
        return run(lambda: pulumi.export("a", "b"))

    assert asyncio.run(caller()) == {"a": "b"}
