"""The simulator keeps to the contract that it checks others against."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from simulators.adobe_commerce import acl, contract, extract_contract
from simulators.adobe_commerce.errors import ApiError, FatalError
from simulators.adobe_commerce.service_input import InputCompiler, UnknownFieldError
from simulators.adobe_commerce.vendor import AdobeCommerce
from simulators.core import wire
from tests.unit.simulators.adobe_commerce.support import Commerce, criteria, shop
from tests.unit.simulators.core.support import in_loop

DOCUMENT: dict[str, Any] = json.loads(Path(contract.__file__).with_name("contract.json").read_text(encoding="utf-8"))
VOID = {"POST /V1/inventory/source-items", "POST /V1/inventory/source-items-delete"}
REMARK = {"comment": "C-1", "is_customer_notified": 0, "is_visible_on_front": 0, "parent_id": 1}
ROW = {"sku": "PUMP-P100", "source_code": "wh-east", "quantity": 1, "status": 1}

STOCK_CALLS: list[tuple[str, str, str, object]] = [
    ("GET", "/V1/inventory/sources", "", None),
    ("GET", "/V1/inventory/sources/{sourceCode}", "/V1/inventory/sources/wh-east", None),
    ("GET", "/V1/inventory/stocks", "", None),
    ("GET", "/V1/inventory/stocks/{stockId}", "/V1/inventory/stocks/2", None),
    ("GET", "/V1/inventory/stock-source-links", f"/V1/inventory/stock-source-links?{criteria()}", None),
    ("GET", "/V1/store/websites", "", None),
    ("GET", "/V1/store/storeViews", "", None),
    ("GET", "/V1/orders/items", f"/V1/orders/items?{criteria(pageSize=3)}", None),
    ("GET", "/V1/inventory/source-items", f"/V1/inventory/source-items?{criteria(pageSize=3)}", None),
    ("POST", "/V1/inventory/source-items", "", {"sourceItems": [ROW]}),
    ("POST", "/V1/inventory/source-items-delete", "", {"sourceItems": [ROW]}),
    (
        "GET",
        "/V1/inventory/get-product-salable-quantity/{sku}/{stockId}",
        "/V1/inventory/get-product-salable-quantity/PUMP-P100/2",
        None,
    ),
    (
        "GET",
        "/V1/inventory/is-product-salable/{sku}/{stockId}",
        "/V1/inventory/is-product-salable/PUMP-P100/2",
        None,
    ),
    ("GET", "/V1/inventory/stock-resolver/{type}/{code}", "/V1/inventory/stock-resolver/website/b2b", None),
    (
        "GET",
        "/V1/inventory/export-stock-salable-qty/{salesChannelType}/{salesChannelCode}",
        f"/V1/inventory/export-stock-salable-qty/website/b2b?{criteria()}",
        None,
    ),
    ("GET", "/V1/products", f"/V1/products?{criteria(('sku', 'PUMP%', 'like'))}", None),
    ("GET", "/V1/products/{sku}", "/V1/products/PUMP-P100", None),
    ("GET", "/V1/stockItems/{productSku}", "/V1/stockItems/PUMP-P100", None),
    (
        "PUT",
        "/V1/products/{productSku}/stockItems/{itemId}",
        "/V1/products/PUMP-P100/stockItems/1",
        {"stockItem": {"qty": 3}},
    ),
    (
        "POST",
        "/V1/integration/admin/token",
        "",
        {"username": "integration", "password": "simulated-password-1"},
    ),
    ("GET", "/V1/orders", f"/V1/orders?{criteria()}", None),
    ("GET", "/V1/orders/{id}", "/V1/orders/1", None),
    (
        "POST",
        "/V1/order/{orderId}/ship",
        "/V1/order/1/ship",
        {"arguments": {"extension_attributes": {"source_code": "wh-west"}}},
    ),
    ("GET", "/V1/shipments", f"/V1/shipments?{criteria()}", None),
    ("GET", "/V1/shipment/{id}", "/V1/shipment/1", None),
    ("POST", "/V1/orders/{id}/cancel", "/V1/orders/2/cancel", None),
    ("GET", "/V1/orders/{id}/statuses", "/V1/orders/1/statuses", None),
    ("GET", "/V1/orders/{id}/comments", "/V1/orders/1/comments", None),
    ("POST", "/V1/orders", "", {"entity": {"entity_id": 1, "ext_order_id": "SO-1"}}),
    ("PUT", "/V1/orders/create", "", {"entity": {"entity_id": 1, "ext_order_id": "SO-1"}}),
    ("POST", "/V1/orders/{id}/comments", "/V1/orders/1/comments", {"statusHistory": REMARK}),
    ("POST", "/V1/orders/{id}/hold", "/V1/orders/2/hold", None),
    ("POST", "/V1/orders/{id}/unhold", "/V1/orders/3/unhold", None),
    ("POST", "/V1/order/{orderId}/invoice", "/V1/order/1/invoice", {"capture": True}),
    ("POST", "/V1/order/{orderId}/refund", "/V1/order/3/refund", {"items": [{"order_item_id": 3, "qty": 1}]}),
    ("GET", "/V1/invoices", f"/V1/invoices?{criteria()}", None),
    ("GET", "/V1/invoices/{id}", "/V1/invoices/1", None),
    ("GET", "/V1/creditmemos", f"/V1/creditmemos?{criteria()}", None),
    ("GET", "/V1/creditmemo/{id}", "/V1/creditmemo/1", None),
]


WHOLE = {
    "items": [
        {
            "sku": "PUMP-P100",
            "qty": 3,
            "children": [{"sku": "PUMP-P100", "qty": 1}],
            "options": {"7": "Line 7"},
            "configuration": {"93": 5},
            "gift_message": "Handle with care",
        }
    ],
    "customer": {"id": 17, "company_id": 4, "company_name": "Example Works", "taxvat": "EX1"},
    "shipping_amount": 5,
    "customer_note": "Dock 4",
}


def _validator(schema: object) -> Draft202012Validator:
    """Adobe's own sample of an order has null in two fields of the payment that its file calls texts."""
    components = copy.deepcopy(DOCUMENT["components"])
    payment = components["schemas"]["sales-data-order-payment-interface"]["properties"]
    for name in ("account_status", "cc_last4"):
        payment[name] = {"type": ["string", "null"]}
    return Draft202012Validator({"allOf": [schema], "components": components})


def _answer_schema(method: str, template: str, status: str) -> object:
    responses = DOCUMENT["paths"][template][method.lower()]["responses"]
    found = responses.get(status) or responses["default"]
    return found["content"]["application/json"]["schema"]


async def _with_documents(commerce: Commerce, *, unheld: bool) -> None:
    for _ in range(2):
        assert (await commerce.place_order(("PUMP-P100", 2)))[0] == 201
    ship = {
        "tracks": [{"track_number": "T-1", "title": "Freight", "carrier_code": "custom"}],
        "comment": {"comment": "D-1", "is_visible_on_front": 0},
        "items": [{"order_item_id": 1, "qty": 1}],
        "arguments": {"extension_attributes": {"source_code": "wh-west"}},
    }
    assert await commerce.call("POST", "/V1/order/1/ship", ship) == (200, 1)
    assert await commerce.call("POST", "/V1/orders/1/comments", {"statusHistory": REMARK}) == (200, True)
    await commerce.post("/_sim/orders", WHOLE)
    comment = {"comment": "D-1", "is_visible_on_front": 0}
    assert await commerce.call("POST", "/V1/order/3/invoice", {"comment": comment}) == (200, 1)
    refund = {"items": [{"order_item_id": 3, "qty": 1}], "arguments": {"shipping_amount": 0}, "comment": comment}
    assert await commerce.call("POST", "/V1/order/3/refund", refund) == (200, 1)
    assert await commerce.call("POST", "/V1/orders/3/hold") == (200, True)
    if unheld:
        assert await commerce.call("POST", "/V1/orders/3/unhold") == (200, True)


@pytest.mark.parametrize(("method", "template", "path", "body"), STOCK_CALLS)
@in_loop
async def test_every_answer_satisfies_the_contract(method: str, template: str, path: str, body: object) -> None:
    async with shop() as commerce:
        await _with_documents(commerce, unheld="unhold" not in template)
        status, answer = await commerce.call(method, path or template, body)

        assert status == 200, answer
        if f"{method} {template}" in VOID:
            assert answer == []
        else:
            _validator(_answer_schema(method, template, "200")).validate(answer)


def test_every_route_that_is_simulated_is_checked_here_and_has_its_permission() -> None:
    simulated = set(AdobeCommerce()._handlers)
    login = {"POST /V1/integration/admin/token"}

    assert {f"{method} {template}" for method, template, _, _ in STOCK_CALLS} == simulated
    assert set(acl.RESOURCES) == simulated - login


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/V1/inventory/no", None),
        ("GET", "/V1/inventory/source-items", None),
        ("POST", "/V1/inventory/source-items", {"sourceItems": [{}]}),
        ("POST", "/V1/inventory/source-items", {"sourceItems": [ROW | {"source_code": "no"}]}),
        ("GET", "/V1/products/no", None),
    ],
)
@in_loop
async def test_every_error_has_the_contracts_error_body(method: str, path: str, body: object) -> None:
    async with shop() as commerce:
        status, answer = await commerce.call(method, path, body)
        schema = DOCUMENT["components"]["schemas"]["error-response"]["properties"]

        assert status >= 400
        assert isinstance(answer["message"], str)
        assert set(answer) <= set(schema)


# ── the compiled checks against the schemas themselves ───────────────────────────────────────────

SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]
BODY = DOCUMENT["paths"]["/V1/inventory/source-items"]["post"]["requestBody"]["content"]["application/json"]["schema"]
CONVERT = InputCompiler(SCHEMAS, lambda: None).body(BODY)

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(10**6), 10**6)
    | st.floats(allow_nan=False, allow_infinity=False, width=32)
)
values = st.recursive(scalars | st.text(max_size=5), lambda inner: st.lists(inner, max_size=2), max_leaves=3)
fields = st.sampled_from(["sku", "source_code", "quantity", "status", "extension_attributes"])
rows = st.dictionaries(fields, values, max_size=5)
bodies = st.fixed_dictionaries({"sourceItems": st.lists(rows, max_size=4)})


def _converted(body: object) -> Any:
    return CONVERT(wire.decode(json.dumps(body).encode()))


@given(bodies)
def test_what_the_contract_accepts_passes_the_compiled_checks(body: dict[str, Any]) -> None:
    if _validator(BODY).is_valid(body):
        assert len(_converted(body)["sourceItems"]) == len(body["sourceItems"])


@given(bodies)
def test_what_passes_the_compiled_checks_is_what_the_contract_describes(body: dict[str, Any]) -> None:
    try:
        converted = _converted(body)
    except (ApiError, FatalError, UnknownFieldError):
        return

    for row in json.loads(wire.encode(converted))["sourceItems"]:
        for name in ("sku", "source_code", "quantity", "status"):
            if row.get(name) is not None:
                _validator(SCHEMAS["inventory-api-data-source-item-interface"]["properties"][name]).validate(row[name])


# ── the extract itself ───────────────────────────────────────────────────────────────────────────


def test_the_extract_names_its_source_and_carries_no_prose() -> None:
    assert DOCUMENT["x-source"]["repository"] == "AdobeDocs/commerce-webapi"
    assert DOCUMENT["x-source"]["licence"] == "Apache-2.0"
    assert len(DOCUMENT["x-source"]["commit"]) == 40
    assert set(_prose(DOCUMENT["paths"])) == {""}
    assert set(_prose(DOCUMENT["components"])) == set()


def test_the_extract_holds_exactly_the_wanted_operations_and_every_schema_that_they_name() -> None:
    held = {(method, path) for path, methods in DOCUMENT["paths"].items() for method in methods}

    assert held == set(extract_contract.wanted())
    for name in extract_contract._references(DOCUMENT):
        assert name in SCHEMAS


def test_extracting_keeps_structure_and_drops_the_rest() -> None:
    vendor = {
        "info": {"version": "9"},
        "paths": {
            path: {
                method: {
                    "operationId": path,
                    "description": "prose",
                    "tags": ["x"],
                    "parameters": [
                        {"name": "id", "in": "path", "type": "integer", "required": True, "description": "prose"},
                        {"name": "b", "in": "body", "schema": {"$ref": "#/definitions/thing"}},
                    ],
                    "responses": {"200": {"description": "prose", "schema": {"type": "boolean"}}},
                }
                for wanted_method, method in ((m, m) for m, p in extract_contract.wanted() if p == path)
                if wanted_method
            }
            for _, path in extract_contract.wanted()
        },
        "definitions": {
            "thing": {
                "type": "object",
                "description": "prose",
                "properties": {
                    "self": {"$ref": "#/definitions/thing"},
                    "n": {"type": "number", "description": "prose"},
                },
                "required": ["n"],
            },
            "unused": {"type": "string"},
        },
    }

    made = extract_contract.extract(vendor)

    assert "prose" not in json.dumps(made)
    assert made["components"]["schemas"] == {
        "thing": {
            "type": "object",
            "properties": {"self": {"$ref": "#/components/schemas/thing"}, "n": {"type": "number"}},
            "required": ["n"],
        }
    }
    operation = made["paths"]["/V1/orders/{id}"]["get"]
    assert operation["parameters"] == [{"name": "id", "in": "path", "schema": {"type": "integer"}, "required": True}]
    assert operation["responses"]["200"]["content"]["application/json"]["schema"] == {"type": "boolean"}


def test_an_operation_that_the_vendors_file_lacks_stops_the_extract() -> None:
    with pytest.raises(LookupError, match="no GET /V1/inventory/sources"):
        extract_contract.extract({"info": {"version": "9"}, "paths": {}, "definitions": {}})


def _prose(node: object) -> list[str]:
    found: list[str] = []
    if isinstance(node, dict):
        for name, inner in node.items():
            if name in {"description", "summary"} and isinstance(inner, str):
                found.append(inner)
            else:
                found.extend(_prose(inner))
    elif isinstance(node, list):
        for inner in node:
            found.extend(_prose(inner))
    return found
