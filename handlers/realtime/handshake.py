"""Reads query parameters and headers of API Gateway's WebSocket events.

Header names come in any case, and a header or a parameter may repeat.
"""

from collections.abc import Mapping, Sequence
from typing import Any


def query(event: Mapping[str, Any]) -> Mapping[str, Sequence[str]]:
    return _values(event, "multiValueQueryStringParameters", "queryStringParameters")


def headers(event: Mapping[str, Any], name: str) -> Sequence[str]:
    """Every value of one header; `name` in lower case."""
    found = _values(event, "multiValueHeaders", "headers")
    return [value for key, values in found.items() if key.lower() == name for value in values]


def _values(event: Mapping[str, Any], several: str, one: str) -> Mapping[str, Sequence[str]]:
    # API Gateway sends null, not {}, where there is nothing.
    many: Mapping[str, Sequence[str]] = event.get(several) or {}
    single: Mapping[str, str] = event.get(one) or {}
    return many or {name: [value] for name, value in single.items()}
