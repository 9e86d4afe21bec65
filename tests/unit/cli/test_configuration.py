from pathlib import Path

import pytest
from pydantic import BaseModel

from cli.configuration import page
from components.resources.regions import regions
from components.stack.region_settings import Raise
from components.stack.setting_errors import nested
from components.stack.settings import Settings

PAGE = (Path(__file__).parents[3] / "docs" / "configuration.md").read_text(encoding="utf-8")


def test_the_page_is_what_the_settings_say() -> None:
    assert page() == PAGE, "run: .venv/bin/python -m cli configuration > docs/configuration.md"


def models(model: type[BaseModel]) -> list[type[BaseModel]]:
    inner = [nested(field) for field in model.model_fields.values()]
    return [model, *(found for one in inner if one for found in models(one))]


@pytest.mark.parametrize("model", models(Settings), ids=lambda model: model.__name__)
def test_every_setting_is_on_the_page_with_its_meaning(model: type[BaseModel]) -> None:
    for field in model.model_fields.values():
        assert str(field.alias) in PAGE
        if not nested(field) and model is not Raise:
            assert field.description, field.alias
            assert field.description in PAGE


def test_every_region_is_on_the_page() -> None:
    assert all(f"| {code}, " in PAGE for code in regions().regions)
