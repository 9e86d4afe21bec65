"""Drives Pulumi's own engine, and keeps what the engine's events say.

A stack here is a folder with the files that a person would have there. Where a program is given it
runs in this process, so that a test pays neither for a language host nor for an import of Pulumi.
"""

import json
import runpy
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import pytest
import yaml
from pulumi import automation
from pulumi.automation import EngineEvent

UNCHANGED = "same"

Program = Callable[[], None]


@dataclass(frozen=True)
class Step:
    """What the engine does, or would do, with one resource."""

    operation: str
    urn: str

    @property
    def type(self) -> str:
        return self.urn.split("::")[2].rpartition("$")[2]

    @property
    def name(self) -> str:
        return self.urn.split("::", 3)[3]


@dataclass
class Run:
    """One preview, update, refresh or destruction, by the events of the engine."""

    steps: set[Step] = field(default_factory=set[Step])
    summary: Counter[str] = field(default_factory=Counter[str])
    """How many resources ended by which operation."""
    said: list[str] = field(default_factory=list[str])
    """Errors and warnings, and what breaks a policy, each as a person would read it."""

    def operations(self) -> set[str]:
        return {step.operation for step in self.steps}

    def changes(self) -> set[Step]:
        return {step for step in self.steps if step.operation != UNCHANGED}

    def names(self, operation: str) -> set[str]:
        return {step.name for step in self.steps if step.operation == operation}

    def take(self, event: EngineEvent) -> None:
        if step := event.resource_pre_event:
            self.steps.add(Step(str(step.metadata.op.value), step.metadata.urn))
        if (said := event.diagnostic_event) and said.severity in {"error", "warning"}:
            self.said.append(said.message.strip())
        if violation := event.policy_event:
            self.said.append(violation.message.strip())
        if (end := event.summary_event) is not None:
            self.summary = Counter({str(k): n for k, n in end.resource_changes.items()})

    @classmethod
    def logged(cls, file: Path) -> Self:
        """By the file that `pulumi --event-log` wrote."""
        run = cls()
        for line in file.read_text().splitlines():
            run.take(EngineEvent.from_json(json.loads(line)))  # pyright: ignore[reportUnknownMemberType]
        return run


@dataclass(frozen=True)
class Engine:
    """A place for states, with a provider plugin that plays AWS."""

    folder: Path
    environment: Mapping[str, str]
    """What makes `pulumi` use these, and nothing of the person who runs the tests."""

    @classmethod
    def at(cls, folder: Path, *, port: int) -> Self:
        """In an empty folder, with the provider that listens on the port."""
        state = folder / "state"
        state.mkdir()
        return cls(
            folder,
            {
                "PULUMI_BACKEND_URL": state.as_uri(),
                "PULUMI_CONFIG_PASSPHRASE": "of a test",
                "PULUMI_DEBUG_COMMANDS": "true",  # the log of events is an option only then
                "PULUMI_DEBUG_PROVIDERS": f"aws:{port}",
                "PULUMI_HOME": str(folder / "home"),
                "PULUMI_SKIP_CHECKPOINTS": "true",  # the state is written once, not at each step
                "PULUMI_SKIP_UPDATE_CHECK": "true",
            },
        )

    def stack(self, project: Path, name: str, program: Program) -> "Stack":
        """A new stack of the project in that folder, with the configuration that lies there."""
        files = {file: (project / file).read_text() for file in ("Pulumi.yaml", _file(name))}
        return self._stack(project.name, name, files, program)

    def stack_of(self, project: str, name: str, files: Mapping[str, str]) -> "Stack":
        """The same of a project of these files, which Pulumi's language host runs."""
        runtime = {"name": "python", "options": {"toolchain": "pip", "virtualenv": sys.prefix}}
        own = {
            "Pulumi.yaml": yaml.safe_dump({"name": project, "runtime": runtime}),
            _file(name): yaml.safe_dump({"config": {"aws:region": "eu-west-1"}}),
        }
        return self._stack(project, name, {**own, **files}, None)

    def _stack(
        self, project: str, name: str, files: Mapping[str, str], program: Program | None
    ) -> "Stack":
        folder = self.folder / project / name
        for file, text in files.items():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_text(text)
        workspace = automation.LocalWorkspace(
            work_dir=str(folder), program=program, env_vars=dict(self.environment)
        )
        return Stack(automation.Stack.create(name, workspace), folder)


@dataclass(frozen=True)
class Stack:
    pulumi: automation.Stack
    folder: Path

    @property
    def file(self) -> Path:
        return self.folder / _file(self.pulumi.name)

    def configuration(self) -> dict[str, Any]:
        return yaml.safe_load(self.file.read_text())["config"]

    def configure(self, **settings: Any) -> None:
        """Edits the stack's file as a person would; a name without a project is this one's."""
        document = yaml.safe_load(self.file.read_text())
        project = self.pulumi.workspace.project_settings().name
        document["config"] |= {f"{project}:{name}": value for name, value in settings.items()}
        self.file.write_text(yaml.safe_dump(document))

    def preview(self) -> Run:
        return self._done(self.pulumi.preview)

    def up(self) -> Run:
        return self._done(self.pulumi.up)

    def refresh(self) -> Run:
        return self._done(self.pulumi.refresh)

    def destroy(self) -> Run:
        return self._done(self.pulumi.destroy)

    def _done(self, operation: Callable[..., Any]) -> Run:
        run = Run()
        operation(on_event=run.take)
        return run

    def refused_preview(self) -> Run:
        run = Run()
        with pytest.raises(automation.CommandError):
            self.pulumi.preview(on_event=run.take)
        return run

    def refused_destruction(self) -> Run:
        """`pulumi destroy --yes`, which previews first: the Automation API would not."""
        log = self.folder / "events"
        with pytest.raises(automation.CommandError):
            self.pulumi.workspace.pulumi_command.run(
                ["destroy", "--yes", f"--stack={self.pulumi.name}", f"--event-log={log}"],
                str(self.folder),
                self.pulumi.workspace.env_vars,
            )
        return Run.logged(log)

    def outputs(self) -> dict[str, Any]:
        return {name: output.value for name, output in self.pulumi.outputs().items()}

    def resources(self) -> list[Any]:
        """What the stack's state holds."""
        state = self.pulumi.export_stack().deployment or {}
        return state.get("resources") or []


def program_of(folder: Path, *packages: str) -> Program:
    """The program in the folder; its packages are imported anew each time, as in a new process."""

    def program() -> None:
        for module in [m for m in sys.modules if m.partition(".")[0] in packages]:
            del sys.modules[module]
        runpy.run_path(str(folder), run_name="__main__")

    return program


def _file(stack: str) -> str:
    return f"Pulumi.{stack}.yaml"
