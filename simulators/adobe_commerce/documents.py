"""Order and shipment routes, and the control route that lets a shopper place an order.

Facts: see orders.py; texts of refusals from magento/magento2 Sales/Model/ShipOrder and AdobeDocs/commerce-webapi
src/pages/rest/tutorials/orders (read, not run).
"""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated

import msgspec

from simulators.adobe_commerce.errors import MASKED_SHIPMENT, NO_SUCH_ENTITY, ApiError
from simulators.adobe_commerce.orders import (
    NotAvailableError,
    Order,
    OrderItem,
    Shipment,
    WantedShipment,
    lines_to_ship,
    shipping_source,
    summed,
)
from simulators.adobe_commerce.search import Fields
from simulators.adobe_commerce.service_input import Value
from simulators.adobe_commerce.shop import ApiRequest, Handlers, Shop, criteria_of
from simulators.core.exchange import Answer, Call, ControlRoute, Note, json_answer
from simulators.core.wire import Number, plain

REFUSED = "Shipment Document Validation Error(s):\n"

ORDER_FIELDS: Fields[Order] = {
    "entity_id": lambda order: order.id,
    "increment_id": lambda order: order.increment_id,
    "state": lambda order: order.state,
    "status": lambda order: order.status,
    "created_at": lambda order: _utc(order.created_at),
    "updated_at": lambda order: _utc(order.updated_at),
}
SHIPMENT_FIELDS: Fields[Shipment] = {
    "entity_id": lambda shipment: shipment.id,
    "increment_id": lambda shipment: shipment.increment_id,
    "order_id": lambda shipment: shipment.order_id,
    "created_at": lambda shipment: _utc(shipment.created_at),
    "updated_at": lambda shipment: _utc(shipment.created_at),
}


class LineSeed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    sku: str
    qty: Decimal


class OrderSeed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of POST /_sim/orders.  `force` places it even where too little can be sold."""

    items: Annotated[list[LineSeed], msgspec.Meta(min_length=1)]
    website: str = "base"
    increment_id: str = ""
    force: bool = False


class DocumentRoutes:
    """One lock per order: Commerce takes a row lock on the order for each document."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._locks: dict[int, asyncio.Lock] = {}

    def handlers(self) -> Handlers:
        return {
            "GET /V1/orders": _list_orders,
            "GET /V1/orders/{id}": _read_order,
            "POST /V1/orders/{id}/cancel": self._cancel,
            "POST /V1/order/{orderId}/ship": self._ship,
            "GET /V1/shipments": _list_shipments,
            "GET /V1/shipment/{id}": _read_shipment,
        }

    def control(self) -> ControlRoute:
        return ControlRoute("POST", "/_sim/orders", self._place, journal_kind="order")

    async def _place(self, call: Call, note: Note) -> Answer:
        try:
            wanted = msgspec.json.decode(call.body, type=OrderSeed)
        except msgspec.DecodeError as problem:
            return json_answer(400, {"message": str(problem)})
        if any(line.qty <= 0 for line in wanted.items):
            return json_answer(400, {"message": "qty must be above 0"})
        state = self._shop.state
        lines = [(line.sku, line.qty) for line in wanted.items]
        try:
            if not wanted.force:
                _check_salable(self._shop, wanted.website, lines)
            order = state.orders.place(
                state.inventory, wanted.website, lines, now=self._shop.clock.now(), number=wanted.increment_id
            )
        except NotAvailableError as problem:
            return json_answer(409, {"message": str(problem)})
        note.effect = True
        note.detail["entity_id"] = order.id
        return json_answer(201, show_order(order))

    async def _cancel(self, request: ApiRequest) -> object:
        order = _order(request, "id")
        async with self._locks.setdefault(order.id, asyncio.Lock()):
            state = request.shop.state
            request.note.effect = state.orders.cancel(state.inventory, order, now=request.shop.clock.now())
        return request.note.effect

    async def _ship(self, request: ApiRequest) -> object:
        order = _order(request, "orderId")
        async with self._locks.setdefault(order.id, asyncio.Lock()):
            wanted = _wanted_shipment(request, order)
            if request.shop.settings.ship_ms:
                await request.shop.clock.sleep(request.shop.settings.ship_ms / 1000)
            state = request.shop.state
            try:
                shipment = state.orders.ship(state.inventory, order, wanted, now=request.shop.clock.now())
            except NotAvailableError as problem:
                request.note.detail["hidden_cause"] = str(problem)
                raise ApiError(400, MASKED_SHIPMENT) from problem
        request.note.effect = True
        request.note.detail["shipment_id"] = shipment.id
        request.note.detail["source_code"] = shipment.source_code
        return str(shipment.id) if request.shop.settings.document_ids_as_strings else shipment.id


async def _list_orders(request: ApiRequest) -> object:
    return request.listing(
        list(request.shop.state.orders.orders.values()), criteria_of(request), ORDER_FIELDS, show_order
    )


async def _read_order(request: ApiRequest) -> object:
    return show_order(_order(request, "id"))


async def _list_shipments(request: ApiRequest) -> object:
    rows = list(request.shop.state.orders.shipments.values())
    return request.listing(rows, criteria_of(request), SHIPMENT_FIELDS, show_shipment)


async def _read_shipment(request: ApiRequest) -> object:
    shipment = request.shop.state.orders.shipments.get(request.whole("id"))
    if shipment is None:
        raise ApiError(404, NO_SUCH_ENTITY)
    return show_shipment(shipment)


def show_order(order: Order) -> dict[str, object]:
    return {
        "entity_id": order.id,
        "increment_id": order.increment_id,
        "state": order.state,
        "status": order.status,
        "created_at": _utc(order.created_at),
        "updated_at": _utc(order.updated_at),
        "customer_email": "buyer@example.com",
        "base_grand_total": 0,
        "grand_total": 0,
        "total_qty_ordered": plain(sum((item.ordered for item in order.items), Decimal(0))),
        "items": [_show_order_item(order, item) for item in order.items],
    }


def show_shipment(shipment: Shipment) -> dict[str, object]:
    return {
        "entity_id": shipment.id,
        "increment_id": shipment.increment_id,
        "order_id": shipment.order_id,
        "created_at": _utc(shipment.created_at),
        "updated_at": _utc(shipment.created_at),
        "total_qty": plain(sum((item.quantity for item in shipment.items), Decimal(0))),
        "items": [
            {
                "entity_id": item.id,
                "parent_id": shipment.id,
                "order_item_id": item.order_item_id,
                "sku": item.sku,
                "qty": plain(item.quantity),
            }
            for item in shipment.items
        ],
        "tracks": [
            {
                "entity_id": number,
                "order_id": shipment.order_id,
                "parent_id": shipment.id,
                "weight": 0,
                "qty": 0,
                "description": "",
                **track,
            }
            for number, track in enumerate(shipment.tracks, start=1)
        ],
        "comments": [
            {"entity_id": number, "parent_id": shipment.id, "is_customer_notified": 0, **comment}
            for number, comment in enumerate(shipment.comments, start=1)
        ],
        "extension_attributes": {"source_code": shipment.source_code},
    }


def _show_order_item(order: Order, item: OrderItem) -> dict[str, object]:
    return {
        "item_id": item.id,
        "order_id": order.id,
        "sku": item.sku,
        "product_type": "simple",
        "qty_ordered": plain(item.ordered),
        "qty_shipped": plain(item.shipped),
        "qty_canceled": plain(item.cancelled),
        "qty_invoiced": 0,
        "qty_refunded": 0,
    }


def _order(request: ApiRequest, parameter: str) -> Order:
    order = request.shop.state.orders.orders.get(request.whole(parameter))
    if order is None:
        raise ApiError(404, NO_SUCH_ENTITY)
    return order


def _check_salable(shop: Shop, website: str, lines: list[tuple[str, Decimal]]) -> None:
    inventory = shop.state.inventory
    stock = inventory.stock_of_website(website)
    for sku, quantity in summed(lines).items():
        rules = shop.state.rules(sku)
        unlimited = rules.backorders or not rules.manages_stock
        if stock is not None and not unlimited and inventory.salable_quantity(stock.id, sku, rules) < quantity:
            raise NotAvailableError(f"the requested quantity of {sku} is not available")


def _wanted_shipment(request: ApiRequest, order: Order) -> WantedShipment:
    """Raises ApiError as Commerce's validator does; what is asked beyond the order is silently left out."""
    if all(item.left <= 0 for item in order.items):
        raise ApiError(400, f"{REFUSED}The order does not allow a shipment to be created.")
    lines = lines_to_ship(order, _asked_quantities(request.body.get("items")))
    if not lines:
        raise ApiError(400, f"{REFUSED}You can't create a shipment without products.")
    comment = request.body.get("comment")
    return WantedShipment(
        source_code=shipping_source(request.shop.state.inventory, order, _asked_source(request.body)),
        lines=lines,
        rules={item.sku: request.shop.state.rules(item.sku) for item in order.items},
        tracks=_objects(request.body.get("tracks")),
        comments=[comment] if isinstance(comment, dict) else [],
    )


def _asked_quantities(items: Value) -> dict[int, Decimal] | None:
    wanted: dict[int, Decimal] = {}
    for item in _objects(items):
        item_id, quantity = item["order_item_id"], item["qty"]
        if isinstance(item_id, int) and isinstance(quantity, Number):
            wanted[item_id] = wanted.get(item_id, Decimal(0)) + quantity.decimal()
    return wanted or None


def _asked_source(body: Mapping[str, Value]) -> str | None:
    arguments = body.get("arguments")
    attributes = arguments.get("extension_attributes") if isinstance(arguments, dict) else None
    code = attributes.get("source_code") if isinstance(attributes, dict) else None
    return code if isinstance(code, str) else None


def _objects(value: Value) -> list[Mapping[str, Value]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _utc(at: float) -> str:
    """Commerce's times are UTC without a zone."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")
