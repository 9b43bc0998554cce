"""POST /_sim/reservations: an administrator's hand, or a fault of the shop, in the table of reservations.

Facts: magento/inventory InventoryReservationCli (read, not run): `create-compensations` appends a row with the event
`manual_compensation` and the order's number; a compensation is lost where the process dies between the document and
the reservation, or a module leaves it out (magento/inventory issue 2269).  Rows are only ever appended, so a loss is a
row that is not there: the newest compensation of the order and SKU is taken away again.
"""

from decimal import Decimal
from typing import Literal

import msgspec

from simulators.adobe_commerce.orders import Order
from simulators.adobe_commerce.shop import Shop
from simulators.core.exchange import Answer, Call, ControlRoute, Note, json_answer

MANUAL = "manual_compensation"


class Append(msgspec.Struct, frozen=True, tag_field="do", tag="append", forbid_unknown_fields=True):
    """One more row: negative deducts once more, positive is what create-compensations writes."""

    order: str
    sku: str
    quantity: Decimal
    event: Literal["order_placed", "manual_compensation"] = "manual_compensation"


class Lose(msgspec.Struct, frozen=True, tag_field="do", tag="lose", forbid_unknown_fields=True):
    """The newest compensation of the SKU by the order is lost."""

    order: str
    sku: str


def control(shop: Shop) -> ControlRoute:
    """404 for an order that is not there, 409 where nothing can be lost."""

    async def tamper(call: Call, note: Note) -> Answer:
        try:
            wanted = msgspec.json.decode(call.body, type=Append | Lose)
        except msgspec.DecodeError as problem:
            return json_answer(400, {"message": str(problem)})
        order = next((one for one in shop.state.orders.orders.values() if one.increment_id == wanted.order), None)
        if order is None:
            return json_answer(404, {"message": f"no order {wanted.order}"})
        note.effect = isinstance(wanted, Append) or _lose(shop, order, wanted.sku)
        if isinstance(wanted, Append):
            inventory = shop.state.inventory
            inventory.reserve(order.stock_id, wanted.sku, wanted.quantity, reason=wanted.event, order_id=order.id)
        if not note.effect:
            return json_answer(409, {"message": f"order {wanted.order} has no compensation of {wanted.sku}"})
        return json_answer(201, {"stock_id": order.stock_id})

    return ControlRoute("POST", "/_sim/reservations", tamper, journal_kind="reservation")


def _lose(shop: Shop, order: Order, sku: str) -> bool:
    return shop.state.inventory.lose_compensation(order.id, sku)
