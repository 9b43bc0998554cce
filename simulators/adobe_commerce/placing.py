"""POST /_sim/orders: a shopper places an order, as the storefront would."""

from collections.abc import Callable
from decimal import Decimal

import msgspec

from simulators.adobe_commerce.order_parts import LineSeed, OrderSeed
from simulators.adobe_commerce.order_views import show_order
from simulators.adobe_commerce.orders import NotAvailableError, summed
from simulators.adobe_commerce.shop import Shop
from simulators.core.exchange import Answer, Call, ControlRoute, Note, json_answer


def control(shop: Shop, told: Callable[[Note], None]) -> ControlRoute:
    """`told` hears of every order that was placed."""

    async def place(call: Call, note: Note) -> Answer:
        answer = _place(shop, call, note)
        told(note)
        return answer

    return ControlRoute("POST", "/_sim/orders", place, journal_kind="order")


def _place(shop: Shop, call: Call, note: Note) -> Answer:
    try:
        wanted = msgspec.json.decode(call.body, type=OrderSeed)
    except msgspec.DecodeError as problem:
        return json_answer(400, {"message": str(problem)})
    lines = [line for top in wanted.items for line in (top, *top.children)]
    if any(line.qty <= 0 for line in lines):
        return json_answer(400, {"message": "qty must be above 0"})
    if any(child.children for top in wanted.items for child in top.children):
        return json_answer(400, {"message": "a child has no children"})
    prices = {sku: product.price for sku, product in shop.state.products.items()}
    try:
        if not wanted.force:
            _check_salable(shop, wanted)
        order = shop.state.orders.place(shop.state.inventory, wanted, prices, now=shop.clock.now())
    except NotAvailableError as problem:
        return json_answer(409, {"message": str(problem)})
    note.effect = True
    note.detail["entity_id"] = order.id
    return json_answer(201, show_order(order))


def _check_salable(shop: Shop, wanted: OrderSeed) -> None:
    """Raises NotAvailableError."""
    inventory = shop.state.inventory
    stock = inventory.stock_of_website(wanted.website)
    for sku, quantity in summed(row for line in wanted.items for row in _goods(line)).items():
        rules = shop.state.rules(sku)
        unlimited = rules.backorders or not rules.manages_stock
        if stock is not None and not unlimited and inventory.salable_quantity(stock.id, sku, rules) < quantity:
            raise NotAvailableError(f"the requested quantity of {sku} is not available")


def _goods(line: LineSeed) -> list[tuple[str, Decimal]]:
    """What has stock: a parent's children instead of the parent."""
    return [(child.sku, child.qty * line.qty) for child in line.children] or [(line.sku, line.qty)]
