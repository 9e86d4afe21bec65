"""What the inferred schema becomes; `make test-languages` compiles the code generated from it."""

import json
from typing import Any

from components.provider.schema import GO_IMPORT_PATH, for_generators, spelling

RULE = {"$ref": "#/types/p:index:RuleArgs", "plain": True, "description": "Of stage_name."}
INFERRED: dict[str, Any] = {
    "language": {"go": {"respectSchemaVersion": True}},
    "resources": {
        "p:index:Door": {
            "inputProperties": {
                "rules": {"type": "array", "plain": True, "items": RULE, "description": "Of all."},
                "rule": RULE,
                "names": {
                    "type": "object",
                    "additionalProperties": {"type": "string", "plain": True, "description": "x"},
                },
                "nested": {"type": "array", "items": {"type": "array", "items": RULE}},
            },
            "properties": {"items": {"type": "string", "description": "Goes\n    on."}},
        }
    },
    "types": {
        "p:index:RuleArgs": {
            "description": "The stage_name's.",
            "properties": {
                "a": {"type": "string", "plain": True, "description": "Or 'stage_name'."}
            },
        }
    },
}


def repaired() -> dict[str, Any]:
    return json.loads(for_generators(json.dumps(INFERRED), spelling(["stage_name", "rules"])))


def test_elements_are_types_and_no_plain_objects() -> None:
    inputs = repaired()["resources"]["p:index:Door"]["inputProperties"]
    rule = {"$ref": "#/types/p:index:Rule"}
    assert inputs["rules"]["items"] == rule
    assert inputs["nested"]["items"]["items"] == rule
    assert inputs["names"]["additionalProperties"] == {"type": "string", "plain": True}


def test_properties_stay_plain_and_described() -> None:
    inputs = repaired()["resources"]["p:index:Door"]["inputProperties"]
    assert inputs["rule"] == {
        "$ref": "#/types/p:index:Rule",
        "plain": True,
        "description": "Of stageName.",
    }
    assert (inputs["rules"]["plain"], inputs["rules"]["description"]) == (True, "Of all.")


def test_a_property_called_items_is_a_property() -> None:
    outputs = repaired()["resources"]["p:index:Door"]["properties"]
    assert outputs == {"items": {"type": "string", "description": "Goes on."}}


def test_types_of_arguments_lose_the_ending_that_generators_add() -> None:
    assert repaired()["types"].keys() == {"p:index:Rule"}


def test_descriptions_spell_names_as_callers_do_and_leave_values_alone() -> None:
    rule = repaired()["types"]["p:index:Rule"]
    assert rule["description"] == "The stageName's."
    assert rule["properties"]["a"]["description"] == "Or 'stage_name'."


def test_only_whole_names_are_spelled_anew() -> None:
    spell = spelling(["layer_arn", "layer_arns"])
    assert spell("layer_arns, (layer_arn), my_layer_arn; Api.layer_arn") == (
        "layerArns, (layerArn), my_layer_arn; Api.layerArn"
    )


def test_go_imports_the_package_from_where_the_schema_says() -> None:
    go = {"respectSchemaVersion": True, "importBasePath": GO_IMPORT_PATH}
    assert repaired()["language"]["go"] == go
