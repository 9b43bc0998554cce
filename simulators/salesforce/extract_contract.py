"""Makes contract.json from the project's notes on Salesforce's REST API, which are a JSON schema without prose.

Salesforce publishes no OpenAPI file of its objects.  The notes were written by hand from its guides: dome_upsert,
resources-composite-sobjects-collections-upsert, errorcodes, object-order and the field reference of Order.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SOURCE = {
    "file": "salesforce-rest.schema.json",
    "from": "developer.salesforce.com guides, by hand; no file of the vendor's",
    "made-by": "simulators/salesforce/extract_contract.py",
}
OBJECTS = ("Account", "Order", "OrderItem", "Product2", "PricebookEntry")
SCHEMA_KEYS = ("type", "format", "maxLength", "readOnly")
EXTERNAL_ID = "Commerce_Id__c"

Json = dict[str, Any]  # the notes are plain JSON: their shape is what this script finds out

NUMBER: Json = {"type": "number"}
# Fields that each org makes for this integration (connectors/salesforce/README.md), beside those of the notes.
CUSTOM: Mapping[str, Json] = {
    "Account": {
        "Commerce_Lifetime_Value__c": NUMBER,
        "Commerce_Credit__c": {"type": "string", "maxLength": 255},
        "Commerce_Terms__c": {"type": "string", "maxLength": 255},
        "Commerce_Cost_Centre__c": {"type": "string", "maxLength": 255},
        "Commerce_Needs_Approval__c": {"type": "boolean"},
    },
    "Order": {
        "Commerce_Status__c": {"type": "string", "maxLength": 255},
        "Commerce_Expected_At__c": {"type": "string", "format": "date-time", "nullable": True},
        "Commerce_Grand_Total__c": NUMBER,
        "Commerce_Tax__c": NUMBER,
        "Commerce_Shipping__c": NUMBER,
        "Commerce_Discount__c": NUMBER,
        "StatusCode": {"type": "string", "readOnly": True},
    },
}


def main(arguments: list[str]) -> int:
    """Write contract.json beside this file; 2 when the argument is missing or the file lacks an object."""
    if len(arguments) != 1:
        sys.stderr.write(f"usage: python -m {__spec__.name} NOTES_FILE\n")
        return 2
    try:
        contract = extract(json.loads(Path(arguments[0]).read_text(encoding="utf-8")))
    except LookupError as problem:
        sys.stderr.write(f"{arguments[0]}: {problem}\n")
        return 2
    target = Path(__file__).with_name("contract.json")
    target.write_text(json.dumps(contract, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    sys.stdout.write(f"{target}: {len(contract['components']['schemas'])} schemas\n")
    return 0


def extract(notes: Mapping[str, Any]) -> Json:
    """OpenAPI 3.0 of the routes that are served.  Raises LookupError for an object that is not there."""
    schemas = {name: _object(name, notes["$defs"][name]) for name in OBJECTS}
    schemas |= {f"{name}Rows": _rows(name) for name in OBJECTS}
    paths: Json = {"/query": _query(), "/query/{locator}": _more()}
    for name in OBJECTS:
        paths[f"/sobjects/{name}/{EXTERNAL_ID}/{{value}}"] = {"patch": _patch(name, "value")}
        paths[f"/composite/sobjects/{name}/{EXTERNAL_ID}"] = {"patch": _patch(f"{name}Rows")}
    return {
        "openapi": "3.0.3",
        "x-source": SOURCE,
        "info": {"title": "Salesforce REST, structural extract", "version": "62.0"},
        "paths": paths,
        "components": {"schemas": schemas},
    }


def _object(name: str, notes: Mapping[str, Any]) -> Json:
    properties = {field: _field(schema) for field, schema in notes["properties"].items()}
    if name == "OrderItem":
        properties["attributes"] = {"type": "object"}
    return {
        "type": "object",
        "required": list(notes["required"]),
        "properties": properties | dict(CUSTOM.get(name, {})),
    }


def _field(notes: Mapping[str, Any]) -> Json:
    kept = {key: notes[key] for key in SCHEMA_KEYS if key in notes}
    if "properties" in notes:
        kept["properties"] = {field: _field(schema) for field, schema in notes["properties"].items()}
    return kept


def _rows(name: str) -> Json:
    return {
        "type": "object",
        "required": ["records"],
        "properties": {
            "allOrNone": {"type": "boolean"},
            "records": {"type": "array", "maxItems": 200, "items": {"$ref": f"#/components/schemas/{name}"}},
        },
    }


def _patch(schema: str, *path_parameters: str) -> Json:
    return {
        "parameters": [_parameter(name, "path") for name in path_parameters],
        "requestBody": {"content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}},
        "responses": {"200": {"description": ""}},
    }


def _query() -> Json:
    return {"get": {"parameters": [_parameter("q", "query")], "responses": {"200": {"description": ""}}}}


def _more() -> Json:
    return {"get": {"parameters": [_parameter("locator", "path")], "responses": {"200": {"description": ""}}}}


def _parameter(name: str, place: str) -> Json:
    return {"name": name, "in": place, "required": True, "schema": {"type": "string"}}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
