"""What the org knows of each object: its fields (contract.json) and what is more than a field list.

Facts: object reference of the vendor (Order, OrderItem, PricebookEntry); which fields can only be stated at creation is
read from the `Create`/`Update` properties there, from memory, and marked so in README.md.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from importlib.resources import files
from typing import Any

from simulators.core.wire import JsonValue, Number
from simulators.salesforce.errors import ApiError, RefusedRowError

EXTERNAL_ID = "Commerce_Id__c"
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class ObjectRules:
    """`parents` are relationship names with their reference field and object; `frozen` can only be stated at first."""

    prefix: str
    required: tuple[str, ...]
    parents: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    frozen: frozenset[str] = frozenset()
    locks: str | None = None


RULES: Mapping[str, ObjectRules] = {
    "Account": ObjectRules("001", ("Name",)),
    "Order": ObjectRules(
        "801", ("AccountId", "EffectiveDate", "Status"), {"Account": ("AccountId", "Account")}, locks="AccountId"
    ),
    "OrderItem": ObjectRules(
        "802",
        ("OrderId", "PricebookEntryId", "Quantity", "UnitPrice"),
        {
            "Order": ("OrderId", "Order"),
            "PricebookEntry": ("PricebookEntryId", "PricebookEntry"),
            "Product2": ("Product2Id", "Product2"),
        },
        frozen=frozenset({"OrderId", "PricebookEntryId", "Product2Id"}),
        locks="OrderId",
    ),
    "Product2": ObjectRules("01t", ("Name",)),
    "PricebookEntry": ObjectRules(
        "01u",
        ("Pricebook2Id", "Product2Id", "UnitPrice"),
        {"Product2": ("Product2Id", "Product2")},
        frozen=frozenset({"Pricebook2Id", "Product2Id"}),
    ),
}

_SCHEMAS: Mapping[str, Any] = json.loads(
    (files("simulators.salesforce") / "contract.json").read_text(encoding="utf-8")
)["components"]["schemas"]
# What an org with several currencies has besides.
_MORE: Mapping[str, Any] = {"CurrencyIsoCode": {"type": "string", "maxLength": 3}}
_RELATIONSHIP: Mapping[str, Any] = {"type": "object"}


def rules_of(kind: str) -> ObjectRules:
    """Raises ApiError for an object that the org does not have."""
    if kind not in RULES:
        raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")
    return RULES[kind]


def fields_of(kind: str) -> Mapping[str, Any]:
    """Every field by name, `Id` too."""
    return {**_SCHEMAS[kind]["properties"], **_MORE}


def check_fields(kind: str, fields: Mapping[str, JsonValue]) -> None:
    """Raises ApiError for an unknown, unwritable, mistyped or too long field."""
    known = {**fields_of(kind), **dict.fromkeys(RULES[kind].parents, _RELATIONSHIP)}
    for name, value in fields.items():
        if name not in known:
            raise RefusedRowError("INVALID_FIELD", f"No such column '{name}' on sobject of type {kind}")
        if known[name].get("readOnly") or name in {"Id", "SystemModstamp"}:
            message = f"Unable to create/update fields: {name}."
            raise RefusedRowError("INVALID_FIELD_FOR_INSERT_UPDATE", message, name)
        if value is not None and name not in RULES[kind].parents:
            _check_value(name, known[name], value)


def _check_value(name: str, schema: Mapping[str, Any], value: JsonValue) -> None:
    wanted = {"string": str, "number": Number, "boolean": bool}[schema["type"]]
    if not isinstance(value, wanted):
        raise ApiError(400, "JSON_PARSER_ERROR", f"Cannot deserialize instance of {schema['type']} from {name}")
    if isinstance(value, str):
        if len(value) > schema.get("maxLength", 255):
            message = f"{name}: data value too large (max length={schema.get('maxLength', 255)})"
            raise RefusedRowError("STRING_TOO_LONG", message, name)
        if not _is_time(schema.get("format"), value):
            raise ApiError(400, "JSON_PARSER_ERROR", f"Cannot deserialize instance of {schema['format']} from {name}")


def _is_time(format_: str | None, value: str) -> bool:
    if format_ not in {"date", "date-time"}:
        return True
    if format_ == "date" and not DAY.fullmatch(value):
        return False
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return False
    return format_ == "date" or moment.tzinfo is not None
