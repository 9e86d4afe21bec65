from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pulumi
import pytest

from localcloud import Change, State
from localcloud.lifecycle import CannotChange, Lifecycle

FUNCTION = "aws:lambda/function:Function"
LAYER = "aws:lambda/layerVersion:LayerVersion"
QUEUE = "aws:sqs/queue:Queue"
SEED = b"seed"


class Recorder:
    """Takes what a state asks of the cloud."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []
        self.refuses = False

    def create(
        self, _type: str, name: str, inputs: Mapping[str, Any], *_where: object
    ) -> tuple[str, dict[str, Any]]:
        self.calls.append(("create", name))
        return f"{name}-{len(self.calls)}", {"name": f"{name}-1", **inputs}

    def update(
        self, _type: str, id_: str, state: Mapping[str, Any], inputs: Mapping[str, Any], *how: Any
    ) -> dict[str, Any]:
        if self.refuses:
            raise CannotChange("no row")
        changed, _ = how
        self.calls.append(("update", f"{id_} {' '.join(sorted(changed))}"))
        return {**state, **inputs}

    def delete(self, _type: str, id_: str, *_what: object) -> None:
        self.calls.append(("delete", id_))


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def state() -> State:
    return State()


Declared = Mapping[tuple[str, str], Mapping[str, Any]]


def deploy(state: State, recorder: Recorder, declared: Declared, region: str = "r") -> list[Change]:
    """What a deployment of these resources changed."""
    recorder.calls.clear()
    state.begin()
    cloud = cast("Lifecycle", recorder)
    for (type_, name), inputs in declared.items():
        state.apply(cloud, type_, name, dict(inputs), region, SEED)
    state.finish(cloud)
    return list(state.changes)


def verbs(changes: list[Change]) -> dict[str, str]:
    return {change.name: change.verb for change in changes}


def code(text: str) -> pulumi.Archive:
    return pulumi.AssetArchive({"app.py": pulumi.StringAsset(text)})


def test_a_second_deployment_of_the_same_program_changes_nothing(
    state: State, recorder: Recorder
) -> None:
    declared: Declared = {(QUEUE, "jobs"): {}, (FUNCTION, "work"): {"code": code("1")}}
    assert verbs(deploy(state, recorder, declared)) == {"jobs": "created", "work": "created"}
    again: Declared = {(QUEUE, "jobs"): {}, (FUNCTION, "work"): {"code": code("1")}}
    assert deploy(state, recorder, again) == []
    assert recorder.calls == []


def test_a_file_that_changed_under_the_same_path_updates_the_function(
    state: State, recorder: Recorder, tmp_path: Path
) -> None:
    file = tmp_path / "app.py"
    archive = pulumi.AssetArchive({"app.py": pulumi.FileAsset(str(file))})
    file.write_text("old")
    deploy(state, recorder, {(FUNCTION, "work"): {"code": archive}})
    file.write_text("new")
    changes = deploy(state, recorder, {(FUNCTION, "work"): {"code": archive}})
    assert verbs(changes) == {"work": "updated"}
    assert recorder.calls == [("update", "work-1 code")]


def test_an_input_that_is_taken_away_falls_back_to_its_default_once(
    state: State, recorder: Recorder
) -> None:
    deploy(state, recorder, {(FUNCTION, "work"): {"memorySize": 256, "loggingConfig": {}}})
    deploy(state, recorder, {(FUNCTION, "work"): {}})
    assert recorder.calls == [("update", "work-1 memorySize")]
    assert state.of(FUNCTION)["work"].inputs["memorySize"] == 128
    assert deploy(state, recorder, {(FUNCTION, "work"): {}}) == []


def test_a_replacement_with_a_name_follows_the_deletion_of_the_old_one(
    state: State, recorder: Recorder
) -> None:
    deploy(state, recorder, {(QUEUE, "jobs"): {}})
    changes = deploy(state, recorder, {(QUEUE, "jobs"): {"fifoQueue": True}})
    assert verbs(changes) == {"jobs": "replaced"}
    assert [call for call, _ in recorder.calls] == ["delete", "create"]


def test_a_replacement_without_a_name_leaves_the_old_one_until_nothing_uses_it(
    state: State, recorder: Recorder
) -> None:
    use = (FUNCTION, "work")
    deploy(state, recorder, {(LAYER, "layer"): {"description": "1"}, use: {"description": "1"}})
    deploy(state, recorder, {(LAYER, "layer"): {"description": "2"}, use: {"description": "2"}})
    assert [call for call, _ in recorder.calls] == ["create", "update", "delete"]


def test_another_region_replaces(state: State, recorder: Recorder) -> None:
    deploy(state, recorder, {(QUEUE, "jobs"): {}})
    changes = deploy(state, recorder, {(QUEUE, "jobs"): {}}, region="elsewhere")
    assert verbs(changes) == {"jobs": "replaced"}


def test_what_the_program_no_longer_declares_is_deleted_dependents_first(
    state: State, recorder: Recorder
) -> None:
    deploy(state, recorder, {(QUEUE, "jobs"): {}, (FUNCTION, "work"): {}, (LAYER, "kept"): {}})
    changes = deploy(state, recorder, {(LAYER, "kept"): {}})
    assert verbs(changes) == {"jobs": "deleted", "work": "deleted"}
    assert recorder.calls == [("delete", "work-2"), ("delete", "jobs-1")]


def test_a_change_that_the_cloud_refuses_is_tried_again_by_the_next_deployment(
    state: State, recorder: Recorder
) -> None:
    deploy(state, recorder, {(QUEUE, "jobs"): {"delaySeconds": 1}})
    recorder.refuses = True
    with pytest.raises(CannotChange):
        deploy(state, recorder, {(QUEUE, "jobs"): {"delaySeconds": 2}})
    assert deploy(state, recorder, {(QUEUE, "jobs"): {"delaySeconds": 1}}) == []
    recorder.refuses = False
    assert verbs(deploy(state, recorder, {(QUEUE, "jobs"): {"delaySeconds": 2}}))
