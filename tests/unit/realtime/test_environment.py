from dataclasses import dataclass

import pytest

from handlers.environment import MissingVariable, read


@dataclass(frozen=True)
class Base:
    table_name: str


@dataclass(frozen=True)
class Environment(Base):
    maximum: int
    strict: bool


@pytest.fixture(autouse=True)
def variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"TABLE_NAME": "t", "MAXIMUM": "7", "STRICT": "false"}.items():
        monkeypatch.setenv(name, value)


def test_fields_also_inherited_ones_are_read_from_variables_in_capitals() -> None:
    assert read(Environment) == Environment(table_name="t", maximum=7, strict=False)


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("TABLE_NAME", "", "TABLE_NAME must be set and not empty"),
        ("MAXIMUM", "many", "MAXIMUM must be a whole number, got 'many'"),
        ("STRICT", "True", "STRICT must be true or false, got 'True'"),
    ],
)
def test_a_malformed_variable_is_named(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(MissingVariable, match=sentence):
        read(Environment)


def test_a_missing_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MAXIMUM")
    with pytest.raises(MissingVariable, match="MAXIMUM must be set"):
        read(Environment)
