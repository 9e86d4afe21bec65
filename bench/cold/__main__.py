"""`make bench-cold`: imports and first calls in fresh interpreters, ours and plain in turn."""

import argparse
import compileall
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..machine import described
from . import report, stage
from .figures import Figures, Round, Times, figures
from .samples import ENVIRONMENT, SAMPLES, Sample

PROBE = Path(__file__).with_name("probe.py")


class ProbeError(Exception):
    """A function did not get to where it is measured."""


@dataclass(frozen=True)
class Subject:
    sample: Sample
    ours: stage.Function
    compiled: stage.Function
    plain: stage.Function


def probed(function: stage.Function, sample: Sample) -> Times:
    asked = {
        "folders": [str(folder) for folder in function.folders],
        "module": function.module,
        "event": sample.event,
    }
    ran = subprocess.run(  # noqa: S603 - the project's own script
        [sys.executable, "-ISB", str(PROBE), json.dumps(asked)],
        capture_output=True,
        check=False,
        cwd=function.folders[0],
        env={"PATH": os.defpath, **ENVIRONMENT},
        text=True,
        timeout=60,
    )
    if ran.returncode:
        raise ProbeError(f"{function.module} failed:\n{ran.stdout[-2000:]}{ran.stderr[-4000:]}")
    times = json.loads(ran.stdout.splitlines()[-1])
    if times["called_aws"] != sample.calls_aws:
        raise ProbeError(f"{function.module} must get to its first call of AWS:\n{ran.stdout}")
    return Times(times["import_seconds"], times["first_call_seconds"])


def _subjects(folder: Path) -> list[Subject]:
    boto3 = stage.boto3(folder / "boto3")
    for name in stage.IN_LAMBDA:  # Lambda's own packages are compiled
        compileall.compile_dir(str(boto3 / name), quiet=2)
    shared = (stage.layer(folder / "layer"), boto3)
    compiled = (stage.layer(folder / "compiled" / "layer"), boto3)
    subjects = [
        Subject(
            sample,
            stage.ours(sample.function, folder / "ours" / sample.plain, shared),
            stage.ours(sample.function, folder / "compiled" / sample.plain, compiled),
            stage.plain(sample.plain, folder / "plain" / sample.plain, boto3),
        )
        for sample in SAMPLES
    ]
    compileall.compile_dir(str(folder / "compiled"), quiet=2)
    return subjects


def measured(subjects: Sequence[Subject], rounds: int) -> dict[str, Figures]:
    taken: dict[str, list[Round]] = {subject.sample.function: [] for subject in subjects}
    for _ in range(rounds):
        for subject in subjects:
            taken[subject.sample.function].append(_round(subject))
    return {
        each.sample.function: figures(
            taken[each.sample.function], each.ours.zip_bytes, each.plain.zip_bytes
        )
        for each in subjects
    }


def _round(subject: Subject) -> Round:
    return Round(
        ours=probed(subject.ours, subject.sample),
        compiled=probed(subject.compiled, subject.sample),
        plain=probed(subject.plain, subject.sample),
    )


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=15)
    rounds: int = arguments.parse_args().rounds
    machine = described()  # before: the load that it names is not the measurement's own
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = measured(_subjects(folder), rounds)
        layer_bytes = stage.layer_zip_bytes(folder)
    written = report.write(found, rounds=rounds, layer_zip_bytes=layer_bytes, machine=machine)
    sys.stdout.write(written + "\n")


if __name__ == "__main__":
    main()
