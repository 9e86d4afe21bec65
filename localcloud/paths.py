"""JMESPath, by which recipes find a value in an answer."""

import json
from typing import Any

import jmespath
import jmespath.functions


class _Functions(jmespath.functions.Functions):
    """JMESPath can write JSON and not read it: a policy arrives as a text."""

    @jmespath.functions.signature({"types": ["string", "null"]})
    def _func_from_json(self, value: str | None) -> Any:
        return json.loads(value) if value else None


def search(path: str, value: Any) -> Any:
    return jmespath.search(path, value, jmespath.Options(custom_functions=_Functions()))
