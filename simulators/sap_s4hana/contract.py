"""Checks entities against contract.json and its like, the structural extracts of SAP's own descriptions."""

import json
import re
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from simulators.core.wire import JsonValue
from simulators.sap_s4hana.errors import malformed

Schema = Mapping[str, Any]  # a JSON schema: its shape is its meaning

_DECIMAL = re.compile(r"-?(\d+)(?:\.(\d+))?")
_DATE = re.compile(r"/Date\(-?\d{1,15}\)/")


class Contract:
    """The schemas of one extract."""

    def __init__(self, name: str = "contract.json") -> None:
        text = (files("simulators.sap_s4hana") / name).read_text(encoding="utf-8")
        self._schemas: Mapping[str, Schema] = json.loads(text)["components"]["schemas"]

    def fields(self, entity: str) -> Mapping[str, Schema]:
        """Properties of an entity as it is read, links to others included."""
        found: Mapping[str, Schema] = self._schemas[entity]["properties"]
        return found

    def check(self, name: str, value: JsonValue) -> None:
        """Raises ODataError for the first field that the contract does not know or not so."""
        self._check(name, self._schemas[name], value)

    def _check(self, name: str, schema: Schema, value: JsonValue) -> None:
        schema = self._resolved(schema)
        if value is None:
            if not schema.get("nullable", True):
                raise malformed(f"Property '{name}' must not be null")
        elif schema.get("type") == "object" or "properties" in schema:
            self._check_object(name, schema, value)
        elif schema.get("type") == "array":
            for one in value if isinstance(value, list) else _wrong(name):
                self._check(name, schema["items"], one)
        else:
            _check_scalar(name, schema, value)

    def _check_object(self, name: str, schema: Schema, value: JsonValue) -> None:
        properties: Mapping[str, Schema] = schema.get("properties", {})
        if isinstance(value, list) and properties.keys() == {"results"}:
            value = {"results": value}  # both forms of a deep insert are taken
        if not isinstance(value, dict):
            raise malformed(f"Failed to read property '{name}'")
        for field in schema.get("required", ()):
            if field not in value:
                raise malformed(f"Property '{field}' is missing in '{name}'")
        for field, inner in value.items():
            if field not in properties:
                raise malformed(f"Property '{field}' is invalid")
            self._check(field, properties[field], inner)

    def _resolved(self, schema: Schema) -> Schema:
        if "allOf" in schema:
            return self._resolved(schema["allOf"][0])
        if "$ref" in schema:
            return self._schemas[schema["$ref"].rpartition("/")[2]]
        return schema


def _check_scalar(name: str, schema: Schema, value: JsonValue) -> None:
    if schema["type"] == "boolean":
        if not isinstance(value, bool):
            _wrong(name)
        return
    if not isinstance(value, str):
        _wrong(name)
        return
    if schema.get("format") == "decimal":
        _check_decimal(name, schema, value)
    elif len(value) > schema.get("maxLength", len(value)):
        raise malformed(f"Property '{name}' has more than {schema['maxLength']} characters")
    elif name.endswith("Date") and not _DATE.fullmatch(value):
        _wrong(name)


def _check_decimal(name: str, schema: Schema, text: str) -> None:
    found = _DECIMAL.fullmatch(text)
    if found is None:
        _wrong(name)
        return
    scale, precision = schema["x-sap-scale"], schema["x-sap-precision"]
    if len(found[2] or "") > scale or len(found[1].lstrip("0")) > precision - scale:
        _wrong(name)


def _wrong(name: str) -> list[JsonValue]:
    raise malformed(f"Failed to read property '{name}'")
