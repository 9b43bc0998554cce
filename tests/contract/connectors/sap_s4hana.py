"""SAP S/4HANA for the contract suite."""

import json
from datetime import timedelta
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any

import httpx

from connectors.core.calls import Answer, Call
from connectors.core.errors import LockedError, RejectedPayloadError
from connectors.core.order_ports import OrderTarget
from connectors.core.paths import path
from connectors.core.registry import Ports
from connectors.sap_s4hana import (
    answers,
    document_mapping,
    document_wire,
    event_mapping,
    mapping,
    product_mapping,
    wire,
)
from connectors.sap_s4hana.document_mapping import OurOrder, PlacedBilling, PlacedReturn, plain
from connectors.sap_s4hana.settings import Settings
from schemas.micros import MICROS
from schemas.models.order import Address, Customer, Order, OrderLine, Payment, Totals
from tests.contract.connectors.case import ConnectorCase, Use
from tests.contract.connectors.openapi import Contract

SERVICE = "/sap/opu/odata/sap/API_SALES_ORDER_SRV"
ORDER_ID = "web-000000123"
ORDER = Order(
    event_id="evt-1",
    source_system="commerce",
    channel="web",
    number="000000123",
    currency="USD",
    placed_at=1_772_439_330 * MICROS,
    updated_at=1_772_439_330 * MICROS,
    customer=Customer(account_code="C-1004", email="buyer@example.com", cost_centre="CC-20"),
    billing=Address(country="US"),
    shipping=Address(company="Example Works", street=("2 Example Street", "Dock 4"), city="Springfield", country="US"),
    lines=(
        OrderLine(
            line_id="501",
            sku="PUMP-200",
            name="Pump 200",
            quantity=2 * MICROS,
            unit="PC",
            price=450 * MICROS,
            discount=90 * MICROS,
            tax=66_825_000,
            make_to_order=True,
            options={"Engraving": "Line 7"},
            configuration={"seal": "EPDM"},
            note="Handle with care",
        ),
        OrderLine(line_id="502", sku="SEAL-7", quantity=250_000),
    ),
    totals=Totals(shipping=25 * MICROS, grand_total=901_825_000),
    payment=Payment(method="purchaseorder", terms="NT30", purchase_order="PO-778"),
    instructions="Deliver to dock 4",
    requested_at=1_773_964_800 * MICROS,
)

SIMULATOR = Path(str(files("simulators.sap_s4hana")))
CONTRACTS = {
    # `sap-client` is of every SAP system; not a matter of the service, so not in its file.
    f"/sap/opu/odata/sap/{service}": Contract(SIMULATOR / file, extra_query={"sap-client"})
    for service, file in (
        ("API_SALES_ORDER_SRV", "contract.json"),
        ("API_CUSTOMER_RETURN_SRV", "returns_contract.json"),
        ("API_BILLING_DOCUMENT_SRV", "billing_contract.json"),
        ("API_CREDIT_MEMO_REQUEST_SRV", "credit_requests_contract.json"),
        ("API_PRODUCT_SRV", "product_contract.json"),
    )
}

COMPANY: dict[str, Any] = {
    "base_url": "https://sap.example",
    "sales_organization": "1710",
    "distribution_channel": "10",
    "organization_division": "00",
    "rejection_reason": "50",
}
PRICED: dict[str, Any] = {
    **COMPANY,
    "client": "100",
    "plant": "1710",
    "make_to_order_category": "TAK",
    "bill_to_address": True,
    "repeatable_requests": True,
    "match_account": True,
    "work_order_category": "WO",
    "conditions": {"price": "PMP0", "discount": "DRV1", "tax": "TTX1", "shipping": "HD00", "shipping_tax": "HDT1"},
}

CREDENTIALS = {
    "oauth2": {
        "kind": "oauth2",
        "token_url": "https://sap.example/sap/bc/sec/oauth2/token",
        "client_id": "client",
        "client_secret": "canary-secret",
    },
    "basic": {"kind": "basic", "username": "SHOP_SYNC", "password": "canary-password"},
}


def _orders(ports: Ports) -> OrderTarget:
    assert ports.orders is not None
    return ports.orders


async def _create(ports: Ports) -> None:
    await _orders(ports).create_order(ORDER_ID, ORDER)


async def _find(ports: Ports) -> None:
    await _orders(ports).find_orders(ORDER_ID, ORDER)


async def _cancel(ports: Ports) -> None:
    await _orders(ports).cancel_order(ORDER_ID, "1")


async def _check(ports: Ports) -> None:
    await _orders(ports).check()


async def _order_events(ports: Ports) -> None:
    assert ports.order_events is not None
    await ports.order_events.order_events("")


async def _products(ports: Ports) -> None:
    assert ports.products is not None
    await ports.products.products("1|1767200000000000|3|")


def _listed(_: httpx.Request) -> httpx.Response:
    row = {"Product": "PUMP-200", "LastChangeDateTime": "/Date(1767200000000+0000)/"}
    return httpx.Response(200, json={"d": {"__count": "4", "results": [row]}})


def _well(request: httpx.Request) -> httpx.Response:
    if request.method == "POST":
        return httpx.Response(201, json={"d": _head()})
    if request.method == "PATCH":
        return httpx.Response(204)
    listed = _documents(request.url.path)
    if listed is not None:
        return httpx.Response(200, json={"d": listed})
    below = request.url.path.removeprefix(SERVICE)
    if below.endswith("/to_Item"):
        items = [{"SalesOrderItem": "10", "SalesDocumentRjcnReason": "", "DeliveryStatus": "A"}]
        return httpx.Response(200, json={"d": {"__count": "1", "results": items}})
    if below == "/A_SalesOrder":
        return httpx.Response(200, json={"d": {"__count": "1", "results": [_head()]}})
    return httpx.Response(200, json={"d": _head()})


def _documents(where: str) -> dict[str, object] | None:
    """A credit memo of a request for a return of an invoice; only the memo changed, the others are read by number."""
    back = {"CustomerReturnItem": "10", "Material": "PUMP-200", "RequestedQuantity": "1"}
    refers = {"ReferenceSDDocument": "90", "ReferenceSDDocumentItem": "10", "ReferenceSDDocumentCategory": "M"}
    when = {"LastChangeDateTime": "/Date(1772439330000+0000)/", "CreationDate": "/Date(1772409600000)/"}
    bill = {"BillingDocumentItem": "10", "Material": "PUMP-200", "BillingQuantity": "1", "NetAmount": "10"}
    found: dict[str, dict[str, object]] = {
        "API_CUSTOMER_RETURN_SRV/A_CustomerReturn": {"__count": "0", "results": []},
        "API_CUSTOMER_RETURN_SRV/A_CustomerReturn('60')": {
            "CustomerReturn": "60",
            "to_Item": {"results": [{**back, **refers}]},
        },
        "API_CREDIT_MEMO_REQUEST_SRV/A_CreditMemoRequest": {"__count": "0", "results": []},
        "API_CREDIT_MEMO_REQUEST_SRV/A_CreditMemoRequest('70')": {
            "CreditMemoRequest": "70",
            "ReferenceSDDocumentCategory": "H",
            "to_Item": {
                "results": [
                    {
                        "CreditMemoRequestItem": "10",
                        "ReferenceSDDocument": "60",
                        "ReferenceSDDocumentItem": "10",
                    }
                ]
            },
        },
        "API_BILLING_DOCUMENT_SRV/A_BillingDocument": {
            "__count": "1",
            "results": [
                {
                    "BillingDocument": "95",
                    "SDDocumentCategory": "O",
                    **when,
                    "to_Item": {"results": [{**bill, **_sales("70", "K")}]},
                }
            ],
        },
        "API_BILLING_DOCUMENT_SRV/A_BillingDocument('90')": {
            "BillingDocument": "90",
            "to_Item": {"results": [{**bill, **_sales("2", "C")}]},
        },
    }
    return found.get(where.removeprefix("/sap/opu/odata/sap/"))


def _sales(number: str, category: str) -> dict[str, str]:
    return {"SalesDocument": number, "SalesDocumentItem": "10", "SalesSDDocumentCategory": category}


def _head() -> dict[str, object]:
    return {
        "__metadata": {"etag": 'W/"1"'},
        "SalesOrder": "1",
        "PurchaseOrderByCustomer": ORDER_ID,
        "OverallSDProcessStatus": "A",
        "LastChangeDateTime": "/Date(1772439330000+0000)/",
    }


def _signs_in(request: httpx.Request) -> bool:
    """A token of OAuth, or the token that guards writes."""
    return request.url.path.endswith("/oauth2/token") or request.headers.get("X-CSRF-Token") == "Fetch"


def _token(request: httpx.Request) -> httpx.Response:
    if request.url.path.endswith("/oauth2/token"):
        return httpx.Response(200, json={"access_token": "canary-bearer", "expires_in": "3600"})
    headers = {"X-CSRF-Token": "canary-token", "Set-Cookie": "SAP_SESSIONID_SIM_100=canary-session; path=/"}
    return httpx.Response(200, headers=headers, json={"d": {}})


def _conforms(request: httpx.Request) -> None:
    prefix = "/".join(request.url.path.split("/")[:6])
    CONTRACTS[prefix].check(request, prefix=prefix)
    if request.method != "GET":
        assert request.headers["X-CSRF-Token"] == "canary-token"
        assert request.headers["Cookie"] == "SAP_SESSIONID_SIM_100=canary-session"


def _products_page(recorded: bytes) -> tuple[object, object]:
    """Sold, marked for deletion, with a status that counts, with one that does not count yet."""
    known = {"discontinued_statuses": ["Z9"], "make_to_order_groups": ["0001"], "units": {"piece": "PC", "stk": "PC"}}
    settings = Settings.model_validate({**COMPANY, **known, "auth": CREDENTIALS["basic"]})
    now = 1_772_439_330 * MICROS
    page = wire.decode_products(recorded).d
    rows = [product_mapping.to_product(row, settings, now) for row in page.results]
    assert [one.is_discontinued for one in rows] == [False, True, True, False]
    assert [one.make_to_order for one in rows] == [False, False, False, True]
    assert [one.unit for one in rows] == ["piece", "M", "piece", None]
    assert [one.changed_at for one in rows][:2] == [1_772_439_330 * MICROS, 1_772_439_330_500_000]
    return [one["Product"] for one in json.loads(recorded)["d"]["results"]], [one.sku for one in rows]


def _order_request(recorded: bytes) -> tuple[object, object]:
    settings = Settings.model_validate({**PRICED, "auth": CREDENTIALS["basic"]})
    return json.loads(recorded), json.loads(wire.encode(mapping.to_order_body(ORDER_ID, ORDER, settings)))


def _orders_page(recorded: bytes) -> tuple[object, object]:
    (row,) = wire.decode_orders(recorded).d.results
    (shown,) = json.loads(recorded)["d"]["results"]
    told = (row.sales_order, row.purchase_order_by_customer, row.metadata.etag, mapping.status_of(row))
    return (
        shown["SalesOrder"],
        shown["PurchaseOrderByCustomer"],
        shown["__metadata"]["etag"],
        "credit-held",
    ), told


def _items_page(recorded: bytes) -> tuple[object, object]:
    settings = Settings.model_validate({**PRICED, "auth": CREDENTIALS["basic"]})
    items = wire.decode_items(recorded).d.results
    found = mapping.to_sales_order(ORDER_ID, ORDER, wire.OrderRow(sales_order="1"), items, settings)
    return (1_774_310_400 * MICROS, {"501": "1000001"}), (found.expected_at, found.work_orders)


def _changed_orders(recorded: bytes) -> tuple[object, object]:
    """The head with its texts: our id from the text, because SAP shows the reference in capitals."""
    settings = Settings.model_validate({**PRICED, "auth": CREDENTIALS["basic"]})
    (row,) = wire.decode_orders(recorded).d.results
    found = list(event_mapping.to_events(row, (), settings))
    wanted = [
        ("web-000000123", "CREDIT_RELEASED", 1_772_439_330_250_000),
        ("web-000000123", None, 1_772_439_330_250_000),
    ]
    return wanted, [(one.order_id, one.kind, one.effective_at) for one in found]


def _changed_items(recorded: bytes) -> tuple[object, object]:
    """A promise, and a work order that is done."""
    settings = Settings.model_validate({**PRICED, "auth": CREDENTIALS["basic"]})
    row = wire.OrderRow(
        sales_order="1", purchase_order_by_customer="web-1", last_change_date_time="/Date(1772439330250+0000)/"
    )
    found = list(event_mapping.to_events(row, wire.decode_items(recorded).d.results, settings))
    told = [(one.kind, one.document, one.amount, [each.line_id for each in one.lines]) for one in found]
    return [
        ("CONFIRMED", None, None, []),
        ("WORK_ORDER_OPENED", "1000001", None, ["502"]),
        ("WORK_ORDER_DONE", "1000001", None, ["502"]),
    ], told


def _ours(*items: str) -> OurOrder:
    texts = {
        number: wire.Results((wire.TextRow(long_text_id="TX02", long_text=f"line: {number}"),)) for number in items
    }
    rows = {number: wire.ItemRow(sales_order_item=number, texts=texts[number]) for number in items}
    return OurOrder(ORDER_ID, "1", rows)


def _billings(recorded: bytes) -> tuple[object, object]:
    """A bill of a part, the credit memo of a return, and one that was cancelled."""
    settings = Settings.model_validate({**PRICED, "auth": CREDENTIALS["basic"]})
    found = [
        one
        for row in document_wire.decode_billings(recorded).d.results
        for one in document_mapping.billing_events(row, _placed(row), _ours("10", "20"), settings)
    ]
    told = [
        (one.kind, one.document, one.amount, [(each.line_id, each.quantity) for each in one.lines]) for one in found
    ]
    return [
        ("INVOICED", "90000001", 438_412_000, [("10", MICROS)]),
        ("REFUNDED", "95000001", 438_412_000, [("10", MICROS)]),
    ], told


def _placed(row: document_wire.BillingRow) -> list[PlacedBilling]:
    return [PlacedBilling(one, plain(one.sales_item or "")) for one in row.items.results]


def _returns(recorded: bytes) -> tuple[object, object]:
    settings = Settings.model_validate({**PRICED, "auth": CREDENTIALS["basic"]})
    (row,) = document_wire.decode_returns(recorded).d.results
    placed = [PlacedReturn(one, plain(one.reference_item or "")) for one in row.items.results]
    found = document_mapping.return_events(row, placed, _ours("10"), settings)
    told = [(one.kind, one.part, [(each.line_id, each.quantity) for each in one.lines]) for one in found]
    lines = [("10", MICROS)]
    return [("RETURN_REQUESTED", "60000001", lines), ("RETURN_RECEIVED", "60000001", lines)], told


def _reject(recorded: bytes) -> tuple[object, object]:
    error = _refused(recorded)
    assert isinstance(error, RejectedPayloadError)
    return ("V1/302", "SLS_LORD/033"), error.fields


def _lock(recorded: bytes) -> tuple[object, object]:
    error = _refused(recorded)
    assert type(error) is LockedError
    return False, "TESTUSER" in error.message


def _refused(recorded: bytes) -> Exception:
    refused = Answer(status=400, headers={}, body=recorded, took=timedelta())
    call = Call(operation="create-order", method="POST", path=path("/A_SalesOrder"), effect=True)
    return answers.creation_refusal(call, refused)


_use = partial(Use, well=_well)

CASE = ConnectorCase(
    credentials=CREDENTIALS,
    uses=(
        _use(name="create", settings=COMPANY, effect=True, run=_create, creates=True),
        _use(name="create with everything", settings=PRICED, effect=True, run=_create, creates=True),
        _use(name="find", settings=COMPANY, effect=False, run=_find),
        _use(name="find by account", settings=PRICED, effect=False, run=_find),
        _use(name="cancel", settings=COMPANY, effect=True, run=_cancel),
        _use(name="order events", settings=COMPANY, effect=False, run=_order_events),
        Use(name="products", settings=PRICED, effect=False, run=_products, well=_listed),
        _use(name="check", settings=COMPANY, effect=False, run=_check),
    ),
    signs_in=_signs_in,
    token=_token,
    conforms=_conforms,
    round_trips={
        "order.post.request.json": _order_request,
        "orders.get.response.json": _orders_page,
        "items.get.response.json": _items_page,
        "orders.changed.response.json": _changed_orders,
        "products.changed.response.json": _products_page,
        "items.changed.response.json": _changed_items,
        "billings.changed.response.json": _billings,
        "returns.changed.response.json": _returns,
        "error.reject.response.json": _reject,
        "error.lock.response.json": _lock,
    },
)
