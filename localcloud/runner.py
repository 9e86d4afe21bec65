"""Runs a Pulumi program in this process, without the Pulumi CLI, against any resource monitor.

The one way to run a program: the local cloud's deploy and the infra tests differ in the monitor
alone. The first error reaches the caller as itself with its cause, where Pulumi would lose both.
"""

import asyncio
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, cast

from pulumi.runtime import mocks, rpc, settings
from pulumi.runtime.config import set_all_config
from pulumi.runtime.stack import run_in_stack

PARALLEL_CALLS = 8
"""Resources in the making at a time, of those that do not depend on each other."""

Program = Callable[[], object]


def run_program(  # noqa: PLR0913 - what the CLI passes to a program, each by name
    program: Program,
    *,
    project: str,
    stack: str,
    monitor: mocks.MockMonitor,
    config: Mapping[str, str],
    secrets: Sequence[str] = (),
    preview: bool = False,
) -> dict[str, Any]:
    """Returns the stack's exports as plain data; in a preview without those not known yet.

    `config` maps full keys (`project:name`) to text, as the CLI hands them to a program; `secrets`
    names those of its keys that are secret. Calls share nothing and may run in parallel.
    """
    watched = _Watched(monitor)

    async def main(calls: ThreadPoolExecutor) -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(_ignore_repetitions)
        loop.set_default_executor(calls)
        settings.configure(
            settings.Settings(
                project=project,
                stack=stack,
                monitor=watched,
                engine=mocks.MockEngine(None),
                dry_run=preview,
                organization="local",
            )
        )
        set_all_config(dict(config), list(secrets))
        await _run(program)

    # Pulumi keeps its state in context variables, which start empty in a new thread, and wants an
    # event loop to itself, where the caller may have one running.
    with threads_with_loops() as calls, ThreadPoolExecutor(1, f"pulumi-{stack}") as thread:
        thread.submit(lambda: asyncio.run(main(calls))).result()
    return watched.exports


@contextmanager
def threads_with_loops() -> Generator[ThreadPoolExecutor]:
    """Pulumi's mock monitor makes an event loop in each thread that calls it, and closes none."""
    loops: list[asyncio.AbstractEventLoop] = []

    def start() -> None:
        loops.append(asyncio.new_event_loop())
        asyncio.set_event_loop(loops[-1])

    try:
        with ThreadPoolExecutor(PARALLEL_CALLS, "pulumi-call", initializer=start) as threads:
            yield threads
    finally:
        for loop in loops:
            loop.close()


async def _run(program: Program) -> None:
    """One failure has many consequences, and Pulumi may report any: raises the first of them."""
    of_program: list[Exception] = []

    async def remembering() -> None:
        try:
            program()
        except Exception as error:
            of_program.append(error)
            raise
        await _settled()

    try:
        await run_in_stack(remembering)
    except Exception as error:  # noqa: BLE001 - it or what it follows from is raised
        calls: Any = cast("Any", settings.SETTINGS).rpc_manager
        first: Exception = (of_program or [calls.unhandled_exception or error])[0]
        # Pulumi raises an error `from` itself: its cause is then only to be found as its context.
        cause = first.__context__ if first.__cause__ is first else first.__cause__
        raise first from cause


async def _settled() -> None:
    """Waits for all outputs at once, and ends with the first that fails.

    Pulumi waits for the next one, and looks at all of them each time: the square of their number,
    which of a stack of 150 resources is a third of the deployment.
    """
    outputs: set[asyncio.Task[Any]] = cast("Any", settings.SETTINGS).outputs
    while waiting := [task for task in outputs if not task.done()]:
        done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_EXCEPTION)
        if any(task.cancelled() or task.exception() for task in done):
            return


class _Watched:
    """The monitor, with the stack's exports read in passing."""

    def __init__(self, monitor: mocks.MockMonitor) -> None:
        self._monitor: Any = monitor
        self.exports: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._monitor, name)

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802 - Pulumi's name
        if "::pulumi:pulumi:Stack::" in request.urn:
            self.exports = plain(rpc.deserialize_properties(request.outputs))
        return self._monitor.RegisterResourceOutputs(request)


def plain(value: Any) -> Any:
    """The value with the plain text of every secret in it; all else is kept."""
    if rpc.is_rpc_secret(value):
        return plain(rpc.unwrap_rpc_secret(value))
    if isinstance(value, dict):
        items = cast("dict[str, Any]", value).items()
        return {key: plain(item) for key, item in items}
    if isinstance(value, list):
        return [plain(item) for item in cast("list[Any]", value)]
    return value


def _ignore_repetitions(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Each output that waits for a failed resource holds the failure again; asyncio prints all."""
    if "never retrieved" not in context["message"]:
        loop.default_exception_handler(context)
