"""Runs a state machine's document: as much of Amazon States Language as the saga's uses.

An execution moves by one attempt at a time, so that a test acts between two attempts. The
interpreter raises on an element that it does not know. Pauses take no time.
"""

import copy
import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

Document = Mapping[str, Any]
Call = Callable[[str, Mapping[str, Any]], Any]
"""Stands in for a task's resource. Raises `TaskError`."""

KNOWN = {
    "Task": {
        *("Type", "Resource", "Parameters", "OutputPath", "TimeoutSeconds"),
        *("Retry", "Catch", "Next", "End"),
    },
    "Choice": {"Type", "Choices", "Default"},
    "Fail": {"Type", "Error", "Cause"},
}


class TaskError(Exception):
    """A task failed with an error of this name."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class Fault(enum.Enum):
    """The fault of one attempt of a task."""

    NONE = enum.auto()
    BEFORE = enum.auto()
    """It fails and nothing happened."""
    AFTER = enum.auto()
    """It happened, and is reported as failed."""
    LATE = enum.auto()
    """It timed out, and happens later."""


@dataclass
class Execution:
    document: Document
    name: str
    input: Mapping[str, Any]
    call: Call
    state: str = ""
    data: Any = None
    ended: str | None = None
    """`succeeded`, or the error's name."""
    late: list[Callable[[], object]] = field(default_factory=list[Callable[[], object]])
    """The effects that timed-out attempts will still have."""
    path: list[str] = field(default_factory=list[str])
    """The states it was in."""
    _tried: dict[int, int] = field(default_factory=dict[int, int])

    def __post_init__(self) -> None:
        self.data = self.input
        self._enter(self.document["StartAt"])

    def advance(self, fault: Fault = Fault.NONE) -> None:
        """One attempt of the current task, or one step through any other state."""
        state = self.document["States"][self.state]
        unknown = state.keys() - KNOWN[state["Type"]]
        assert not unknown, f"{self.state} has {unknown}, which the interpreter does not know"
        match state["Type"]:
            case "Task":
                self._attempt(state, fault)
            case "Choice":
                self._enter(self._chosen(state))
            case _:
                self.ended = state["Error"]

    @property
    def in_task(self) -> bool:
        return self.document["States"][self.state]["Type"] == "Task"

    def _attempt(self, state: Mapping[str, Any], fault: Fault) -> None:
        parameters = self._filled(state["Parameters"])
        try:
            result = self._result(state["Resource"], parameters, fault)
        except TaskError as error:
            self._failed(state, error)
            return
        self.data = self._select(state.get("OutputPath", "$"), result)
        if state.get("End"):
            self.ended = "succeeded"
        else:
            self._enter(state["Next"])

    def _result(self, resource: str, parameters: Mapping[str, Any], fault: Fault) -> Any:
        match fault:
            case Fault.NONE:
                return self.call(resource, parameters)
            case Fault.BEFORE:
                raise TaskError("Lambda.ServiceException")
            case Fault.AFTER:
                self.call(resource, parameters)
                raise TaskError("Lambda.SdkClientException")
            case Fault.LATE:
                self.late.append(lambda: self.call(resource, parameters))
                raise TaskError("States.Timeout")

    def _failed(self, state: Mapping[str, Any], error: TaskError) -> None:
        """The first retrier that fits decides whether there is another attempt."""
        for index, retrier in enumerate(state.get("Retry", [])):
            if _fits(retrier, error):
                self._tried[index] = self._tried.get(index, 0) + 1
                if self._tried[index] <= retrier["MaxAttempts"]:
                    return
                break
        for catcher in state.get("Catch", []):
            if _fits(catcher, error):
                self.data = {"Error": error.name, "Cause": ""}
                self._enter(catcher["Next"])
                return
        self.ended = error.name

    def _chosen(self, state: Mapping[str, Any]) -> str:
        for choice in state["Choices"]:
            if self._select(choice["Variable"], self.data) == choice["StringEquals"]:
                return choice["Next"]
        return state["Default"]

    def _enter(self, state: str) -> None:
        self.state, self._tried = state, {}
        self.path.append(state)

    def _filled(self, template: Any) -> Any:
        if not isinstance(template, dict):
            return template
        items = cast("dict[str, Any]", template).items()
        return {
            key.removesuffix(".$"): self._select(value, self.data)
            if key.endswith(".$")
            else self._filled(value)
            for key, value in items
        }

    def _select(self, path: str, data: Any) -> Any:
        context = {"Execution": {"Input": self.input, "Name": self.name}}
        value: Any = context if path.startswith("$$") else data
        for step in path.lstrip("$").split(".")[1:]:
            value = value[step]
        return copy.deepcopy(value)


def _fits(rule: Mapping[str, Any], error: TaskError) -> bool:
    return bool({"States.ALL", error.name} & set(rule["ErrorEquals"]))
