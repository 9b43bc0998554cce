"""Routes of shipments, invoices and credit memos; each waits for its order's lock.

Facts: see shipments.py and billing.py; texts of refusals from magento/magento2 Sales/Model/ShipOrder, InvoiceOrder,
RefundOrder and AdobeDocs/commerce-webapi src/pages/rest/tutorials/orders (read, not run).  What fails after the
validation is answered 400 with a text that does not say why.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TypeVar

from simulators.adobe_commerce.billing import Bill, RefusedError, WantedRefund
from simulators.adobe_commerce.document_views import show_credit_memo, show_invoice, show_shipment
from simulators.adobe_commerce.errors import (
    MASKED_CREDIT_MEMO,
    MASKED_INVOICE,
    MASKED_SHIPMENT,
    NO_SUCH_ENTITY,
    ApiError,
)
from simulators.adobe_commerce.order_routes import OrderLocks, done, order_of
from simulators.adobe_commerce.order_rows import ZERO
from simulators.adobe_commerce.order_views import Shown, utc
from simulators.adobe_commerce.orders import NotAvailableError, Order
from simulators.adobe_commerce.search import Fields
from simulators.adobe_commerce.service_input import Value
from simulators.adobe_commerce.shipments import Shipment, WantedShipment, lines_to_ship, shipping_source
from simulators.adobe_commerce.shop import ApiRequest, Handler, Handlers, criteria_of
from simulators.core.wire import Number

T = TypeVar("T", Shipment, Bill)
MASKED = "masked"
"""Fault kind: the text that hides the cause; with `done` the document is there all the same."""
SHIPMENT_REFUSED = "Shipment Document Validation Error(s):\n"
INVOICE_REFUSED = "Invoice Document Validation Error(s):\n"
CREDIT_MEMO_REFUSED = "Creditmemo Document Validation Error(s):\n"

SHIPMENT_FIELDS: Fields[Shipment] = {
    "entity_id": lambda shipment: shipment.id,
    "increment_id": lambda shipment: f"{shipment.id:09d}",
    "order_id": lambda shipment: shipment.order_id,
    "created_at": lambda shipment: utc(shipment.created_at),
    "updated_at": lambda shipment: utc(shipment.created_at),
}
BILL_FIELDS: Fields[Bill] = {
    "entity_id": lambda bill: bill.id,
    "increment_id": lambda bill: f"{bill.id:09d}",
    "order_id": lambda bill: bill.order.id,
    "created_at": lambda bill: utc(bill.created_at),
    "updated_at": lambda bill: utc(bill.created_at),
}


class DocumentRoutes:
    """Every one of these makes another document when it is repeated while something is left."""

    def __init__(self, locks: OrderLocks) -> None:
        self._locks = locks

    def handlers(self) -> Handlers:
        return {
            "POST /V1/order/{orderId}/ship": self._ship,
            "POST /V1/order/{orderId}/invoice": self._invoice,
            "POST /V1/order/{orderId}/refund": self._refund,
            "GET /V1/shipments": _lists(_shipments, SHIPMENT_FIELDS, show_shipment),
            "GET /V1/shipment/{id}": _reads(_shipments, show_shipment),
            "GET /V1/invoices": _lists(_invoices, BILL_FIELDS, show_invoice),
            "GET /V1/invoices/{id}": _reads(_invoices, show_invoice),
            "GET /V1/creditmemos": _lists(_credit_memos, BILL_FIELDS, show_credit_memo),
            "GET /V1/creditmemo/{id}": _reads(_credit_memos, show_credit_memo),
        }

    async def _ship(self, request: ApiRequest) -> object:
        order = order_of(request, request.whole("orderId"))
        async with self._locks.of(order):
            wanted = _wanted_shipment(request, order)
            if request.shop.settings.ship_ms:
                await request.shop.clock.sleep(request.shop.settings.ship_ms / 1000)
            state = request.shop.state

            def ship() -> Shipment:
                try:
                    return state.shipments.ship(state.inventory, order, wanted, now=request.shop.clock.now())
                except NotAvailableError as problem:
                    request.note.detail["hidden_cause"] = str(problem)
                    raise ApiError(400, MASKED_SHIPMENT) from problem

            shipment = _made(request, order, "shipment_id", MASKED_SHIPMENT, ship)
        request.note.detail["source_code"] = shipment.source_code
        return _shown_id(request, shipment.id)

    async def _invoice(self, request: ApiRequest) -> object:
        order = order_of(request, request.whole("orderId"))
        async with self._locks.of(order):

            def invoice() -> Bill:
                try:
                    return request.shop.state.bills.invoice(
                        order, _quantities(request), _comment(request), now=request.shop.clock.now()
                    )
                except RefusedError as problem:
                    raise ApiError(400, f"{INVOICE_REFUSED}{problem}") from problem

            return _shown_id(request, _made(request, order, "invoice_id", MASKED_INVOICE, invoice).id)

    async def _refund(self, request: ApiRequest) -> object:
        order = order_of(request, request.whole("orderId"))
        state = request.shop.state
        async with self._locks.of(order):
            wanted = _wanted_refund(request, order)

            def refund() -> Bill:
                try:
                    return state.bills.refund(
                        state.inventory, order, wanted, _comment(request), now=request.shop.clock.now()
                    )
                except RefusedError as problem:
                    raise ApiError(400, f"{CREDIT_MEMO_REFUSED}{problem}") from problem

            return _shown_id(request, _made(request, order, "creditmemo_id", MASKED_CREDIT_MEMO, refund).id)


def _made(request: ApiRequest, order: Order, name: str, hidden: str, make: Callable[[], T]) -> T:
    """The document, unless a fault hides what happens."""
    rule = request.call.rule
    is_hidden = rule is not None and rule.kind == MASKED
    if rule is not None and is_hidden and not rule.options.get("done"):
        raise ApiError(400, hidden)
    document = make()
    done(request, order)
    request.note.detail[name] = document.id
    if is_hidden:
        raise ApiError(400, hidden)
    return document


def _shown_id(request: ApiRequest, number: int) -> object:
    return str(number) if request.shop.settings.document_ids_as_strings else number


def _shipments(request: ApiRequest) -> Mapping[int, Shipment]:
    return request.shop.state.shipments.shipments


def _invoices(request: ApiRequest) -> Mapping[int, Bill]:
    return request.shop.state.bills.invoices


def _credit_memos(request: ApiRequest) -> Mapping[int, Bill]:
    return request.shop.state.bills.credit_memos


def _lists(rows: Callable[[ApiRequest], Mapping[int, T]], fields: Fields[T], show: Callable[[T], Shown]) -> Handler:
    async def read(request: ApiRequest) -> object:
        return request.listing(list(rows(request).values()), criteria_of(request), fields, show)

    return read


def _reads(rows: Callable[[ApiRequest], Mapping[int, T]], show: Callable[[T], Shown]) -> Handler:
    async def read(request: ApiRequest) -> object:
        found = rows(request).get(request.whole("id"))
        if found is None:
            raise ApiError(404, NO_SUCH_ENTITY)
        return show(found)

    return read


def _wanted_shipment(request: ApiRequest, order: Order) -> WantedShipment:
    """Raises ApiError as Commerce's validator does; what is asked beyond the order is silently left out."""
    if not order.can_ship:
        raise ApiError(400, f"{SHIPMENT_REFUSED}The order does not allow a shipment to be created.")
    lines = lines_to_ship(order, _quantities(request))
    if not lines:
        raise ApiError(400, f"{SHIPMENT_REFUSED}You can't create a shipment without products.")
    asked = _extension(request, "source_code")
    return WantedShipment(
        source_code=shipping_source(request.shop.state.inventory, order, asked if isinstance(asked, str) else None),
        lines=lines,
        rules={item.sku: request.shop.state.rules(item.sku) for item in order.items},
        tracks=_objects(request.body.get("tracks")),
        comments=_comment(request),
    )


def _wanted_refund(request: ApiRequest, order: Order) -> WantedRefund:
    arguments = request.body.get("arguments")
    stated = arguments if isinstance(arguments, dict) else {}
    back = _extension(request, "return_to_stock_items")
    sources = [one.source_code for one in request.shop.state.shipments.shipments.values() if one.order_id == order.id]
    return WantedRefund(
        asked=_quantities(request),
        shipping=_amount(stated.get("shipping_amount")),
        adjustment=(_amount(stated.get("adjustment_positive")) or ZERO)
        - (_amount(stated.get("adjustment_negative")) or ZERO),
        back_to_stock=frozenset(one for one in back if isinstance(one, int)) if isinstance(back, list) else frozenset(),
        source_code=sources[-1] if sources else None,
    )


def _quantities(request: ApiRequest) -> dict[int, Decimal] | None:
    """None where no rows are named: then it is about everything."""
    wanted: dict[int, Decimal] = {}
    for item in _objects(request.body.get("items")):
        item_id, quantity = item["order_item_id"], item["qty"]
        if isinstance(item_id, int) and isinstance(quantity, Number):
            wanted[item_id] = wanted.get(item_id, ZERO) + quantity.decimal()
    return wanted or None


def _extension(request: ApiRequest, name: str) -> Value:
    arguments = request.body.get("arguments")
    attributes = arguments.get("extension_attributes") if isinstance(arguments, dict) else None
    return attributes.get(name) if isinstance(attributes, dict) else None


def _comment(request: ApiRequest) -> list[Mapping[str, object]]:
    comment = request.body.get("comment")
    return [comment] if isinstance(comment, dict) else []


def _amount(value: Value) -> Decimal | None:
    return value.decimal() if isinstance(value, Number) else None


def _objects(value: Value) -> list[Mapping[str, Value]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
