import json
import tempfile
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localcloud import StackConfig, StackFileError, stack_config

PROJECT = """
name: shop
runtime: python
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "Pulumi.yaml").write_text(PROJECT)
    return tmp_path


def write(root: Path, name: str, text: str) -> None:
    (root / name).write_text(dedent(text))


def test_values_are_text_as_a_program_gets_them_from_the_cli(root: Path) -> None:
    write(
        root,
        "Pulumi.dev.yaml",
        """
        config:
          aws:region: eu-west-1
          shop:days: 30
          shop:rate: 0.5
          shop:enabled: true
          shop:number: "30"
          shop:origins: [https://a.example, https://b.example]
          aws:defaultTags:
            tags: {stack: dev}
        """,
    )
    stack = stack_config(root, "dev")
    assert (stack.project, stack.stack, stack.region) == ("shop", "dev", "eu-west-1")
    assert stack.values == {
        "aws:region": "eu-west-1",
        "shop:days": "30",
        "shop:rate": "0.5",
        "shop:enabled": "true",
        "shop:number": "30",
        "shop:origins": '["https://a.example","https://b.example"]',
        "aws:defaultTags": '{"tags":{"stack":"dev"}}',
    }


def test_the_projects_defaults_fill_what_the_stack_leaves_out(root: Path) -> None:
    write(
        root,
        "Pulumi.yaml",
        """
        name: shop
        config:
          days: {type: integer, default: 7}
          rate: {type: integer, default: 1}
          required: {type: string}
          short: text
          aws:region: {value: eu-north-1}
        """,
    )
    write(root, "Pulumi.dev.yaml", "config: {shop:days: 30}")
    assert stack_config(root, "dev").values == {
        "shop:days": "30",
        "shop:rate": "1",
        "shop:short": "text",
        "aws:region": "eu-north-1",
    }


def test_a_key_that_the_project_declares_secret_is_one_where_it_has_a_value(root: Path) -> None:
    write(
        root,
        "Pulumi.yaml",
        "name: shop\nconfig: {a: {type: string, secret: true}, b: {type: string, secret: true}}",
    )
    write(root, "Pulumi.dev.yaml", "config: {shop:a: given}")
    assert stack_config(root, "dev").secrets == {"shop:a"}


@pytest.mark.parametrize("value", ["{secure: v1:abc}", "{nested: [{secure: v1:abc}]}"])
def test_an_encrypted_value_is_refused_by_its_name(root: Path, value: str) -> None:
    write(root, "Pulumi.dev.yaml", f"config: {{shop:key: {value}}}")
    with pytest.raises(StackFileError, match=r"Pulumi\.dev\.yaml: 'shop:key' is encrypted"):
        stack_config(root, "dev")


def test_a_stack_that_does_not_exist_is_answered_with_those_that_do(root: Path) -> None:
    write(root, "Pulumi.dev.yaml", "config: {}")
    with pytest.raises(StackFileError, match=r"no stack 'pord'.*Pulumi\.dev\.yaml"):
        stack_config(root, "pord")


def test_a_folder_without_a_project_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "Pulumi.dev.yaml", "config: {}")
    with pytest.raises(StackFileError, match=r"Pulumi\.yaml, which does not exist"):
        stack_config(tmp_path, "dev")


def test_an_empty_stack_file_is_a_stack_without_values(root: Path) -> None:
    write(root, "Pulumi.dev.yaml", "")
    assert stack_config(root, "dev").values == {}


def test_a_stack_without_a_region_says_how_to_give_it_one() -> None:
    with pytest.raises(StackFileError, match="pulumi config set aws:region <region> --stack dev"):
        _ = StackConfig(project="shop", stack="dev", values={}).region


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text().filter("secure".__ne__), inner),
    max_leaves=8,
)


@given(PLAIN.filter(lambda value: not isinstance(value, str)))
def test_what_is_not_text_is_found_again_by_parsing_the_text(value: object) -> None:
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), "Pulumi.yaml", PROJECT)
        write(Path(folder), "Pulumi.dev.yaml", json.dumps({"config": {"shop:key": value}}))
        assert json.loads(stack_config(Path(folder), "dev").values["shop:key"]) == value
