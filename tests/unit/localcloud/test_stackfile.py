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


def test_a_file_that_pulumi_wrote_back_says_what_it_said_before(root: Path) -> None:
    by_hand = "config: {aws:region: eu-west-1, shop:rate: 0.5, shop:days: 90, shop:enabled: false}"
    write(root, "Pulumi.dev.yaml", by_hand)
    before = stack_config(root, "dev")
    write(
        root,
        "Pulumi.dev.yaml",
        """
        config:
          aws:region: eu-west-1
          shop:rate: "0.5"
          shop:days: "90"
          shop:enabled: "false"
        encryptionsalt: v1:hFp4QDodIqg=:v1:q7zGFiga1FirGEF+:uDXLOrlb2fv2zepG5vG6lrBhad043g==
        """,
    )
    assert stack_config(root, "dev") == before


@pytest.mark.parametrize("value", ["2024-05-01", "{tags: {since: 2024-05-01}}", "{2024-05-01: x}"])
def test_a_date_is_refused_by_its_key_until_it_is_put_in_quotes(root: Path, value: str) -> None:
    write(root, "Pulumi.dev.yaml", f"config: {{shop:key: {value}}}")
    with pytest.raises(StackFileError, match=r"Pulumi\.dev\.yaml: 'shop:key' .* put it in quotes"):
        stack_config(root, "dev")
    write(root, "Pulumi.dev.yaml", 'config: {shop:key: {tags: {since: "2024-05-01"}}}')
    assert stack_config(root, "dev").values["shop:key"] == '{"tags":{"since":"2024-05-01"}}'


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"config:\n\tshop:days: 1", "must be YAML, and cannot be read"),
        ("config: {shop:name: caf\u00e9}".encode("latin-1"), "must be YAML, and cannot be read"),
        (b"- config", r"the file must be keys with values, got \['config'\]"),
        (b"config: [shop:days]", r"`config` must be keys with values, got \['shop:days'\]"),
    ],
)
def test_a_file_that_is_no_stacks_is_refused_by_its_name(
    root: Path, content: bytes, rule: str
) -> None:
    (root / "Pulumi.dev.yaml").write_bytes(content)
    with pytest.raises(StackFileError, match=rf"Pulumi\.dev\.yaml:? {rule}"):
        stack_config(root, "dev")


def test_a_stack_file_is_read_in_the_encoding_that_its_first_bytes_tell(root: Path) -> None:
    for encoding in ("utf-8", "utf-16"):
        (root / "Pulumi.dev.yaml").write_bytes("config: {shop:name: caf\u00e9}".encode(encoding))
        assert stack_config(root, "dev").values == {"shop:name": "caf\u00e9"}


def test_a_project_without_a_name_is_refused(root: Path) -> None:
    write(root, "Pulumi.yaml", "runtime: python")
    write(root, "Pulumi.dev.yaml", "config: {}")
    with pytest.raises(StackFileError, match=r"must have the project's `name`, and has \['runtime"):
        stack_config(root, "dev")


def test_an_empty_stack_file_is_a_stack_without_values(root: Path) -> None:
    write(root, "Pulumi.dev.yaml", "")
    assert stack_config(root, "dev").values == {}


def test_a_stack_without_a_region_says_how_to_give_it_one() -> None:
    with pytest.raises(StackFileError, match="pulumi config set aws:region <region> --stack dev"):
        _ = StackConfig(project="shop", stack="dev", values={}).region


# A key on one line has at most 1,024 characters in YAML, and JSON writes up to 12 for each of ours.
KEYS = st.text(max_size=80).filter("secure".__ne__)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner),
    max_leaves=8,
)


@given(PLAIN.filter(lambda value: not isinstance(value, str)))
def test_what_is_not_text_is_found_again_by_parsing_the_text(value: object) -> None:
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), "Pulumi.yaml", PROJECT)
        write(Path(folder), "Pulumi.dev.yaml", json.dumps({"config": {"shop:key": value}}))
        assert json.loads(stack_config(Path(folder), "dev").values["shop:key"]) == value
