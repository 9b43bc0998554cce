"""Routes of the order itself: lists, the external number, the history, hold and cancel.

Facts: magento/magento2 Sales/Model/Service/OrderService (read, not run); that a comment's status must belong to the
state, and that cancel answers 200 `false`, was measured by third parties on 2.4.8 and on Adobe's cloud service.
"""

import asyncio
from collections.abc import Mapping

from simulators.adobe_commerce.errors import NO_SUCH_ENTITY, ApiError
from simulators.adobe_commerce.order_rows import OrderItem
from simulators.adobe_commerce.order_views import show_item, show_order, show_remark, utc
from simulators.adobe_commerce.orders import DEFAULT_STATUS, DONE, HELD, Order, cancel
from simulators.adobe_commerce.search import Fields
from simulators.adobe_commerce.service_input import Value
from simulators.adobe_commerce.settings import Settings
from simulators.adobe_commerce.shop import ApiRequest, Handlers, criteria_of

NO_OP = "no-op"
"""Fault kind: the answer of a success, and nothing done."""
FOREIGN_STATUS = 'The status "%1" is not part of the order status history.'
EXTERNAL_ID_LENGTH = 32
WRITABLE = frozenset({"entity_id", "ext_order_id"})

ORDER_FIELDS: Fields[Order] = {
    "entity_id": lambda order: order.id,
    "increment_id": lambda order: order.increment_id,
    "ext_order_id": lambda order: order.ext_order_id,
    "state": lambda order: order.state,
    "status": lambda order: order.status,
    "store_id": lambda order: order.store_id,
    "customer_id": lambda order: order.placed.customer.id,
    "customer_email": lambda order: order.placed.customer.email,
    "created_at": lambda order: utc(order.created_at),
    "updated_at": lambda order: utc(order.updated_at),
}


ITEM_FIELDS: Fields[tuple[Order, OrderItem]] = {
    "item_id": lambda row: row[1].id,
    "order_id": lambda row: row[0].id,
    "sku": lambda row: row[1].sku,
    "product_type": lambda row: row[1].product_type,
    "store_id": lambda row: row[0].store_id,
    "created_at": lambda row: utc(row[0].created_at),
    "updated_at": lambda row: utc(row[0].updated_at),
}


class OrderLocks:
    """One lock per order: Commerce takes a row lock on the order for each document."""

    def __init__(self) -> None:
        self._locks: dict[int, asyncio.Lock] = {}

    def of(self, order: Order) -> asyncio.Lock:
        return self._locks.setdefault(order.id, asyncio.Lock())


class OrderRoutes:
    """What changes an order without a document."""

    def __init__(self, locks: OrderLocks) -> None:
        self._locks = locks

    def handlers(self) -> Handlers:
        return {
            "GET /V1/orders": _list_orders,
            "GET /V1/orders/items": _list_items,
            "GET /V1/orders/{id}": _read_order,
            "GET /V1/orders/{id}/statuses": _read_status,
            "GET /V1/orders/{id}/comments": _list_comments,
            "POST /V1/orders": self._save,
            "PUT /V1/orders/create": self._save,
            "POST /V1/orders/{id}/comments": self._comment,
            "POST /V1/orders/{id}/cancel": self._cancel,
            "POST /V1/orders/{id}/hold": self._hold,
            "POST /V1/orders/{id}/unhold": self._unhold,
        }

    async def _save(self, request: ApiRequest) -> object:
        """A repository save: no validation, only what is sent changes; a longer number does not fit the column."""
        entity = request.body["entity"]
        assert isinstance(entity, dict)  # the contract says so
        if entity.get("entity_id") is None or entity.keys() - WRITABLE:
            raise ApiError(501, "this simulator saves the ext_order_id of an order that is there, nothing else")
        order = order_of(request, entity["entity_id"])
        number = entity.get("ext_order_id")
        if isinstance(number, str) and len(number) > EXTERNAL_ID_LENGTH:
            raise ApiError(500, "Internal Error. Details are available in Magento log file. Report ID: webapi-0")
        async with self._locks.of(order):
            order.ext_order_id = str(number) if number is not None else order.ext_order_id
            order.updated_at = request.shop.clock.now()
            done(request, order)
        return show_order(order)

    async def _comment(self, request: ApiRequest) -> object:
        order = order_of(request, request.whole("id"))
        row = request.body["statusHistory"]
        assert isinstance(row, dict)  # the contract says so
        status = _text(row, "status") or None
        async with self._locks.of(order):
            if status is not None and status not in statuses_of(order.state, request.shop.settings):
                raise ApiError(400, FOREIGN_STATUS, [status])
            request.shop.state.orders.remark(
                order,
                _text(row, "comment"),
                status,
                notified=_flag(row, "is_customer_notified"),
                visible=_flag(row, "is_visible_on_front"),
                now=request.shop.clock.now(),
            )
            done(request, order)
        return True

    async def _cancel(self, request: ApiRequest) -> object:
        order = order_of(request, request.whole("id"))
        async with self._locks.of(order):
            if is_no_op(request):
                return True
            cancelled = cancel(request.shop.state.inventory, order, now=request.shop.clock.now())
            if cancelled:
                done(request, order)
        return cancelled

    async def _hold(self, request: ApiRequest) -> object:
        order = order_of(request, request.whole("id"))
        async with self._locks.of(order):
            if order.state in DONE | {HELD}:
                raise ApiError(400, "A hold action is not available.")
            order.held_in = order.state
            order.enter(HELD)
            order.updated_at = request.shop.clock.now()
            done(request, order)
        return True

    async def _unhold(self, request: ApiRequest) -> object:
        order = order_of(request, request.whole("id"))
        async with self._locks.of(order):
            if order.held_in is None:
                raise ApiError(400, "You cannot remove the hold.")
            order.enter(order.held_in)
            order.held_in = None
            order.updated_at = request.shop.clock.now()
            done(request, order)
        return True


def order_of(request: ApiRequest, order_id: Value) -> Order:
    """Raises ApiError 404."""
    order = request.shop.state.orders.orders.get(order_id) if isinstance(order_id, int) else None
    if order is None:
        raise ApiError(404, NO_SUCH_ENTITY)
    return order


def done(request: ApiRequest, order: Order) -> None:
    """Tells the journal what this request changed."""
    request.note.effect = True
    request.note.detail["entity_id"] = order.id


def is_no_op(request: ApiRequest) -> bool:
    return request.call.rule is not None and request.call.rule.kind == NO_OP


def statuses_of(state: str, settings: Settings) -> frozenset[str]:
    """The default status of the state and those that the merchant assigned to it."""
    own = {status for status, of_state in settings.custom_statuses.items() if of_state == state}
    return frozenset({DEFAULT_STATUS.get(state, state), *own})


async def _list_orders(request: ApiRequest) -> object:
    rows = list(request.shop.state.orders.orders.values())
    return request.listing(rows, criteria_of(request), ORDER_FIELDS, show_order)


async def _list_items(request: ApiRequest) -> object:
    """Rows of all orders."""
    rows = [(order, item) for order in request.shop.state.orders.orders.values() for item in order.items]
    return request.listing(rows, criteria_of(request), ITEM_FIELDS, lambda row: show_item(*row))


async def _read_order(request: ApiRequest) -> object:
    return show_order(order_of(request, request.whole("id")))


async def _read_status(request: ApiRequest) -> object:
    return order_of(request, request.whole("id")).status


async def _list_comments(request: ApiRequest) -> object:
    """Of an order that is not there: an empty list, as the search by parent id finds nothing."""
    order = request.shop.state.orders.orders.get(request.whole("id"))
    rows = [show_remark(order, remark) for remark in order.history] if order else []
    return {"items": rows, "search_criteria": {"filter_groups": []}, "total_count": len(rows)}


def _text(row: Mapping[str, Value], name: str) -> str:
    value = row.get(name)
    return value if isinstance(value, str) else ""


def _flag(row: Mapping[str, Value], name: str) -> int:
    value = row.get(name)
    return value if isinstance(value, int) else 0
