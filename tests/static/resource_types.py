"""The table of how AWS says what Pulumi's resources say; resource_types.toml describes a row."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    of: str
    by: str
    output: str
    property: str


class Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    cloudformation: str = ""
    absent: str = ""
    name: str = ""
    under: str = ""
    value: str = ""
    part: Part | None = None
    rename: Mapping[str, str] = {}
    omit: Mapping[str, str] = {}
    add: Mapping[str, Any] = {}
    outputs: Mapping[str, Any] = {}


ROWS = TypeAdapter(Mapping[str, Row]).validate_python(
    tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
)
