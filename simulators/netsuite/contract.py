"""Checks a body against contract.json, the structural extract of the sales order's schema."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date
from importlib.resources import files
from typing import Any, NamedTuple

from simulators.core.wire import JsonValue, Number
from simulators.netsuite.errors import Trouble, invalid, missing

Schema = Mapping[str, Any]  # a JSON schema: its shape is its meaning

_TYPES: Mapping[str, type] = {"string": str, "boolean": bool, "object": dict, "array": list}


class Finding(NamedTuple):
    """What is wrong, or a name that the record does not have (`unknown`): that one may be dropped."""

    path: str
    trouble: Trouble
    unknown: bool = False


def sales_order() -> Schema:
    """The schema of a sales order."""
    text = (files("simulators.netsuite") / "contract.json").read_text(encoding="utf-8")
    schema: Schema = json.loads(text)["schemas"]["salesOrder"]
    return schema


def findings(schema: Schema, value: JsonValue, *, path: str = "", whole: bool = True) -> Iterator[Finding]:
    """Everything that is wrong, in the order of the body; without `whole` nothing is required (a change)."""
    kind = schema["type"]
    if not _is(kind, value):
        yield Finding(path, invalid(path, _told(value)))
    elif isinstance(value, dict):
        yield from _of_object(schema, value, path, whole=whole)
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from findings(schema["items"], one, path=f"{path}[{index}]", whole=whole)
    elif not _is_allowed(schema, value):
        yield Finding(path, invalid(path, _told(value)))


def _of_object(schema: Schema, value: dict[str, JsonValue], path: str, *, whole: bool) -> Iterator[Finding]:
    properties = schema.get("properties", {})
    for name, inner in value.items():
        below = f"{path}.{name}" if path else name
        if name not in properties:
            yield Finding(below, _unknown(name, below), unknown=True)
        elif inner is not None:
            yield from findings(properties[name], inner, path=below, whole=whole)
    for name in schema.get("required", ()) if whole else ():
        if value.get(name) is None:
            yield Finding(path, missing(f"{path}.{name}" if path else name))


def _unknown(name: str, path: str) -> Trouble:
    return Trouble("INVALID_CONTENT", f"Unknown reference or field {name} in the request body.", path)


def _is(kind: str, value: JsonValue) -> bool:
    if kind in {"number", "integer"}:
        return isinstance(value, Number) and (kind == "number" or value.text.lstrip("-").isdigit())
    return isinstance(value, _TYPES[kind])


def _is_allowed(schema: Schema, value: JsonValue) -> bool:
    if not isinstance(value, str):
        return True
    if "enum" in schema and value not in schema["enum"]:
        return False
    if "pattern" in schema and not re.search(schema["pattern"], value):
        return False
    return schema.get("format") != "date" or _is_date(value)


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _told(value: JsonValue) -> object:
    return value.text if isinstance(value, Number) else value


def without_unknown(value: JsonValue, schema: Schema) -> JsonValue:
    """The body as NetSuite understands it when it drops what it does not know."""
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        return {name: without_unknown(inner, properties[name]) for name, inner in value.items() if name in properties}
    if isinstance(value, list):
        return [without_unknown(one, schema["items"]) for one in value]
    return value
