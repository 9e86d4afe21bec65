"""Holds a request to rules of DynamoDB's that its service model cannot say and emulators let pass.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html has the limits,
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.html the syntax.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any, cast

# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ReservedWords.html
RESERVED = frozenset(Path(__file__).with_name("reserved_words.txt").read_text().split())
FUNCTIONS = ("contains", "size")
"""Those that are reserved words too."""
OPERATORS = {"AND", "OR", "NOT", "BETWEEN", "IN"}
CLAUSES = {"SET", "ADD", "REMOVE", "DELETE"}
EXPRESSIONS = (
    *("UpdateExpression", "ConditionExpression", "KeyConditionExpression"),
    *("FilterExpression", "ProjectionExpression"),
)
EXPRESSION_BYTES = 4096
TOKEN = re.compile(r"[#:]?\w+|<>|<=|>=|[^\s\w]")

Request = Mapping[str, Any]
Keys = Mapping[str, Sequence[str]]
"""Table -> names of its key's attributes."""


def violations(operation: str, params: Request, keys: Keys) -> Iterator[str]:
    """A sentence for each rule that the request breaks."""
    for holder in _holders(operation, params):
        yield from _aliases(holder)
        for kind in EXPRESSIONS:
            if kind in holder:
                yield from _expression(kind, holder)
        yield from _filter(holder, keys)
    yield from _sets(params)
    yield from _duplicates(operation, params, keys)


def _holders(operation: str, params: Request) -> list[Request]:
    """The parts of a request that have expressions of their own, each with its aliases."""
    match operation:
        case "TransactWriteItems" | "TransactGetItems":
            return [action for item in params["TransactItems"] for action in item.values()]
        case "BatchGetItem":
            return list(params["RequestItems"].values())
        case _:
            return [params]


def _aliases(holder: Request) -> Iterator[str]:
    tokens = {token for kind in EXPRESSIONS for token in _tokens(holder.get(kind, ""))}
    for prefix, given in (("#", "ExpressionAttributeNames"), (":", "ExpressionAttributeValues")):
        defined = set(holder.get(given, ()))
        used = {token for token in tokens if token.startswith(prefix)}
        if used != defined:
            yield f"{given}: unused {sorted(defined - used)}, undefined {sorted(used - defined)}"


def _expression(kind: str, holder: Request) -> Iterator[str]:
    text = holder[kind]
    tokens = _tokens(text)
    if len(text.encode()) > EXPRESSION_BYTES:
        yield f"{kind}: must have {EXPRESSION_BYTES} bytes at most, got {len(text.encode())}"
    grammar = OPERATORS | (CLAUSES if kind == "UpdateExpression" else set[str]())
    for token, following in pairwise([*tokens, ""]):
        called = token in FUNCTIONS and following == "("
        if token.upper() in RESERVED - grammar and not called:
            yield f"{kind}: {token!r} is a reserved word and must have an alias, in {text!r}"
    if _redundant(tokens):
        yield f"{kind}: has redundant parentheses, in {text!r}"
    names = cast("Mapping[str, str]", holder.get("ExpressionAttributeNames", {}))
    for one, other in combinations(_paths(kind, tokens, names), 2):
        shared = min(len(one), len(other))
        if one[:shared] == other[:shared]:
            yield f"{kind}: {_dotted(one)} and {_dotted(other)} overlap, in {text!r}"


def _tokens(text: str) -> list[str]:
    return TOKEN.findall(text)


def _redundant(tokens: Sequence[str]) -> bool:
    """Whether parentheses have nothing within them but other parentheses: `((a = b))`."""
    opened: list[int] = []
    pairs: set[tuple[int, int]] = set()
    for place, token in enumerate(tokens):
        if token == "(":
            opened.append(place)
        elif token == ")":
            pairs.add((opened.pop(), place))
    return any((start + 1, end - 1) in pairs for start, end in pairs)


def _paths(kind: str, tokens: Sequence[str], names: Mapping[str, str]) -> list[tuple[str, ...]]:
    """What an update writes, or a projection reads: each document path by its parts."""
    if kind not in ("UpdateExpression", "ProjectionExpression"):
        return []
    parts: list[list[str]] = [[]]
    depth = 0
    for token in tokens:
        depth += (token in "([") - (token in ")]")
        if depth == 0 and (token == "," or token.upper() in CLAUSES):
            parts.append([])
        else:
            parts[-1].append(token)
    return [_path(part, names) for part in parts if part]


def _path(part: Sequence[str], names: Mapping[str, str]) -> tuple[str, ...]:
    """Up to what the path is set to: `#a.b[0] = :x` or, in ADD and DELETE, `#a :x`."""
    ends = (place for place, token in enumerate(part) if token == "=" or token.startswith(":"))
    path = part[: next(ends, len(part))]
    return tuple(names.get(token, token) for token in path if token not in (".", "[", "]"))


def _dotted(path: Sequence[str]) -> str:
    return ".".join(path)


def _filter(holder: Request, keys: Keys) -> Iterator[str]:
    """A query filters by what is no key; keys belong into the condition."""
    if "KeyConditionExpression" not in holder or "IndexName" in holder:
        return
    names = holder.get("ExpressionAttributeNames", {})
    filtered = {names.get(token, token) for token in _tokens(holder.get("FilterExpression", ""))}
    for name in filtered.intersection(keys.get(holder["TableName"], ())):
        yield f"FilterExpression: {name!r} is of the table's key, which a query cannot filter by"


def _sets(value: Any) -> Iterator[str]:
    """A set has members, each of them once."""
    if isinstance(value, Mapping):
        for kind, item in cast("Mapping[str, Any]", value).items():
            if kind in ("SS", "NS", "BS") and (not item or len(set(item)) < len(item)):
                yield f"{kind}: a set must have members, each of them once, got {item!r}"
            yield from _sets(item)
    elif isinstance(value, list):
        for item in cast("list[Any]", value):
            yield from _sets(item)


def _duplicates(operation: str, params: Request, keys: Keys) -> Iterator[str]:
    """A transaction or batch names an item once."""
    seen: list[tuple[str, Request]] = []
    for table, item in _named(operation, params):
        known = keys.get(table, sorted(item))
        key = {name: item[name] for name in known}
        if (table, key) in seen:
            yield f"{operation}: names the item {key} of {table!r} more than once"
        seen.append((table, key))


def _named(operation: str, params: Request) -> Iterator[tuple[str, Request]]:
    match operation:
        case "TransactWriteItems" | "TransactGetItems":
            for action in _holders(operation, params):
                yield action["TableName"], action.get("Key") or action["Item"]
        case "BatchWriteItem":
            for table, writes in params["RequestItems"].items():
                actions = (action for write in writes for action in write.values())
                yield from ((table, action.get("Key") or action["Item"]) for action in actions)
        case "BatchGetItem":
            for table, reads in params["RequestItems"].items():
                yield from ((table, key) for key in reads["Keys"])
        case _:
            return
