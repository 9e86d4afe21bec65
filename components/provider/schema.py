"""The schema as code generators of every language can read it.

Pulumi infers it from annotations and docstrings, and spells it for Python. Its own generator for Go
makes code from some of it that does not compile, hence the repairs here; `make test-languages`
compiles what the generators make.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pulumi.provider.experimental.util import camel_case

# Nothing is published there: `pulumi package add` writes the module, and Go wants a name for it.
GO_IMPORT_PATH = "example.com/realtime-platform/sdk/go/realtime"


def spelling(names: Iterable[str]) -> Callable[[str], str]:
    """Writes these names, wherever a text has them, as every language but Python does."""
    camel = {name: camel_case(name) for name in names if "_" in name}
    # A name in quotes is a value that the caller gave.
    pattern = re.compile(rf"(?<![\w'\"])(?:{'|'.join(sorted(camel))})(?!\w)")
    return lambda text: pattern.sub(lambda found: camel[found[0]], text)


def for_generators(inferred: str, spell: Callable[[str], str]) -> str:
    # Generators add Args to the name of a type of arguments: TokenArgs would become TokenArgsArgs.
    schema = json.loads(re.sub(r"(:index:\w+)Args\b", r"\1", inferred))
    schema["language"]["go"]["importBasePath"] = GO_IMPORT_PATH
    for described in (*schema["resources"].values(), *schema["types"].values()):
        _spell_description(described, spell)
        for part in ("inputProperties", "properties"):
            for it in described.get(part, {}).values():
                _spell_description(it, spell)
                _repair_elements(it)
    return json.dumps(schema)


def _spell_description(described: dict[str, Any], spell: Callable[[str], str]) -> None:
    if "description" in described:
        described["description"] = spell(" ".join(described["description"].split()))


def _repair_elements(container: Mapping[str, Any]) -> None:
    """Types of elements have no description. One that is plain has no arguments in Go's code."""
    for part in ("items", "additionalProperties"):
        if part in container:
            element = container[part]
            element.pop("description", None)
            if "$ref" in element:
                element.pop("plain", None)
            _repair_elements(element)
