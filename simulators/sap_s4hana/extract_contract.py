"""Makes contract.json, so that a clone checks requests against SAP's own contract without holding SAP's file.

Source: SAP's OpenAPI file of API_SALES_ORDER_SRV ("Sales Order (A2X)", OData V2) as the repository
ballerina-platform/module-ballerinax-sap.s4hana.sales keeps it at commit 0723013bbf48ed7b3e71e6e2dbcd3ba1f2e25c2d,
licence Apache-2.0, docs/spec/.  Only structure is kept: paths, methods, parameters, and the fields, types, lengths and
required lists of what is sent and answered.  Keys that SAP gives itself are taken out of the required lists of new
entities: they stand there only because keys cannot be null.

Run it after taking a newer file:  python -m simulators.sap_s4hana.extract_contract path/to/API_SALES_ORDER_SRV.json
"""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

SOURCE = {
    "repository": "ballerina-platform/module-ballerinax-sap.s4hana.sales",
    "commit": "0723013bbf48ed7b3e71e6e2dbcd3ba1f2e25c2d",
    "file": "docs/spec/API_SALES_ORDER_SRV",
    "licence": "Apache-2.0",
    "made_by": "simulators/sap_s4hana/extract_contract.py",
}

WANTED = (
    ("get", "/A_SalesOrder"),
    ("post", "/A_SalesOrder"),
    ("get", "/A_SalesOrder('{SalesOrder}')"),
    ("get", "/A_SalesOrder('{SalesOrder}')/to_Item"),
    ("get", "/A_SalesOrderItem(SalesOrder='{SalesOrder}',SalesOrderItem='{SalesOrderItem}')"),
    ("patch", "/A_SalesOrderItem(SalesOrder='{SalesOrder}',SalesOrderItem='{SalesOrderItem}')"),
)
GIVEN_BY_SAP = frozenset(
    {"SalesOrder", "SalesOrderItem", "ScheduleLine", "PricingProcedureStep", "PricingProcedureCounter"}
)
PARENT_KEYS = {"CreateA_SalesOrderPartnerAddress": {"PartnerFunction"}}
SCHEMA_KEYS = ("type", "format", "enum", "maxLength", "nullable", "$ref")
DECIMALS = ("x-sap-precision", "x-sap-scale")

Json = dict[str, Any]  # the vendor's file is plain JSON: its shape is what this script finds out


def main(arguments: list[str]) -> int:
    """Write contract.json beside this file; 2 when the argument is missing or the file lacks a wanted operation."""
    if len(arguments) != 1:
        sys.stderr.write(f"usage: python -m {__spec__.name} OPENAPI_FILE\n")
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


def extract(vendor: Mapping[str, Any]) -> Json:
    """The wanted operations without prose.  Raises LookupError for an operation that is not there."""
    paths: Json = {}
    for method, path in WANTED:
        if method not in vendor["paths"].get(path, {}):
            raise LookupError(f"no {method.upper()} {path} in this file")
        paths.setdefault(path, {})[method] = _operation(vendor, path, method)
    return {
        "openapi": "3.0.3",
        "x-source": SOURCE,
        "info": {"title": "API_SALES_ORDER_SRV, structural extract", "version": vendor["info"]["version"]},
        "paths": paths,
        "components": {"schemas": _reachable(paths, vendor["components"]["schemas"])},
    }


def _operation(vendor: Mapping[str, Any], path: str, method: str) -> Json:
    whole, operation = vendor["paths"][path], vendor["paths"][path][method]
    parameters = [*whole.get("parameters", ()), *operation.get("parameters", ())]
    kept: Json = {
        "operationId": operation["operationId"],
        "parameters": [_parameter(vendor, parameter) for parameter in parameters],
        "responses": {
            code: _content(answer) for code, answer in operation["responses"].items() if "$ref" not in answer
        },
    }
    if "requestBody" in operation:
        kept["requestBody"] = _content(operation["requestBody"])
    return kept


def _parameter(vendor: Mapping[str, Any], parameter: Mapping[str, Any]) -> Json:
    if "$ref" in parameter:
        parameter = vendor["components"]["parameters"][parameter["$ref"].rpartition("/")[2]]
    plain = {key: parameter[key] for key in ("name", "in", "required", "explode") if key in parameter}
    return {**plain, "schema": _schema(parameter["schema"])}


def _content(holder: Mapping[str, Any]) -> Json:
    kept: Json = {"description": ""}  # OpenAPI demands the key; prose stays behind
    if "content" in holder:
        kept["content"] = {"application/json": {"schema": _schema(holder["content"]["application/json"]["schema"])}}
    return kept


def _schema(vendor: Mapping[str, Any], name: str = "") -> Json:
    if "$ref" in vendor:
        return {"$ref": vendor["$ref"]}
    kept = {key: vendor[key] for key in (*SCHEMA_KEYS, *DECIMALS) if key in vendor}
    if "properties" in vendor:
        kept["properties"] = {field: _schema(inner) for field, inner in vendor["properties"].items()}
    for holder in ("items", "allOf"):
        if holder in vendor:
            inner = vendor[holder]
            kept[holder] = _schema(inner) if isinstance(inner, dict) else [_schema(one) for one in inner]
    required = [field for field in vendor.get("required", ()) if not _is_given(name, field)]
    return {**kept, "required": required} if required else kept


def _is_given(schema: str, field: str) -> bool:
    if not schema.startswith("Create"):
        return False
    return field in GIVEN_BY_SAP or field in PARENT_KEYS.get(schema, ())


def _reachable(paths: Json, definitions: Mapping[str, Any]) -> Json:
    kept: Json = {}
    open_names = list(_references(paths))
    while open_names:
        name = open_names.pop()
        if name not in kept:
            kept[name] = _schema(definitions[name], name)
            open_names.extend(_references(kept[name]))
    return kept


def _references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"].rpartition("/")[2]
        for inner in node.values():
            yield from _references(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from _references(inner)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
