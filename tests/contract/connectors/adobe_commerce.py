"""Adobe Commerce for the contract suite."""

import json
from datetime import timedelta
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

import httpx
import msgspec

from connectors.adobe_commerce import answers, mapping, wire
from connectors.adobe_commerce.orders import mapping as orders
from connectors.adobe_commerce.orders import wire as order_wire
from connectors.adobe_commerce.orders.bodies import ShipBody
from connectors.core.calls import Answer, Call
from connectors.core.errors import TooManyItemsError
from connectors.core.order_ports import ShopOrderTarget
from connectors.core.paths import path
from connectors.core.ports import StockTarget
from connectors.core.registry import Ports
from connectors.core.reservation_ports import ReservationSource
from schemas.models.document import LineQuantity
from schemas.models.order_event import Track
from schemas.models.reservation import SalesStock
from schemas.models.source_item import SourceItem
from tests.contract.connectors.case import ConnectorCase, Use
from tests.contract.connectors.openapi import Contract

ROWS = (
    SourceItem("A/B-1", "default", Decimal("190.7"), in_stock=True),
    SourceItem("C,2", "default", Decimal(0), in_stock=False),
)
PAIRS = tuple(row.pair for row in ROWS)

CONTRACT = Contract(
    Path(str(files("simulators.adobe_commerce"))) / "contract.json",
    # The server keeps the fields that are not sent (CatalogInventory/Model/StockRegistry.php).
    # A repository save writes what is sent (adobe-commerce/semantics.json: narrow use of POST orders).
    partial={"catalog-inventory-data-stock-item-interface", "sales-data-order-interface"},
    # Documented for every route: AdobeDocs/commerce-webapi, rest/use-rest/retrieve-filtered-responses.md.
    extra_query={"fields"},
)

SINCE = 1_500_000_000_000_000
LINES = (LineQuantity("3", 1_500_000), LineQuantity("5", 2_000_000))
ORDER = {
    "entity_id": 3,
    "increment_id": "000000003",
    "state": "new",
    "status": "pending",
    "created_at": "2017-08-21 22:22:19",
    "updated_at": "2017-08-21 22:22:20",
    "order_currency_code": "USD",
    "items": [{"item_id": 3, "sku": "PUMP-200", "qty_ordered": 1.5}],
}

ON_PREMISES = {"base_url": "https://shop.example"}
SINGLE = {**ON_PREMISES, "single_stock": True}
CLOUD = {"base_url": "https://shop.example", "deployment": "saas", "tenant": "tenant-1"}

CREDENTIALS = {
    "oauth1": {
        "kind": "oauth1",
        "consumer_key": "canary-consumer-key",
        "consumer_secret": "canary-consumer-secret",
        "access_token": "canary-access-token",
        "access_token_secret": "canary-token-secret",
    },
    "token": {"kind": "token", "username": "sync", "password": "canary-password"},
    "ims": {"kind": "ims", "client_id": "client", "client_secret": "canary-secret", "org_id": "A@AdobeOrg"},
}


def _stock(ports: Ports) -> StockTarget:
    assert ports.stock is not None
    return ports.stock


async def _write(ports: Ports) -> None:
    await _stock(ports).write_source_items(ROWS)


async def _read(ports: Ports) -> None:
    await _stock(ports).read_source_items(PAIRS)


async def _sources(ports: Ports) -> None:
    await _stock(ports).source_codes()


async def _stocks(ports: Ports) -> None:
    await _stock(ports).stocks_of_sources()


async def _missing(ports: Ports) -> None:
    await _stock(ports).missing_skus(["A", "B,C"])


async def _check(ports: Ports) -> None:
    await _stock(ports).check()


def _orders(ports: Ports) -> ShopOrderTarget:
    assert ports.shop_orders is not None
    return ports.shop_orders


async def _read_order(ports: Ports) -> None:
    await _orders(ports).read_order("000000003")


async def _shop_order(ports: Ports) -> None:
    await _orders(ports).shop_order("000000003")


async def _changed_orders(ports: Ports) -> None:
    await _orders(ports).changed_orders(SINCE, "3")


async def _documents(ports: Ports) -> None:
    await _orders(ports).shipments("3")
    await _orders(ports).invoices("3")
    await _orders(ports).credit_memos("3")


async def _comments(ports: Ports) -> None:
    await _orders(ports).comments("3")


async def _check_orders(ports: Ports) -> None:
    await _orders(ports).check()


async def _set_external_id(ports: Ports) -> None:
    await _orders(ports).set_external_id("3", "SO-1")


async def _add_comment(ports: Ports) -> None:
    await _orders(ports).add_comment("3", reference="C-1", text="Confirmed", status="pending", notify=True)


async def _ship(ports: Ports) -> None:
    await _orders(ports).ship(
        "3", reference="D-1", lines=LINES, source_code="default", tracks=(Track(number="T-1"),), notify=True
    )


async def _invoice(ports: Ports) -> None:
    await _orders(ports).invoice("3", reference="I-1", lines=LINES, capture=True)


async def _refund(ports: Ports) -> None:
    await _orders(ports).refund("3", reference="R-1", lines=LINES)


async def _cancel(ports: Ports) -> None:
    await _orders(ports).cancel("3")


def _reservations(ports: Ports) -> ReservationSource:
    assert ports.reservations is not None
    return ports.reservations


async def _sales_stocks(ports: Ports) -> None:
    await _reservations(ports).sales_stocks()


async def _open_lines(ports: Ports) -> None:
    await _reservations(ports).open_lines("3")
    await _reservations(ports).lines_of("A/B-1", 100)


async def _salable(ports: Ports) -> None:
    stock = SalesStock(1, ("default",), ("base",))
    await _reservations(ports).salable_page(stock, "A")
    await _reservations(ports).salable(stock, ["A", "C,2"])


async def _selling(ports: Ports) -> None:
    await _reservations(ports).selling_rules("A/B-1")


def _stores(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json=[]) if "/store/" in request.url.path else _empty_list(request)


def _order_list(request: httpx.Request) -> httpx.Response:
    if request.url.path.endswith("/orders"):
        return httpx.Response(200, json={"items": [ORDER], "total_count": 1})
    return httpx.Response(200, json=ORDER)


def _made(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json="7")


def _agreed(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json=ORDER if request.method == "GET" else True)


def _saved(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json=ORDER)


def _empty_list(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={"items": [], "total_count": 0})


def _done(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json=[])


def _stock_item(request: httpx.Request) -> httpx.Response:
    if request.method == "PUT":
        return httpx.Response(200, json=7)
    return httpx.Response(200, json={"item_id": 7, "qty": 1, "is_in_stock": True})


def _signs_in(request: httpx.Request) -> bool:
    return request.url.path.endswith(("/integration/admin/token", "/ims/token/v3"))


def _token(request: httpx.Request) -> httpx.Response:
    if request.url.path.endswith("/ims/token/v3"):
        return httpx.Response(200, json={"access_token": "canary-bearer", "expires_in": 86399})
    return httpx.Response(200, json="canary-bearer")


def _conforms(request: httpx.Request) -> None:
    if request.url.host == "shop.example":
        cloud = request.url.path.startswith("/tenant-1/")
        CONTRACT.check(request, prefix="/tenant-1" if cloud else "/rest/all")


def _source_items_request(recorded: bytes) -> tuple[object, object]:
    items = [mapping.from_source_item_row(row) for row in msgspec.json.decode(recorded, type=wire.SourceItemsBody).rows]
    again = wire.encode(wire.SourceItemsBody(tuple(mapping.to_source_item_row(item) for item in items)))
    return json.loads(recorded), json.loads(again)


def _source_items_page(recorded: bytes) -> tuple[object, object]:
    items = [mapping.from_source_item_row(row) for row in wire.decode_source_items(recorded).items]
    again = [msgspec.to_builtins(mapping.to_source_item_row(item), builtin_types=(Decimal,)) for item in items]
    return json.loads(recorded, parse_float=Decimal)["items"], again


def _sources_page(recorded: bytes) -> tuple[object, object]:
    codes = [row["source_code"] for row in json.loads(recorded)["items"]]
    return codes, [row.source_code for row in wire.decode_sources(recorded).items]


def _links_page(recorded: bytes) -> tuple[object, object]:
    links = [(row["stock_id"], row["source_code"]) for row in json.loads(recorded)["items"]]
    return links, [(row.stock_id, row.source_code) for row in wire.decode_links(recorded).items]


def _error(recorded: bytes) -> tuple[object, object]:
    body = wire.decode_error(recorded)
    said = answers.interpolate(body.message, body.parameters)
    return "Invalid product data: Invalid attribute set entity type", said


def _input_limit(recorded: bytes) -> tuple[object, object]:
    refused = Answer(status=400, headers={}, body=recorded, took=timedelta())
    error = answers.refusal(Call(operation="save", method="POST", path=path("x"), effect=True), refused)
    assert isinstance(error, TooManyItemsError)
    return json.loads(recorded)["parameters"]["max"], error.maximum


def _order(recorded: bytes) -> tuple[object, object]:
    """Every amount, count and name that both have, read off the recording by hand."""
    given = json.loads(recorded, parse_float=Decimal)
    order = orders.from_order(order_wire.decode_order(recorded), source_system="commerce", channel="web")
    [row] = given["items"]
    [line] = order.lines
    shipping = given["extension_attributes"]["shipping_assignments"][0]["shipping"]
    assert order.shipping is not None
    return (
        [given["increment_id"], str(given["entity_id"]), given["status"], given["order_currency_code"]],
        [given[name] for name in ("subtotal", "shipping_amount", "tax_amount", "grand_total")],
        [str(row["item_id"]), row["sku"], row["name"], row["qty_ordered"], row["price"], row["row_total"]],
        [given["billing_address"]["street"], shipping["address"]["postcode"], shipping["method"]],
        [given["customer_email"], given["payment"]["method"]],
    ), (
        [order.number, order.entity_id, order.status, order.currency],
        [_units(amount) for amount in (order.totals.subtotal, order.totals.shipping, order.totals.tax)]
        + [_units(order.totals.grand_total)],
        [line.line_id, line.sku, line.name, _units(line.quantity), _units(line.price), _units(line.row_total)],
        [list(order.billing.street), order.shipping.postcode, order.shipping_method],
        [order.customer.email, order.payment.method],
    )


def _units(micros: int | None) -> Decimal | None:
    return None if micros is None else Decimal(micros) / 1_000_000


def _bill(recorded: bytes) -> tuple[object, object]:
    given = json.loads(recorded, parse_float=Decimal)
    bill = orders.from_bill(order_wire.decode_bill(recorded))
    rows = [(str(row["order_item_id"]), row["qty"]) for row in given["items"]]
    return (
        (str(given["entity_id"]), given["grand_total"], rows),
        (bill.internal_id, _units(bill.total), [(line.line_id, _units(line.quantity)) for line in bill.lines]),
    )


def _ship_request(recorded: bytes) -> tuple[object, object]:
    """Adobe's sample names neither a comment nor a source; rows and tracks are the same."""
    given = json.loads(recorded)
    lines = [LineQuantity(str(row["order_item_id"]), row["qty"] * 1_000_000) for row in given["items"]]
    tracks = [
        Track(number=track["track_number"], title=track["title"], carrier_code=track["carrier_code"])
        for track in given["tracks"]
    ]
    made = ShipBody(orders.to_items(lines), given["notify"], orders.to_comment("D-1"), orders.to_tracks(tracks))
    again = json.loads(wire.encode(made))
    del again["comment"]
    return given, again


CASE = ConnectorCase(
    credentials=CREDENTIALS,
    uses=(
        Use(name="write", settings=ON_PREMISES, effect=True, run=_write, well=_done),
        Use(name="read", settings=ON_PREMISES, effect=False, run=_read, well=_empty_list),
        Use(name="sources", settings=ON_PREMISES, effect=False, run=_sources, well=_empty_list),
        Use(name="stocks", settings=ON_PREMISES, effect=False, run=_stocks, well=_empty_list),
        Use(name="missing", settings=ON_PREMISES, effect=False, run=_missing, well=_empty_list),
        Use(name="check", settings=ON_PREMISES, effect=False, run=_check, well=_empty_list),
        Use(name="single read", settings=SINGLE, effect=False, run=_read, well=_stock_item),
        Use(name="single check", settings=SINGLE, effect=False, run=_check, well=_empty_list),
        Use(name="single write", settings=SINGLE, effect=True, run=_write, well=_stock_item),
        Use(name="cloud write", settings=CLOUD, effect=True, run=_write, well=_done),
        Use(name="read order", settings=ON_PREMISES, effect=False, run=_read_order, well=_order_list),
        Use(name="shop order", settings=ON_PREMISES, effect=False, run=_shop_order, well=_order_list),
        Use(name="changed orders", settings=ON_PREMISES, effect=False, run=_changed_orders, well=_order_list),
        Use(name="documents", settings=ON_PREMISES, effect=False, run=_documents, well=_empty_list),
        Use(name="comments", settings=ON_PREMISES, effect=False, run=_comments, well=_empty_list),
        Use(name="check orders", settings=ON_PREMISES, effect=False, run=_check_orders, well=_empty_list),
        Use(name="external id", settings=ON_PREMISES, effect=True, run=_set_external_id, well=_saved),
        Use(name="comment", settings=ON_PREMISES, effect=True, run=_add_comment, well=_agreed, creates=True),
        Use(name="ship", settings=ON_PREMISES, effect=True, run=_ship, well=_made, creates=True),
        Use(name="single ship", settings=SINGLE, effect=True, run=_ship, well=_made, creates=True),
        Use(name="cloud ship", settings=CLOUD, effect=True, run=_ship, well=_made, creates=True),
        Use(name="invoice", settings=ON_PREMISES, effect=True, run=_invoice, well=_made, creates=True),
        Use(name="refund", settings=ON_PREMISES, effect=True, run=_refund, well=_made, creates=True),
        Use(name="cancel", settings=ON_PREMISES, effect=True, run=_cancel, well=_agreed),
        Use(name="sales stocks", settings=ON_PREMISES, effect=False, run=_sales_stocks, well=_stores),
        Use(name="open lines", settings=ON_PREMISES, effect=False, run=_open_lines, well=_empty_list),
        Use(name="salable", settings=ON_PREMISES, effect=False, run=_salable, well=_empty_list),
        Use(name="selling rules", settings=ON_PREMISES, effect=False, run=_selling, well=_stock_item),
        Use(name="cloud read", settings=CLOUD, effect=False, run=_read, well=_empty_list),
    ),
    signs_in=_signs_in,
    token=_token,
    conforms=_conforms,
    round_trips={
        "source-items.post.request.json": _source_items_request,
        "source-items.get.response.json": _source_items_page,
        "sources.get.response.json": _sources_page,
        "stock-source-links.get.response.json": _links_page,
        "order.get.response.json": _order,
        "invoice.get.response.json": _bill,
        "order.ship.request.json": _ship_request,
        "error.400.response.json": _error,
        "error.input-limit.response.json": _input_limit,
    },
)
