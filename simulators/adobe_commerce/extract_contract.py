"""Makes contract.json, so that a clone checks requests against Adobe's own contract without holding Adobe's file.

Source: the repository AdobeDocs/commerce-webapi at commit e2275b5623d47d248df025a9e2a276162e551699, licence Apache-2.0,
file src/openapi/admin-schema-2.4.9.yaml (Swagger 2.0, "Commerce Admin REST endpoints - All inclusive", 2.4.9).  Only
structure is kept: paths, methods, parameters, and the fields, types and required lists of what is sent and answered.

Run it after taking a newer file:  python -m simulators.adobe_commerce.extract_contract path/to/admin-schema-2.4.9.yaml
"""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

SOURCE = {
    "repository": "AdobeDocs/commerce-webapi",
    "commit": "e2275b5623d47d248df025a9e2a276162e551699",
    "file": "src/openapi/admin-schema-2.4.9.yaml",
    "licence": "Apache-2.0",
    "made_by": "simulators/adobe_commerce/extract_contract.py",
}

STOCK = """
GET /V1/inventory/sources                       GET /V1/inventory/sources/{sourceCode}
GET /V1/inventory/stocks                        GET /V1/inventory/stocks/{stockId}
GET /V1/inventory/stock-source-links
GET /V1/inventory/source-items                  POST /V1/inventory/source-items
POST /V1/inventory/source-items-delete
GET /V1/inventory/get-product-salable-quantity/{sku}/{stockId}
GET /V1/inventory/is-product-salable/{sku}/{stockId}
GET /V1/inventory/stock-resolver/{type}/{code}
GET /V1/inventory/export-stock-salable-qty/{salesChannelType}/{salesChannelCode}
GET /V1/products                                GET /V1/products/{sku}
PUT /V1/products/{productSku}/stockItems/{itemId}
GET /V1/stockItems/{productSku}
GET /V1/store/storeViews                        GET /V1/store/websites
POST /V1/integration/admin/token
"""

ORDERS = """
GET /V1/orders                  GET /V1/orders/{id}             POST /V1/orders         PUT /V1/orders/create
GET /V1/orders/items
POST /V1/orders/{id}/comments   GET /V1/orders/{id}/comments    GET /V1/orders/{id}/statuses
POST /V1/orders/{id}/hold       POST /V1/orders/{id}/unhold     POST /V1/orders/{id}/cancel
POST /V1/order/{orderId}/ship   POST /V1/order/{orderId}/invoice                        POST /V1/order/{orderId}/refund
GET /V1/shipments               GET /V1/shipment/{id}           POST /V1/shipment/track
GET /V1/invoices                GET /V1/invoices/{id}           POST /V1/invoices/{id}/capture
POST /V1/invoice/{invoiceId}/refund
GET /V1/creditmemos             GET /V1/creditmemo/{id}
GET /V1/returns                 POST /V1/returns                GET /V1/returns/{id}    PUT /V1/returns/{id}
POST /V1/customers              GET /V1/customers/search
GET /V1/customers/{customerId}  PUT /V1/customers/{customerId}
"""

SCHEMA_KEYS = ("type", "format", "enum", "required", "$ref")

Json = dict[str, Any]  # the vendor's file is plain JSON: its shape is what this script finds out


def main(arguments: list[str]) -> int:
    """Write contract.json beside this file; 2 when the argument is missing or the file lacks a wanted operation."""
    if len(arguments) != 1:
        sys.stderr.write(f"usage: python -m {__spec__.name} OPENAPI_FILE\n")
        return 2
    try:
        contract = extract(_load(Path(arguments[0])))
    except LookupError as problem:
        sys.stderr.write(f"{arguments[0]}: {problem}\n")
        return 2
    target = Path(__file__).with_name("contract.json")
    target.write_text(json.dumps(contract, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    sys.stdout.write(f"{target}: {len(contract['components']['schemas'])} schemas\n")
    return 0


def extract(vendor: Mapping[str, Any]) -> Json:
    """The wanted operations as OpenAPI 3.0 without prose.  Raises LookupError for an operation that is not there."""
    paths: Json = {}
    for method, path in wanted():
        if method not in vendor["paths"].get(path, {}):
            raise LookupError(f"no {method.upper()} {path} in this file")
        paths.setdefault(path, {})[method] = _operation(vendor["paths"][path][method])
    return {
        "openapi": "3.0.3",
        "x-source": SOURCE,
        "info": {"title": "Adobe Commerce admin REST, structural extract", "version": vendor["info"]["version"]},
        "paths": paths,
        "components": {"schemas": _reachable(paths, vendor["definitions"])},
    }


def wanted() -> list[tuple[str, str]]:
    """Method in small letters and path of every operation that is kept."""
    words = (STOCK + ORDERS).split()
    return [(method.lower(), path) for method, path in zip(words[::2], words[1::2], strict=True)]


def _load(path: Path) -> Json:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".json":
        found: Json = json.loads(text)
        return found
    import yaml  # noqa: PLC0415 - a development dependency: the simulator itself never needs it

    return dict(yaml.safe_load(text))


def _operation(vendor: Mapping[str, Any]) -> Json:
    parameters = vendor.get("parameters", [])
    kept: Json = {
        "operationId": vendor["operationId"],
        "responses": {code: _response(answer) for code, answer in vendor["responses"].items()},
    }
    plain = [_parameter(parameter) for parameter in parameters if parameter["in"] != "body"]
    if plain:
        kept["parameters"] = plain
    for parameter in parameters:
        if parameter["in"] == "body":
            kept["requestBody"] = _content(parameter["schema"])
    return kept


def _parameter(vendor: Mapping[str, Any]) -> Json:
    required = {"required": True} if vendor.get("required") or vendor["in"] == "path" else {}
    return {"name": vendor["name"], "in": vendor["in"], "schema": _schema(vendor), **required}


def _response(vendor: Mapping[str, Any]) -> Json:
    kept = {"description": ""}  # OpenAPI demands the key; prose stays behind
    return {**kept, **_content(vendor["schema"])} if "schema" in vendor else kept


def _content(schema: Mapping[str, Any]) -> Json:
    return {"content": {"application/json": {"schema": _schema(schema)}}}


def _schema(vendor: Mapping[str, Any]) -> Json:
    """One schema in OpenAPI 3.0 form; a parameter's `required` flag is not a list and stays out."""
    kept = {key: vendor[key] for key in SCHEMA_KEYS if key in vendor and not isinstance(vendor[key], bool)}
    if "$ref" in kept:
        return {"$ref": kept["$ref"].replace("#/definitions/", "#/components/schemas/")}
    if "properties" in vendor:
        kept["properties"] = {name: _schema(inner) for name, inner in vendor["properties"].items()}
    if "items" in vendor:
        kept["items"] = _schema(vendor["items"])
    return kept


def _reachable(paths: Json, definitions: Mapping[str, Any]) -> Json:
    kept: Json = {}
    open_names = list(_references(paths))
    while open_names:
        name = open_names.pop()
        if name not in kept:
            kept[name] = _schema(definitions[name])
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
